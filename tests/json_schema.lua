-- A validator for the part of JSON Schema (2020-12) that vise writes.

local M = {}

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

local function is_array(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function is_object(value)
  return type(value) == "table" and (#value == 0)
end

local types = {
  array = is_array, object = is_object,
  boolean = function(v) return type(v) == "boolean" end,
  integer = function(v) return type(v) == "number" and math.tointeger(v) ~= nil end,
  null = function(v) return type(v) == "userdata" end,
  number = function(v) return type(v) == "number" end,
  string = function(v) return type(v) == "string" end,
}

local check

-- By keyword: what is wrong; nil if nothing is.
local keywords = {
  type = function(of, value)
    if not types[of](value) then return "is no " .. of end
  end,
  enum = function(of, value)
    for _, allowed in ipairs(of) do
      if allowed == value then return nil end
    end
    return "is none of the values"
  end,
  const = function(of, value)
    if value ~= of then return "is another value" end
  end,
  minimum = function(of, value)
    if type(value) == "number" and value < of then return "is too small" end
  end,
  maximum = function(of, value)
    if type(value) == "number" and value > of then return "is too large" end
  end,
  exclusiveMinimum = function(of, value)
    if type(value) == "number" and value <= of then return "is too small" end
  end,
  minLength = function(of, value)
    if type(value) == "string" and utf8.len(value) < of then return "is too short" end
  end,
  pattern = function(of, value)
    if type(value) == "string" and not matches(value, of) then return "does not match" end
  end,
  required = function(of, value)
    if not is_object(value) then return nil end
    for _, name in ipairs(of) do
      if value[name] == nil then return "lacks " .. name end
    end
  end,
  propertyNames = function(of, value, root)
    if not is_object(value) then return nil end
    for name in pairs(value) do
      local problem = check(of, name, root)
      if problem then return name .. " " .. problem end
    end
  end,
  properties = function(of, value, root)
    if not is_object(value) then return nil end
    for name, schema in pairs(of) do
      local problem = value[name] ~= nil and check(schema, value[name], root)
      if problem then return name .. " " .. problem end
    end
  end,
  additionalProperties = function(of, value, root, schema)
    if not is_object(value) then return nil end
    for name, item in pairs(value) do
      if not (schema.properties and schema.properties[name]) then
        local problem = of == false and "is not known" or of ~= true and check(of, item, root)
        if problem then return name .. " " .. problem end
      end
    end
  end,
  prefixItems = function(of, value, root)
    if not is_array(value) then return nil end
    for i, schema in ipairs(of) do
      local problem = value[i] ~= nil and check(schema, value[i], root)
      if problem then return i .. " " .. problem end
    end
  end,
  items = function(of, value, root, schema)
    if not is_array(value) then return nil end
    for i = #(schema.prefixItems or {}) + 1, #value do
      local problem = of == false and "is too many" or check(of, value[i], root)
      if problem then return i .. " " .. problem end
    end
  end,
  minItems = function(of, value)
    if is_array(value) and #value < of then return "has too few" end
  end,
  maxItems = function(of, value)
    if is_array(value) and #value > of then return "has too many" end
  end,
  anyOf = function(of, value, root)
    local first
    for _, schema in ipairs(of) do
      local problem = check(schema, value, root)
      if not problem then return nil end
      first = first or problem
    end
    return first
  end,
  ["$ref"] = function(of, value, root)
    local at = root
    for name in of:gsub("^#/", ""):gmatch "[^/]+" do at = assert(at[name], of) end
    return check(at, value, root)
  end,
}

-- What says nothing of values.
local silent = { ["$schema"] = true, ["$defs"] = true, title = true, description = true, default = true }

function check(schema, value, root)
  for keyword, of in pairs(schema) do
    if not silent[keyword] then
      local problem = assert(keywords[keyword], "keyword " .. keyword)(of, value, root, schema)
      if problem then return problem end
    end
  end
end

--- What is wrong with a value; nil if it fits.
---@param schema table
---@param value any
---@return string?
function M.check(schema, value)
  return check(schema, value, schema)
end

return M
