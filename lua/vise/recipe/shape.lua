--- Shapes of plain data: what a value must be, as one object from which the check, its message, the
--- reference and the JSON schema are made.

local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Shape
---@field words string  What is expected: "a list of names".
---@field test? fun(value: any): boolean?           Whether a value is one, for shapes without parts.
---@field parts? fun(value: any, where: string): string?  What is wrong with its parts.
---@field fields? vise.ShapeField[]                 Of a record.
---@field schema table                              JSON schema.

---@class vise.ShapeField
---@field name string
---@field shape vise.Shape
---@field help string
---@field required? boolean

--- What a person wrote, fit to stand in a message: escaped and not too long.
---@param value any
---@param most? integer  Bytes; 40 if not given.
---@return string
function M.shown(value, most)
  local s = type(value) == "string" and value or tostring(value)
  most = most or 40
  if #s > most then s = s:sub(1, (utf8.offset(s, 0, most + 1) or most + 1) - 1) .. "..." end
  return text.escape(s)
end

--- Names between commas, as many as a message has room for.
---@param names string[]
---@param most? integer  8 if not given.
---@return string
function M.joined(names, most)
  most = most or 8
  if #names == 0 then return "none" end
  if #names <= most then return table.concat(names, ", ") end
  return ("%s and %d more"):format(table.concat(names, ", ", 1, most), #names - most)
end

--- A line of text that a terminal shows as it is.
---@param words string
---@param options? { pattern?: string, most?: integer }
---@return vise.Shape
function M.text(words, options)
  local pattern, most = options and options.pattern, options and options.most or 1000
  return { words = words, test = function(v)
    return type(v) == "string" and v ~= "" and #v <= most and text.escape(v) == v and (not pattern or v:find(pattern))
  end, schema = { type = "string", minLength = 1, maxLength = most } }
end

---@param words string
---@param least? integer
---@return vise.Shape
function M.integer(words, least)
  return { words = words, test = function(v) return math.type(v) == "integer" and (not least or v >= least) end,
    schema = { type = "integer", minimum = least } }
end

--- A number that is finite.
---@param words string
---@return vise.Shape
function M.number(words)
  return { words = words, test = function(v) return type(v) == "number" and v - v == 0 end,
    schema = { type = "number" } }
end

---@return vise.Shape
function M.boolean()
  return { words = "true or false", test = function(v) return type(v) == "boolean" end, schema = { type = "boolean" } }
end

---@param choices string[]
---@return vise.Shape
function M.choice(choices)
  local set = {}
  for _, choice in ipairs(choices) do set[choice] = true end
  return { words = "one of " .. table.concat(choices, ", "), test = function(v) return set[v] end,
    schema = { enum = choices } }
end

--- Whatever is data; who declares it checks it.
---@param words string
---@return vise.Shape
function M.any(words)
  return { words = words, test = function() return true end, schema = {} }
end

--- Is this a table with the keys 1 to n and no others?
---@param value any
---@return boolean
function M.is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then return false end
    count = count + 1
  end
  return count == #value
end

---@param words string
---@param of vise.Shape
---@return vise.Shape
function M.list(words, of)
  return { words = words, test = M.is_list, parts = function(value, where)
    for i, item in ipairs(value) do
      local problem = M.problem(of, item, ("%s[%d]"):format(where, i))
      if problem then return problem end
    end
  end, schema = { type = "array", items = of.schema } }
end

--- A table by name.
---@param words string
---@param of vise.Shape
---@return vise.Shape
function M.map(words, of)
  return { words = words, test = function(v) return type(v) == "table" end, parts = function(value, where)
    for _, key in ipairs(M.keys(value)) do
      if type(key) ~= "string" then return ("%s must be %s"):format(where, words) end
      local problem = M.problem(of, value[key], ("%s.%s"):format(where, M.shown(key)))
      if problem then return problem end
    end
  end, schema = { type = "object", additionalProperties = of.schema } }
end

--- The keys of a table in a fixed order.
---@param t table
---@return any[]
function M.keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) < type(b) end
    return a < b
  end)
  return keys
end

local function field_problem(by_name, names, value, where)
  for _, key in ipairs(M.keys(value)) do
    local field, prefix = by_name[key], where == "" and "" or where .. ": "
    if not field then
      return ("%sunknown field '%s'%s"):format(prefix, M.shown(key), suggest.hint(M.shown(key), names)), key
    end
    local place = where == "" and key or where .. "." .. key
    local problem = M.problem(field.shape, value[key], place)
    if problem then return problem, key end
  end
end

--- A table with these fields.
---@param words string
---@param fields vise.ShapeField[]
---@return vise.Shape
function M.record(words, fields)
  local by_name, names, properties, required = {}, {}, {}, {}
  for i, field in ipairs(fields) do
    by_name[field.name], names[i], properties[field.name] = field, field.name, field.shape.schema
    if field.required then required[#required + 1] = field.name end
  end
  local schema = { type = "object", properties = properties, additionalProperties = false,
    required = #required > 0 and required or nil }
  return { words = words, fields = fields, schema = schema, test = function(v) return type(v) == "table" end,
    parts = function(value, where)
      local problem, key = field_problem(by_name, names, value, where)
      if problem then return problem, key end
      for _, field in ipairs(fields) do
        if field.required and value[field.name] == nil then
          return ("%sthe field '%s' is missing: %s"):format(where == "" and "" or where .. ": ", field.name,
            field.shape.words)
        end
      end
    end }
end

--- The first of two shapes whose kind of value it is.
---@param first vise.Shape  Of a value that is no table.
---@param second vise.Shape
---@return vise.Shape
function M.either(first, second)
  local function chosen(value)
    return type(value) == "table" and second or first
  end
  local words = ("%s, or %s"):format(first.words, second.words)
  return { words = words, test = function(v) return chosen(v).test(v) end, parts = function(value, where)
    local parts = chosen(value).parts
    if parts then return parts(value, where) end
  end, fields = second.fields, schema = { anyOf = { first.schema, second.schema } } }
end

--- What is wrong with a value.
---@param shape vise.Shape
---@param value any
---@param where string   The place in the whole: "params.bits"; "" for the whole itself.
---@return string? problem  nil if nothing is.
---@return string? key      The field at the top that it lies in, if the whole is a record.
function M.problem(shape, value, where)
  if not shape.test(value) then return ("%s must be %s"):format(where, shape.words) end
  if shape.parts then return shape.parts(value, where) end
end

return M
