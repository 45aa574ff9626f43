--- The reference as markdown: a page for each subject, and an index.

local describe = require "vise.describe"
local types = require "vise.describe.types"
local values = require "vise.describe.values"

local M = {}

local MADE = "<!-- Made by `vise docs` from the descriptions in lua/vise/reference: change those. -->\n"

-- The heading of a part: those of a module and a class differ by more than a capital.
local function heading(ref)
  if ref.class then return (#ref.functions > 0 and "Class " or "") .. ref.class end
  return ref.name == "vise" and "vise" or "vise." .. ref.name
end

-- Where a heading is, as hosts of markdown name it.
local function place(page, title)
  return ("%s.md#%s"):format(page.name, title:lower():gsub("[^%w _-]", ""):gsub(" ", "-"))
end

-- Where each named type is: page and anchor.
local function find_types()
  local places = {}
  for _, ref, page in describe.each() do
    if ref.class then places[ref.class] = place(page, heading(ref)) end
    for _, list in ipairs { ref.records or {}, ref.aliases or {} } do
      for _, record in ipairs(list) do places[record[1]] = place(page, record[1]) end
    end
  end
  return places
end

-- Text in a cell: one line, and no bars.
local function cell(s)
  return (s:gsub("|", "\\|"):gsub("\n", " "):gsub("<", "&lt;"))
end

-- A type in a cell, its names linked; code where there is nothing to link.
local function type_cell(type, places)
  if not types.names(type)() then return "`" .. type:gsub("|", "\\|") .. "`" end
  local shown = type:gsub("([<>*%[%]])", "\\%1"):gsub("|", "\\|")
  return (shown:gsub("vise%.[%w_.]*[%w_]", function(name)
    return places[name] and ("[%s](%s)"):format(name, places[name]) or name
  end))
end

-- What a value may be: its choices, or its type and bounds.
local function kind_cell(value, places)
  if value.choices then return '`"' .. table.concat(value.choices, '"` `"') .. '"`' end
  local range = values.range(value)
  return type_cell(value[2], places) .. (range and ", " .. cell(range) or "")
end

local function default_cell(value)
  if value.default ~= nil then return "`" .. values.literal(value.default) .. "`" end
  return cell(value.otherwise or value.optional and "optional" or "")
end

local function about_cell(value)
  return cell((value[3] or "") .. values.unit(value))
end

local function add_rows(list, prefix, with_default, places, out)
  for _, value in ipairs(list) do
    out[#out + 1] = ("| `%s%s` | %s |%s %s |"):format(prefix, value[1], kind_cell(value, places),
      with_default and " " .. default_cell(value) .. " |" or "", about_cell(value))
    if value.fields then add_rows(value.fields, prefix .. value[1] .. ".", with_default, places, out) end
  end
end

local function any_optional(list)
  for _, value in ipairs(list) do
    if describe.is_optional(value) or value.fields and any_optional(value.fields) then return true end
  end
  return false
end

-- A table of values; with a column of defaults if any may be left out.
local function add_table(first, list, places, out)
  local with_default = any_optional(list)
  out[#out + 1] = ("\n| %s | may be |%s |\n| --- | --- |%s --- |"):format(first, with_default and " default |" or "",
    with_default and " --- |" or "")
  add_rows(list, "", with_default, places, out)
end

-- What comes back: a sentence where names and types say all, else a table.
local function add_results(fn, places, out)
  local rich, words = false, {}
  for i, result in ipairs(fn.returns or {}) do
    rich = rich or result[3] ~= nil or result.fields ~= nil or result.choices ~= nil
    words[i] = ("`%s` (%s)"):format(result[2], type_cell(result[1], places))
  end
  local fails = fn.fails and "; on failure `nil`, a message and its id" or ""
  if rich then
    local turned = {}
    for i, result in ipairs(fn.returns) do
      turned[i] = setmetatable({ result[2], result[1], result[3] or "" }, { __index = result })
    end
    add_table("gives", turned, places, out)
    if fn.fails then out[#out + 1] = "\nOn failure `nil`, a message and its id." end
  elseif #words > 0 then
    out[#out + 1] = ("\nGives %s%s."):format(table.concat(words, ", "), fails)
  end
end

local function add_function(ref, fn, places, out)
  out[#out + 1] = ("\n### `%s`\n\n%s"):format(values.call(ref, fn), fn.text)
  if #fn.arguments > 0 then add_table("argument", fn.arguments, places, out) end
  add_results(fn, places, out)
  out[#out + 1] = ("\n```lua\n%s\n```"):format(fn.example)
  if fn.source then out[#out + 1] = ("\nAfter: %s."):format(fn.source) end
end

local function add_record(record, places, out)
  out[#out + 1] = ("\n### %s\n\n%s%s."):format(record[1], record[2]:sub(1, 1):upper(), record[2]:sub(2))
  if record.choices then out[#out + 1] = ("\nOne of %s."):format(values.either(record.choices)) end
  if record.type then out[#out + 1] = ("\nThe same as %s."):format(type_cell(record.type, places)) end
  if record.extends then out[#out + 1] = ("\nIt has what %s has, too."):format(type_cell(record.extends, places)) end
  if record.fields then add_table("field", record.fields, places, out) end
end

local function add_part(ref, places, out)
  out[#out + 1] = ("\n## %s\n\n%s%s."):format(heading(ref), ref.summary:sub(1, 1):upper(), ref.summary:sub(2))
  if ref.text then out[#out + 1] = "\n" .. ref.text end
  if ref.extends then
    out[#out + 1] = ("\nIt has the fields and methods of %s, too."):format(type_cell(ref.extends, places))
  end
  if ref.fields and #ref.fields > 0 then add_table("field", ref.fields, places, out) end
  if ref.prelude then out[#out + 1] = ("\nThe examples begin with\n\n```lua\n%s\n```"):format(ref.prelude) end
  for _, fn in ipairs(ref.functions) do add_function(ref, fn, places, out) end
  for _, list in ipairs { ref.aliases or {}, ref.records or {} } do
    for _, record in ipairs(list) do add_record(record, places, out) end
  end
end

-- The names of quant types, below the configurations.
local function add_quant_types(out)
  local quant_types = require "vise.quant_types"
  out[#out + 1] = "\n## Quant types\n\nThe group of `_gN` may be 16, 32, 64, 128 or 256, the rank of `_rN` any that "
    .. "the layer's shape allows.\n\n| name | needs | |\n| --- | --- | --- |"
  for _, name in ipairs(quant_types.forms) do
    local type = quant_types.parse(name)
    out[#out + 1] = ("| `%s` | %s | %s |"):format(name, type.calibrated and "calibration" or "", type.summary)
  end
end

local function index()
  local counts, out = describe.counts(), { MADE, "# Reference of the Lua interface\n" }
  out[#out + 1] = ("Everything that a script, a recipe or the prompt can call: %d functions, each with an example that "
    .. "the tests run in a folder where `models/dit` and `models/stories` are the two models of "
    .. "`recipes/quickstart/models`. `vise help NAME` shows the same in a terminal.\n"):format(counts.functions)
  out[#out + 1] = "| page | | |\n| --- | --- | --- |"
  for _, page in ipairs(describe.contents) do
    for i, part in ipairs(page.parts) do
      local ref = describe.reference(part)
      out[#out + 1] = ("| %s | [%s](%s) | %s |"):format(i == 1 and ("[%s](%s.md)"):format(page.title, page.name) or "",
        (heading(ref):gsub("^Class ", "")), place(page, heading(ref)), cell(ref.summary))
    end
  end
  return table.concat(out, "\n") .. "\n"
end

--- The text of each file, by its name.
---@return table<string, string>
function M.make()
  local places, files = find_types(), { ["README.md"] = index() }
  for _, page in ipairs(describe.contents) do
    local out = { MADE, ("# %s"):format(page.title) }
    for _, part in ipairs(page.parts) do add_part(describe.reference(part), places, out) end
    if page.name == "config" then add_quant_types(out) end
    files[page.name .. ".md"] = table.concat(out, "\n") .. "\n"
  end
  return files
end

return M
