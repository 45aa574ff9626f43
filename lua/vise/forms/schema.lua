--- JSON schemas (draft 2020-12) of forms.

local core = require "vise.core"
local forms = require "vise.forms"

local M = {}

local plain = { string = true, integer = true, number = true, boolean = true, null = true }

-- "A|B" at its top: the parts.
local function parts_of(expression)
  local parts, depth, part = {}, 0, ""
  for c in expression:gmatch "." do
    depth = depth + (c == "<" and 1 or c == ">" and -1 or 0)
    if c == "|" and depth == 0 then
      parts[#parts + 1], part = part, ""
    else
      part = part .. c
    end
  end
  parts[#parts + 1] = part
  return parts
end

local object

local function type_schema(expression, field)
  local parts = parts_of(expression)
  if #parts > 1 then
    local any = core.array {}
    for i, part in ipairs(parts) do any[i] = type_schema(part, field) end
    return { anyOf = any }
  end
  if plain[expression] then return { type = expression } end
  if expression == "any" then return {} end
  if expression == "table" then return field.fields and object(field.fields) or { type = "object" } end
  local item = expression:match "^(.*)%[%]$"
  if item then return { type = "array", items = type_schema(item, field) } end
  local value = expression:match "^table<string, (.*)>$"
  assert(value, "no type of JSON: " .. expression)
  return { type = "object", additionalProperties = type_schema(value, field) }
end

local function field_schema(field)
  local schema = type_schema(field[2], field)
  schema.description = field[3]
  if field.choices then schema.enum = core.array(table.move(field.choices, 1, #field.choices, 1, {})) end
  if field.const ~= nil then schema.const = field.const end
  return schema
end

function object(fields)
  local properties, required = {}, core.array {}
  for _, field in ipairs(fields) do
    properties[field[1]] = field_schema(field)
    if not field.optional then required[#required + 1] = field[1] end
  end
  return { type = "object", properties = properties, required = required, additionalProperties = false }
end

--- The schema of a form.
---@param form vise.Form
---@param title string
---@return table  To be encoded.
function M.of(form, title)
  local shapes = forms.shapes(form)
  local any = core.array {}
  for i, shape in ipairs(shapes) do
    any[i] = object(shape.fields)
    any[i].title, any[i].description = shape.title, shape.text
  end
  local schema = #any == 1 and any[1] or { anyOf = any }
  schema["$schema"], schema.title = "https://json-schema.org/draft/2020-12/schema", title
  schema.description = form.text
  return schema
end

return M
