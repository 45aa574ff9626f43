--- The parameters of a recipe: described in its header, given as texts with -p, checked before anything
--- runs.

local fail = require "vise.fail"
local param_spec = require "vise.recipe.param_spec"
local param_types = require "vise.recipe.param_types"
local shape = require "vise.recipe.shape"
local sweep = require "vise.recipe.sweep"

local M = {
  fields = param_spec.fields, problem = param_spec.problem, partial_problem = param_spec.partial_problem,
  points = sweep.points,
}

local expected, item_spec = param_spec.expected, param_spec.item_spec

--- The values of a recipe's parameters, where a sweep makes no sense.
---@param specs table<string, vise.RecipeParam>
---@param given (string|{ [1]: string, [2]: string })[]
---@return table<string, any>? values
---@return string? message
---@return string? id
function M.values(specs, given)
  local points, message, id = M.points(specs, given)
  if not points then return nil, message, id end
  if #points > 1 then
    return fail.fail("E-RC-05", "parameter %s: several values are a sweep, and here is one run; a comma that is part "
      .. "of a text stands in double quotes", points[1].label:match "^[^=]*")
  end
  return points[1].values
end

--- The values as far as they are known: without the parameters that must still be given.
---@param specs table<string, vise.RecipeParam>
---@param given { [1]: string, [2]: string }[]
---@return table<string, any>? values
---@return string? message
---@return string? id
function M.defaults(specs, given)
  local known, named = {}, {}
  for _, pair in ipairs(given) do named[pair[1]:match "[%a_][%w_]*" or ""] = true end
  for name, spec in pairs(specs) do
    if not spec.required or named[name] then known[name] = spec end
  end
  return M.values(known, given)
end

--- A value as a person would give it.
---@param spec vise.RecipeParam
---@param value any
---@return string
function M.show(spec, value)
  if type(value) ~= "table" then return param_types.show(param_types.is_scalar(spec.type) and spec.type or "string",
    value) end
  local item, words = item_spec(spec) or spec, {}
  for _, key in ipairs(shape.keys(value)) do
    local word = M.show(item, value[key])
    words[#words + 1] = type(key) == "number" and word or ("%s=%s"):format(shape.shown(key), word)
  end
  return table.concat(words, ",")
end

--- Whether a value is the one that the header gives.
---@param spec vise.RecipeParam
---@param value any
---@return boolean
function M.is_default(spec, value)
  spec = param_spec.prepare(spec)
  return spec.default ~= nil and M.show(spec, value) == M.show(spec, spec.default)
end

--- What a parameter may be, in words.
---@param spec vise.RecipeParam
---@return string
function M.words(spec)
  return expected(param_spec.prepare(spec))
end

--- The parameters as rows for people: name, type, default, help.
---@param specs table<string, vise.RecipeParam>
---@return string[][]
function M.rows(specs)
  local rows = {}
  for i, name in ipairs(shape.keys(specs)) do
    local spec = param_spec.prepare(specs[name])
    local default = spec.required and "needed" or "default " .. M.show(spec, spec.default)
    rows[i] = { name, expected(spec), default == "default " and "default none" or default, spec.help }
  end
  return rows
end

--- The types of parameters, for references.
---@return { name: string, help: string }[]
function M.describe_types()
  local list = {}
  for i, name in ipairs(param_spec.type_names) do
    list[i] = { name = name, help = (param_types.types[name] or param_types.compound[name]).help }
  end
  return list
end

return M
