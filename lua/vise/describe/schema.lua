--- The JSON schema (draft 2020-12) of a configuration as JSON: what vise.config { from = file } reads and
--- what a manifest holds.  Made of the fields' types, bounds and defaults.

local core = require "vise.core"
local describe = require "vise.describe"
local quant_types = require "vise.quant_types"
local types = require "vise.describe.types"

local M = {}

local PLAIN = { string = "string", boolean = "boolean", integer = "integer", number = "number", table = "object" }

local of_type

-- Of a union what JSON can hold; nil if that is nothing.
local function any_of(trees, defs)
  local list, words = core.array {}, core.array {}
  for _, tree in ipairs(trees) do
    if tree.kind == "literal" and type(tree.value) == "string" then
      words[#words + 1] = tree.value
    else
      list[#list + 1] = of_type(tree, defs)
    end
  end
  if #words > 0 then table.insert(list, 1, { enum = words }) end
  return #list > 1 and { anyOf = list } or list[1]
end

local function tuple(tree, defs)
  local items, needed = core.array {}, 0
  for i, of in ipairs(tree) do
    items[i] = of_type(of, defs)
    if of.kind ~= "optional" then needed = i end
  end
  return { type = "array", prefixItems = items, minItems = needed, maxItems = #items, items = false }
end

local function object(tree, defs)
  local properties, required = {}, core.array {}
  for _, field in ipairs(tree.fields) do
    properties[field[1]] = of_type(field[2], defs)
    if not field.optional then required[#required + 1] = field[1] end
  end
  return { type = "object", properties = properties, required = required, additionalProperties = false }
end

-- A schema that stands below $defs, made once.
local function defined(name, defs, make)
  if not defs[name] then
    defs[name] = {}
    defs[name] = make()
  end
  return { ["$ref"] = "#/$defs/" .. name }
end

local function by_name(tree, defs)
  local name = tree.name
  if name == "table" and #tree == 2 then return { type = "object", additionalProperties = of_type(tree[2], defs) } end
  if PLAIN[name] then return { type = PLAIN[name] } end
  if name == "any" then return {} end
  local found = assert(describe.type_named(name), "no type " .. name)
  if name == "vise.QuantTypeName" then return defined("quant_type", defs, M.quant_type) end
  if name == "vise.ConfigFields" then return defined("component", defs, function() return M.fields(found, defs) end) end
  if found.schema then
    return defined(name:match "[^.]*$", defs, function() return of_type(types.parse(found.schema), defs) end)
  end
  if found.type then return of_type(types.parse(found.type), defs) end
  if found.functions and #found.functions > 0 then return nil end -- an object of a class
  return M.fields(found, defs)
end

local kinds = {
  array = function(tree, defs) return { type = "array", items = of_type(tree.of, defs) } end,
  fun = function() return nil end,
  literal = function(tree) return { const = tree.value } end,
  name = by_name,
  optional = function(tree, defs) return of_type(tree.of, defs) end,
  table = object,
  tuple = tuple,
  union = any_of,
}

function of_type(tree, defs)
  return kinds[tree.kind](tree, defs)
end

-- The schema of a described value; nil for what JSON cannot hold.
local function of_value(value, defs)
  local schema
  if value.choices then
    schema = { enum = core.array(table.move(value.choices, 1, #value.choices, 1, {})) }
  elseif value.fields then
    schema = M.fields(value, defs)
  else
    schema = of_type(types.parse(value[2]), defs)
    if not schema then return nil end
  end
  local out = { description = value[3], minimum = value.min, maximum = value.max, exclusiveMinimum = value.above,
    minLength = value.filled and 1 or nil }
  for key, of in pairs(schema) do out[key] = of end
  if value.default ~= nil then out.default = type(value.default) == "table" and core.array {} or value.default end
  return out
end

--- The schema of a table of described fields: no others may be there.
---@param record vise.Record|vise.Value|vise.Reference
---@param defs table<string, table>
---@return table
function M.fields(record, defs)
  local properties = {}
  for _, field in ipairs(record.fields) do
    if field[1] ~= "from" and not (field[1] == "components" and defs.component) then
      properties[field[1]] = of_value(field, defs)
    end
  end
  return { type = "object", properties = properties, additionalProperties = false }
end

--- The schema of a quant type's name: the forms, and those with another rank.
---@return table
function M.quant_type()
  local names, groups = core.array {}, { 16, 32, 64, 128, 256 }
  for _, form in ipairs(quant_types.forms) do
    if not form:find "_g%d" and not form:find "^svdq" then names[#names + 1] = form end
  end
  for _, family in ipairs { "int2_weight_only", "int3_weight_only", "int4_weight_only", "w4a8" } do
    for _, group in ipairs(groups) do names[#names + 1] = ("%s_g%d"):format(family, group) end
  end
  return { anyOf = core.array { { enum = names },
    { type = "string", pattern = "^svdq_(int4|nvfp4)_r[0-9]{1,5}(_dq)?$" } } }
end

--- The schema of a configuration.
---@return table
function M.make()
  local defs = {}
  local fields = describe.type_named "vise.ConfigFields"
  local schema = M.fields(fields, defs)
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
  schema.title = "vise configuration"
  schema.description = fields.summary .. "; a pipeline's quant_type may be given by its components"
  schema.properties.components.propertyNames = { pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" }
  schema.anyOf = core.array { { required = core.array { "quant_type" } }, { required = core.array { "components" } } }
  schema["$defs"] = defs
  return schema
end

return M
