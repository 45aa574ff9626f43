--- Reads what a family needs from a decoded config.json, against a list of fields: wrong types and
--- values out of range are found here, before any tensor is looked at.

local core = require "vise.core"
local suggest = require "vise.suggest"

local M = {}

---@class vise.ConfigField
---@field [1] string     The key in config.json.
---@field [2] "integer"|"number"|"boolean"|"string"
---@field min? number    Smallest and largest value of a number.
---@field max? number
---@field one_of? any[]  The values this program can compute.
---@field default? any   Used when the key is absent or null; without one the key has to be there.
---@field optional? boolean  May be absent, and then is nil.

--- The largest size that a field can have: whatever passes it can be multiplied without overflow.
M.MAX_SIZE = 1 << 20

local function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  return type(value) == "table" and "a list or object" or tostring(value)
end

local function keys_of(config)
  local keys = {}
  for key in pairs(config) do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

local function range(field)
  if not field.min then return "" end
  local max = field.max and (" to %s"):format(field.max) or " up"
  return (" from %s%s"):format(field.min, max)
end

local function in_range(field, value)
  return (not field.min or value >= field.min) and (not field.max or value <= field.max)
end

local function list(values)
  local shown = {}
  for i, value in ipairs(values) do shown[i] = show(value) end
  return table.concat(shown, ", ")
end

-- The value as its kind, nil if it is of another.
local function of_kind(kind, value)
  if kind == "integer" then return type(value) == "number" and math.tointeger(value) or nil end
  if type(value) == kind then return value end
end

local articles = {
  integer = "an integer", number = "a number", boolean = "true or false", string = "a string",
}

local function one_of(field, value)
  for _, allowed in ipairs(field.one_of) do
    if allowed == value then return true end
  end
  return false
end

local function missing(config, field)
  return ("%q is missing%s"):format(field[1], suggest.hint(field[1], keys_of(config))), "E-MD-03"
end

local function read(config, field, elsewhere)
  local found = elsewhere and elsewhere[field[1]] or config[field[1]]
  if found == nil or found == core.null then
    if field.default ~= nil or field.optional then return field.default end
    return nil, missing(config, field)
  end
  local value = of_kind(field[2], found)
  if value == nil or type(value) == "number" and not in_range(field, value) then
    return nil, ("%q is %s, expected %s%s"):format(field[1], show(found), articles[field[2]], range(field)),
      "E-MD-04"
  end
  if field.one_of and not one_of(field, value) then
    return nil, ("%q is %s, this program computes %s"):format(field[1], show(value), list(field.one_of)),
      "E-MD-05"
  end
  return value
end

--- Reads the fields of a family.
---@param config table   config.json, decoded
---@param fields vise.ConfigField[]
---@param path string    Named in messages.
---@param elsewhere? table<string, any>  Values of fields that the config has in other places.
---@return table<string, any>? values
---@return string? message
---@return string? id
function M.read(config, fields, path, elsewhere)
  local values = {}
  for _, field in ipairs(fields) do
    local value, message, id = read(config, field, elsewhere)
    if message then return nil, ("%s: %s"):format(path, message), id end
    values[field[1]] = value
  end
  return values
end

return M
