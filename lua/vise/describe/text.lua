--- Descriptions as text for a terminal.

local code = require "vise.describe.code"
local describe = require "vise.describe"
local text = require "vise.text"
local types = require "vise.describe.types"
local values = require "vise.describe.values"

local M = {}

local WIDEST = 24 -- of the column of types; what is longer has a line of its own

-- Values as rows: name, type and what there is to say; fields of a table below it.
local function collect(list, indent, rows)
  for _, value in ipairs(list) do
    rows[#rows + 1] = { indent .. value[1], values.short(value[2]), values.about(value) }
    if value.fields then collect(value.fields, indent .. "  ", rows) end
  end
  return rows
end

local function block(rows, out)
  local names, kinds, width = 0, 0, text.page_width()
  for _, row in ipairs(rows) do
    names = math.max(names, #row[1])
    if #row[2] <= WIDEST then kinds = math.max(kinds, #row[2]) end
  end
  local left, indent = ("  %%-%ds  %%-%ds  "):format(names, kinds), (" "):rep(names + kinds + 6)
  for _, row in ipairs(rows) do
    local folded = text.wrap(row[3], width, indent)
    if #row[2] > kinds then
      out[#out + 1] = text.wrap(row[2], width, (" "):rep(names + 4)):gsub("^%s+", ("  %%-%ds  "):format(names)
        :format(row[1]))
      out[#out + 1] = folded
    else
      out[#out + 1] = left:format(row[1], row[2]) .. folded:gsub("^%s+", "")
    end
  end
end

-- What comes back, written as values are.
local function turned(returns)
  local list = {}
  for i, result in ipairs(returns) do
    local value = {}
    for key, of in pairs(result) do value[key] = of end
    value[1], value[2] = result[2], result[1]
    list[i] = value
  end
  return list
end

-- Whether the results say more than the signature does.
local function worth_showing(returns)
  for _, result in ipairs(returns) do
    if result[3] or result.fields or result.choices then return true end
  end
  return #returns > 1
end

-- Whether an example uses what its prelude makes: some name that it does not make itself.
local function needs(example, prelude)
  for names in ("\n" .. prelude):gmatch "\nlocal ([%w_, ]+)" do
    for name in names:gsub("^function ", ""):gmatch "[%a_][%w_]*" do
      local at = example:find("%f[%w_]" .. name .. "%f[^%w_]")
      if at and not ("\n" .. example:sub(1, at - 1)):find "\nlocal [%w_, <>]*$" then return true end
    end
  end
  return false
end

local function add_code(lines, out)
  for _, line in ipairs(code.fold(lines, text.page_width() - 4)) do
    out[#out + 1] = line == "" and "" or "    " .. line
  end
end

-- The classes and records that a function takes and gives.
local function see_also(ref, fn)
  local words, seen = {}, { [ref.class or ""] = true, ["vise.Tensor"] = true, ["vise.Dtype"] = true }
  local function add(list, at)
    for _, value in ipairs(list or {}) do
      for name in types.names(value[at]) do
        local found = describe.type_named(name)
        if found and not seen[name] then
          seen[name] = true
          words[#words + 1] = found.kind and found.name or values.short(name)
        end
      end
    end
  end
  add(fn.returns, 1)
  add(fn.arguments, 2)
  return words
end

-- A signature, in lines where there is no room for one.
local function signature(ref, fn, indent)
  local line = indent .. values.signature(ref, fn)
  if #line <= text.page_width() then return line end
  local folded = text.wrap(line, text.page_width() - 4, indent):gsub("\n", "\n    ")
  return folded
end

--- A function's help.
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.of_function(ref, fn)
  local out = { signature(ref, fn, ""), "", text.wrap(fn.text, text.page_width(), "  ") }
  if #fn.arguments > 0 then
    out[#out + 1] = ""
    block(collect(fn.arguments, "", {}), out)
  end
  if fn.returns and worth_showing(fn.returns) then
    out[#out + 1] = "\n  gives"
    block(collect(turned(fn.returns), "  ", {}), out)
  end
  out[#out + 1] = "\n  example"
  if ref.prelude and needs(fn.example, ref.prelude) then add_code(ref.prelude, out) end
  add_code(fn.example, out)
  if fn.source then out[#out + 1] = "\n  after: " .. fn.source end
  local see = see_also(ref, fn)
  if #see > 0 then out[#out + 1] = text.wrap("see also: " .. table.concat(see, ", "), text.page_width(), "  ") end
  return table.concat(out, "\n") .. "\n"
end

local function add_fields(record, out)
  if not record.fields or #record.fields == 0 then return end
  out[#out + 1] = ""
  block(collect(record.fields, "", {}), out)
end

--- A record's help, or an alias's.
---@param record vise.Record
---@return string
function M.of_record(record)
  local what = record.choices and ": " .. values.either(record.choices) or record.type and ": " .. record.type or ""
  local out = { text.wrap(("%s: %s%s"):format(values.short(record[1]), record[2], what), text.page_width()) }
  if record.extends then out[#out + 1] = "\n  and what " .. values.short(record.extends) .. " has" end
  add_fields(record, out)
  return table.concat(out, "\n") .. "\n"
end

--- The help of a module or a class.
---@param ref vise.Reference
---@return string
function M.of_part(ref)
  local out = { text.wrap(("%s: %s"):format(ref.name, ref.summary), text.page_width()) }
  if ref.text then out[#out + 1] = "\n" .. text.wrap(ref.text, text.page_width(), "  ") end
  if ref.extends then
    out[#out + 1] = ("\n  It has the fields and methods of %s too."):format(values.short(ref.extends))
  end
  add_fields(ref, out)
  if #ref.functions > 0 then out[#out + 1] = "" end
  for _, fn in ipairs(ref.functions) do out[#out + 1] = signature(ref, fn, "  ") end
  return table.concat(out, "\n") .. "\n"
end

--- The help of a field of a configuration or of svdq.
---@param ref vise.Reference
---@param field vise.Value
---@return string
function M.of_field(ref, field)
  local out = { ("%s, of %s"):format(field[1], ref.class == "vise.SvdqOptions" and "svdq = { ... } of a configuration"
    or "a configuration"), "" }
  block(collect({ field }, "", {}), out)
  return table.concat(out, "\n") .. "\n"
end

--- The names of modules and classes alone, folded.
---@return string
function M.names()
  local names = {}
  for _, ref in describe.each() do names[#names + 1] = ref.class and ref.class:match "[^.]*$" or ref.name end
  return text.wrap(table.concat(names, " "), text.page_width(), "  ") .. "\n"
end

--- Each module and class with what it is, page by page.
---@return string
function M.overview()
  local lines, left = {}, 0
  for _, ref in describe.each() do left = math.max(left, #(ref.class or "vise." .. ref.name)) end
  local indent, last = (" "):rep(left + 6), nil
  for _, ref, page in describe.each() do
    if page ~= last then lines[#lines + 1] = "  " .. page.title end
    last = page
    local name = ref.class or ref.name == "vise" and "vise" or "vise." .. ref.name
    lines[#lines + 1] = ("    %-" .. left .. "s  "):format(name)
      .. text.wrap(ref.summary, text.page_width(), indent):gsub("^%s+", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
