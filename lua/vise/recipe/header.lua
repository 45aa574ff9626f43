--- A recipe's header: read from its file, checked field by field, described for people and programs.

local fail = require "vise.fail"
local fields = require "vise.recipe.header_fields"
local literals = require "vise.recipe.literals"
local params = require "vise.recipe.params"
local shape = require "vise.recipe.shape"

local M = {}

--- The version of the interface between recipes and this build: header, job, public module.
M.API = 1

local HEADER = shape.record("one table", fields.fields)

-- The part of a problem's text that names a place in the header: "params.bits".
local function place_of(problem)
  return problem:match "^unknown field '([%w_]+)'" or problem:match "^[%a_][%w_.%[%]]*" or ""
end

-- "header.lua:12": the line of the innermost place that is known.
local function located(where, line_of, problem)
  local place = place_of(problem)
  while line_of and place ~= "" do
    local line = line_of(place)
    if line then return ("%s:%d"):format(where, line) end
    place = place:match "^(.*)[.%[]" or ""
  end
  return where
end

local function asset_problem(header)
  for i, name in ipairs(header.assets or {}) do
    if ("/" .. name .. "/"):find("/%.%.?/") then
      return ("assets[%d] must be a name inside the package, without .."):format(i)
    end
  end
end

local function expectation_problem(header)
  for i, e in ipairs(header.expects or {}) do
    if not e.at_least and not e.at_most and not e.value then
      return ("expects[%d] must have at_least, at_most, or value with tol"):format(i)
    end
    if (e.value == nil) ~= (e.tol == nil) or e.tol and e.tol < 0 then
      return ("expects[%d] must have value and tol together, tol not below 0"):format(i)
    end
  end
end

-- The parameters as far as they can be checked alone: those of a recipe that extends another may leave
-- out what they inherit.
local function params_problem(header)
  for _, name in ipairs(shape.keys(header.params or {})) do
    local spec = header.params[name]
    local problem = header.extends and params.partial_problem(name, spec)
    if not header.extends then problem = params.problem(name, spec, header.params) end
    if problem then return "params." .. problem end
  end
end

--- Checks a header's fields and their types.
---@param header table
---@param where string                               For messages: the file's name.
---@param line_of? fun(place: string): integer?  The lines of its places.
---@return true? ok
---@return string? message
---@return string? id
function M.check(header, where, line_of)
  local problem = shape.problem(HEADER, header, "") or params_problem(header) or expectation_problem(header)
    or asset_problem(header)
  if problem then return fail.fail("E-RC-03", "%s: %s", located(where, line_of, problem), problem) end
  return true
end

--- Reads and checks the text of a header.
---@param source string
---@param where string
---@return table? header
---@return string? message
---@return string? id
function M.read(source, where)
  local header, line_of, id = literals.parse(source, where)
  if not header then return nil, line_of, id end
  local ok, message
  ok, message, id = M.check(header, where, line_of)
  if not ok then return nil, message, id end
  for _, e in ipairs(header.expects or {}) do
    if e.value then
      e.at_least, e.at_most = e.at_least or e.value - e.tol, e.at_most or e.value + e.tol
    end
  end
  return header
end

local function described(list)
  local rows = {}
  for i, field in ipairs(list) do
    rows[i] = { name = field.name, type = field.shape.words, help = field.help, required = field.required or false,
      fields = field.shape.fields and described(field.shape.fields) or nil }
  end
  return rows
end

--- The fields of a header and of a parameter, for references and manual pages.
---@return { fields: table[], params: table[], types: table[] }
function M.describe()
  return { fields = described(fields.fields), params = described(params.fields), types = params.describe_types() }
end

--- The JSON schema of a header that was read.
---@return table
function M.schema()
  local schema = {}
  for key, value in pairs(HEADER.schema) do schema[key] = value end
  schema["$schema"], schema.title = "https://json-schema.org/draft/2020-12/schema", "the header of a vise recipe"
  return schema
end

return M
