--- params.json: the values that a run's parameters had, with the model and data as they were named.
---
---   { "schema": 1, "params": { ... }, "model": "models/dit", "variant": "fp16", "data": [ ... ] }
---
--- In a package the values stand for the header's defaults, and model and data for --model and --data.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

---@class vise.Resolved
---@field params table<string, any>
---@field model? string
---@field variant? string
---@field data string[]

--- Values of parameters as data for JSON: lists stay lists when they are empty.
---@param values table<string, any>
---@param specs table<string, vise.RecipeParam>
---@return table<string, any>
function M.plain(values, specs)
  local params = {}
  for name, value in pairs(values) do
    local list = type(value) == "table" and (specs[name] == nil or specs[name].type ~= "map")
    params[name] = list and core.array(table.move(value, 1, #value, 1, {})) or value
  end
  return params
end

--- The text of params.json.
---@param resolved vise.Resolved
---@param specs table<string, vise.RecipeParam>
---@return string
function M.text(resolved, specs)
  local params = M.plain(resolved.params, specs)
  return assert(core.json_encode({ schema = 1, params = params, model = resolved.model, variant = resolved.variant,
    data = core.array(table.move(resolved.data, 1, #resolved.data, 1, {})) }, 2)) .. "\n"
end

local function is_object(v)
  return type(v) == "table" and getmetatable(v) == nil
end

local function is_text(v)
  return v == nil or type(v) == "string" and v ~= "" and not v:find "\0"
end

--- Reads the params.json of a package.
---@param folder string
---@return vise.Resolved? resolved  Empty where there is none.
---@return string? message
---@return string? id
function M.read(folder)
  local path = folder .. "/params.json"
  if not core.disk.exists(path) then return { params = {}, data = {} } end
  local text, message, id = core.disk.read(path, 1 << 20)
  if not text then return nil, message, id end
  local found
  found, message = core.json_decode(text, path)
  if found == nil then return nil, message, "E-PK-10" end
  if not is_object(found) or found.schema ~= 1 or not is_object(found.params) then
    return fail.fail("E-PK-10", "%s: expected schema 1 and an object of params", core.escape(path))
  end
  local fits = is_text(found.model) and is_text(found.variant) and (found.data == nil or type(found.data) == "table")
  for _, name in ipairs(fits and found.data or {}) do fits = fits and type(name) == "string" and is_text(name) end
  if not fits then
    return fail.fail("E-PK-10", "%s: model and variant must be text, data a list of it", core.escape(path))
  end
  return { params = found.params, model = found.model, variant = found.variant, data = found.data or {} }
end

return M
