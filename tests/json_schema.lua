--- A validator for the part of JSON schema (draft 2020-12) that ours are written in.  Any other keyword
--- is an error: a schema must not pass by being misread.

local core = require "vise.core"

local M = {}

local DRAFT = "https://json-schema.org/draft/2020-12/schema"

local is = {
  object = function(v) return type(v) == "table" and (next(v) == nil or type(next(v)) == "string") end,
  array = function(v) return type(v) == "table" and (next(v) == nil or math.type(next(v)) == "integer") end,
  string = function(v) return type(v) == "string" end,
  number = function(v) return type(v) == "number" end,
  integer = function(v) return math.type(v) == "integer" or type(v) == "number" and v % 1 == 0 end,
  boolean = function(v) return type(v) == "boolean" end,
  null = function(v) return v == core.null end,
}

-- Extended regular expressions are grep's.
local matched = {}
local function matches(text, pattern)
  local key = pattern .. "\0" .. text
  if matched[key] == nil then
    local quoted = text:gsub("'", "'\\''")
    matched[key] = os.execute(("printf %%s '%s' | LC_ALL=C grep -Eq '%s'"):format(quoted, pattern)) == true
  end
  return matched[key]
end

local problem
local root -- the whole schema, where "$ref" looks

local function in_any(schemas, value, at)
  local problems = {}
  for i, schema in ipairs(schemas) do
    problems[i] = problem(schema, value, at)
    if not problems[i] then return nil end
  end
  return table.concat(problems, "; or ")
end

local keywords = {
  ["$schema"] = function(name) return name ~= DRAFT and "follows another draft" end,
  -- Of a schema itself no more is looked at than what it says it is.
  ["$ref"] = function(name, value, at)
    if not name:find "^#/" then return value["$schema"] ~= name and "is no schema of that draft" end
    local schema = root
    for step in name:gmatch "[^#/]+" do schema = assert(schema[step], "no " .. name) end
    return problem(schema, value, at)
  end,
  ["$defs"] = function() end, title = function() end, description = function() end, default = function() end,
  minimum = function(least, value) return is.number(value) and value < least and "is too small" end,
  maximum = function(most, value) return is.number(value) and value > most and "is too large" end,
  exclusiveMinimum = function(least, value) return is.number(value) and value <= least and "is too small" end,
  minLength = function(least, value) return is.string(value) and utf8.len(value) < least and "is too short" end,
  pattern = function(of, value) return is.string(value) and not matches(value, of) and "does not match" end,
  propertyNames = function(schema, value, at)
    if not is.object(value) then return nil end
    for name in pairs(value) do
      local found = problem(schema, name, at .. "." .. name)
      if found then return found end
    end
  end,
  prefixItems = function(schemas, value, at)
    for i, schema in ipairs(schemas) do
      local found = value[i] ~= nil and problem(schema, value[i], ("%s[%d]"):format(at, i))
      if found then return found end
    end
  end,
  minItems = function(least, value) return is.array(value) and #value < least and "has too few items" end,
  maxItems = function(most, value) return is.array(value) and #value > most and "has too many items" end,
  type = function(name, value) return not is[name](value) and "is no " .. name end,
  const = function(wanted, value) return value ~= wanted and ("is not %s"):format(tostring(wanted)) end,
  enum = function(list, value)
    for _, entry in ipairs(list) do
      if entry == value then return nil end
    end
    return "is not one of its choices"
  end,
  anyOf = in_any,
  items = function(schema, value, at, whole)
    for i = #(whole.prefixItems or {}) + 1, #value do
      if not schema then return "has too many items" end
      local found = problem(schema, value[i], ("%s[%d]"):format(at, i))
      if found then return found end
    end
  end,
  required = function(names, value)
    for _, name in ipairs(names) do
      if value[name] == nil then return ("has no '%s'"):format(name) end
    end
  end,
  properties = function(schemas, value, at)
    for name, schema in pairs(schemas) do
      local found = value[name] ~= nil and problem(schema, value[name], at .. "." .. name)
      if found then return found end
    end
  end,
  additionalProperties = function(schema, value, at, whole)
    for name, v in pairs(value) do
      if not (whole.properties and whole.properties[name]) then
        if not schema then return ("has '%s', which the schema does not know"):format(name) end
        local found = problem(schema, v, at .. "." .. name)
        if found then return found end
      end
    end
  end,
}

-- What is wrong with a value; the type first, since the rest takes it for granted.
function problem(schema, value, at)
  if schema.type then
    local found = keywords.type(schema.type, value)
    if found then return ("%s %s"):format(at, found) end
  end
  for name, what in pairs(schema) do
    local found = assert(keywords[name], "no keyword " .. name)(what, value, at, schema)
    if found then return found:find "^%$" and found or ("%s %s"):format(at, found) end
  end
  return nil
end

--- What is wrong with a value of JSON, nil if it conforms.
---@param schema table
---@param value any
---@return string?
function M.problem(schema, value)
  root = schema
  return problem(schema, value, "$")
end

return M
