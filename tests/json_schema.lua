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

local problem

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
  ["$ref"] = function(name, value) return value["$schema"] ~= name and "is no schema of that draft" end,
  title = function() end, description = function() end,
  type = function(name, value) return not is[name](value) and "is no " .. name end,
  const = function(wanted, value) return value ~= wanted and ("is not %s"):format(tostring(wanted)) end,
  enum = function(list, value)
    for _, entry in ipairs(list) do
      if entry == value then return nil end
    end
    return "is not one of its choices"
  end,
  anyOf = in_any,
  items = function(schema, value, at)
    for i, item in ipairs(value) do
      local found = problem(schema, item, ("%s[%d]"):format(at, i))
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
  return problem(schema, value, "$")
end

return M
