--- The parameters of a recipe as a JSON schema, for editors and forms.

local core = require "vise.core"
local param_spec = require "vise.recipe.param_spec"
local param_types = require "vise.recipe.param_types"
local shape = require "vise.recipe.shape"

local M = {}

-- The schema of one value.
local function schema_of(spec)
  local item, out = param_spec.item_spec(spec), {}
  if spec.type == "map" then return { type = "object", additionalProperties = schema_of(item) } end
  if item then return { type = "array", items = schema_of(item) } end
  for key, value in pairs(param_types.types[spec.type].schema) do out[key] = value end
  out.minimum, out.maximum, out.enum = spec.min or out.minimum, spec.max, spec.choices
  if spec.step and (spec.min or 0) % spec.step == 0 then out.multipleOf = spec.step end
  return out
end

--- The JSON schema of a recipe's parameters.
---@param recipe vise.Recipe
---@return table
function M.of(recipe)
  local properties, required = {}, core.array {}
  for _, name in ipairs(shape.keys(recipe.header.params or {})) do
    local spec = param_spec.prepare(recipe.header.params[name])
    local schema = schema_of(spec)
    schema.default = spec.default
    if type(spec.default) == "table" and spec.type ~= "map" then schema.default = core.array(spec.default) end
    schema.description = spec.unit and ("%s (%s)"):format(spec.help, spec.unit) or spec.help
    schema["x-type"], schema["x-affects"], schema["x-when"] = spec.type, spec.affects or "result", spec.when
    schema["x-advanced"] = spec.advanced
    properties[name] = schema
    if spec.required then required[#required + 1] = name end
  end
  return { schema = 1, ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
    title = recipe.header.name .. " parameters",
    description = recipe.header.summary, type = "object", properties = properties, required = required,
    additionalProperties = false }
end

return M
