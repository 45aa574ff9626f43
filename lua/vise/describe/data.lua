--- The whole description as plain data, with names for what is in order.

local core = require "vise.core"
local describe = require "vise.describe"
local values = require "vise.describe.values"

local M = {}

local function list(items, convert, ...)
  local out = core.array {}
  for i, item in ipairs(items or {}) do out[i] = convert(item, ...) end
  return out
end

-- A value as an object; `turned` for what is returned, whose type comes first.
local function value_of(value, turned)
  local out = { name = value[turned and 2 or 1], type = value[turned and 1 or 2], text = value[3],
    min = value.min, max = value.max, above = value.above, range = value.range, unit = value.unit }
  if not turned then out.optional = describe.is_optional(value) end
  if value.choices then out.choices = core.array(table.move(value.choices, 1, #value.choices, 1, {})) end
  if value.fields then out.fields = list(value.fields, value_of) end
  if type(value.default) == "table" then
    out.default = core.array {}
  else
    out.default = value.default
  end
  out.otherwise = value.otherwise
  return out
end

local function function_of(fn, ref)
  return { name = describe.full_name(ref, fn), signature = values.signature(ref, fn),
    arguments = list(fn.arguments, value_of), returns = list(fn.returns, value_of, true), fails = fn.fails or false,
    text = fn.text, example = fn.example, source = fn.source }
end

local function record_of(record)
  return { name = record[1], text = record[2], extends = record.extends, fields = list(record.fields, value_of) }
end

local function alias_of(alias)
  local choices = alias.choices and core.array(table.move(alias.choices, 1, #alias.choices, 1, {})) or nil
  return { name = alias[1], text = alias[2], type = alias.type, choices = choices }
end

local function part_of(ref)
  return { name = ref.name, kind = ref.kind, class = ref.class, extends = ref.extends, summary = ref.summary,
    text = ref.text, prelude = ref.prelude, fields = list(ref.fields, value_of),
    functions = list(ref.functions, function_of, ref), records = list(ref.records, record_of),
    aliases = list(ref.aliases, alias_of) }
end

--- The description: pages, their parts, and everything in them.
---@return table
function M.make()
  local pages = core.array {}
  for i, page in ipairs(describe.contents) do
    pages[i] = { name = page.name, title = page.title,
      parts = list(page.parts, function(part) return part_of(describe.reference(part)) end) }
  end
  return { schema = 1, version = require "vise.version", pages = pages }
end

return M
