--- Descriptions of the Lua interface: looked up by name, and shown as text.
---
--- lua/vise/reference/PART.lua describes one public module or class, and vise.reference lists the
--- parts.  Help, reference pages, stubs for editors and schemas are made of nothing else:
---
---   {
---     name = "tensor", kind = "class" | "module",
---     class = "vise.Tensor",            -- of a class: its name in type expressions
---     summary = "one line, no full stop",
---     functions = {
---       {
---         name = "rows",
---         arguments = { { "first", "integer", "the first row", min = 1 } },
---         returns = { { "vise.Tensor", "view", "of the same elements" } },
---         text = "Sentences.",
---         example = "lines of Lua that run",
---         source = "the paper or file it follows",
---         fails = true,                 -- may return nil, message, id instead
---       },
---     },
---     fields = { { "name", "string", "of the layer" } },
---   }
---
--- Types are LuaCATS type expressions: "vise.Tensor|number", "table<string, integer>", "fun(x: number)".
---
--- An argument, a field of a class and an option are written in one way: { name, type, text } with
---
---   optional   may be nil; whatever has a default is optional too
---   default    what nil stands for; `otherwise` says it in words where it is no plain value
---   min, max   bounds, both included; `above` is a lower bound that is not
---   choices    the strings it may be; `unit` of a number; `range` is a bound in words
---   fields     of a table: what it may hold, described in the same way
---
--- What is returned is { type, name, text }, and may have `fields` too.

local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Value
---@field [1] string      Its name; of what is returned its type.
---@field [2] string      Its type; of what is returned its name.
---@field [3]? string     What it is.
---@field optional? boolean
---@field default? boolean|number|string|table
---@field otherwise? string
---@field min? number
---@field max? number
---@field above? number
---@field choices? string[]
---@field range? string
---@field unit? string
---@field fields? vise.Value[]

---@class vise.Function
---@field name string
---@field arguments vise.Value[]
---@field returns? vise.Value[]
---@field fails? boolean
---@field text string
---@field example string
---@field source? string

---@class vise.Reference
---@field name string
---@field kind "class"|"module"
---@field class? string
---@field summary string
---@field functions vise.Function[]
---@field fields? vise.Value[]

--- The modules and classes that are described, in the order of the overview.
---@type string[]
M.names = {}
for _, page in ipairs(require "vise.reference") do
  table.move(page.parts, 1, #page.parts, #M.names + 1, M.names)
end

--- The description of one module or class.
---@param name string
---@return vise.Reference
function M.reference(name)
  return require("vise.reference." .. name)
end

-- "vise.open", "tensor:rows", "linalg.svd": how a function is written.
local function full_name(ref, fn)
  if ref.kind == "class" then return ref.name .. ":" .. fn.name end
  return (ref.name == "vise" and "vise." or "vise." .. ref.name .. ".") .. fn.name
end

-- What a function gives, in the words of a signature: names where there are any, else types.
local function results(fn)
  local words = {}
  for i, result in ipairs(fn.returns or {}) do words[i] = result[2] or result[1]:gsub("^vise%.", "") end
  local line = table.concat(words, ", ")
  return fn.fails and line .. " | nil, message, id" or line
end

local function is_optional(value)
  return value.optional or value.default ~= nil or value.otherwise ~= nil
end

local function signature(ref, fn)
  local words = {}
  for i, argument in ipairs(fn.arguments) do
    local word = (i > 1 and ", " or "") .. argument[1]
    words[i] = is_optional(argument) and "[" .. word .. "]" or word
  end
  local line = ("%s(%s)"):format(full_name(ref, fn), table.concat(words))
  return fn.returns and line .. " -> " .. results(fn) or line
end

-- What a value may be, in words: "from 1 to 256", "f16 or bf16".
local function range(value)
  if value.choices then
    local n = #value.choices
    return table.concat(value.choices, ", ", 1, n - 1) .. " or " .. value.choices[n]
  elseif value.above then
    return ("above %g"):format(value.above) .. (value.max and (" up to %g"):format(value.max) or "")
  elseif value.min or value.max then
    local words = { value.min and ("from %g"):format(value.min), value.max and ("to %g"):format(value.max) }
    return table.concat(words, " ")
  end
  return value.range
end

-- Everything about a value in one line.
local function about(value)
  local words = { value[3] }
  words[#words + 1] = range(value)
  if value.default ~= nil then
    words[#words + 1] = "default " .. tostring(value.default)
  elseif value.otherwise then
    words[#words + 1] = "default " .. value.otherwise
  end
  return table.concat(words, "; ")
end

-- Values as rows: name, type and what there is to say; fields of a table below it.
local function rows_of(values, indent, rows)
  for _, value in ipairs(values) do
    rows[#rows + 1] = { indent .. value[1], (value[2]:gsub("vise%.", "")), about(value) }
    if value.fields then rows_of(value.fields, indent .. "  ", rows) end
  end
  return rows
end

--- A function's help.
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.function_text(ref, fn)
  local out = { signature(ref, fn), "", text.wrap(fn.text, text.page_width(), "  ") }
  local rows = rows_of(fn.arguments, "", {})
  local names, types = 0, 0
  for _, row in ipairs(rows) do
    names, types = math.max(names, #row[1]), math.max(types, #row[2])
  end
  local left = ("  %%-%ds  %%-%ds  "):format(names, types)
  local indent = (" "):rep(names + types + 6)
  for i, row in ipairs(rows) do
    local folded = text.wrap(row[3], text.page_width(), indent):gsub("^%s+", "")
    out[#out + 1] = (i == 1 and "\n" or "") .. left:format(row[1], row[2]) .. folded
  end
  if fn.example then out[#out + 1] = "\n" .. ("\n" .. fn.example):gsub("\n", "\n  > "):sub(2) end
  if fn.source then out[#out + 1] = "\n  after: " .. fn.source end
  return table.concat(out, "\n") .. "\n"
end

local function reference_text(ref)
  local rows = {}
  for i, fn in ipairs(ref.functions) do
    rows[i] = { signature(ref, fn) }
  end
  return ("%s: %s\n\n%s"):format(ref.name, ref.summary, text.columns(rows, "  "))
end

--- One line for each module and class.
---@return string
function M.overview()
  local rows = {}
  for i, name in ipairs(M.names) do rows[i] = { name, M.reference(name).summary } end
  return text.columns(rows, "  ")
end

-- Every function that the name could mean, whether or not it says of what.
local function find_functions(name)
  local wanted = name:gsub(":", "."):gsub("^vise%.", "")
  local found, known = {}, {}
  for _, ref_name in ipairs(M.names) do
    local ref = M.reference(ref_name)
    for _, fn in ipairs(ref.functions) do
      local dotted = full_name(ref, fn):gsub(":", "."):gsub("^vise%.", "")
      known[#known + 1] = dotted
      known[#known + 1] = fn.name
      if dotted == wanted then return { { ref, fn } }, known end
      if fn.name == wanted then found[#found + 1] = { ref, fn } end
    end
  end
  return found, known
end

--- The help of a topic: a command, an error id, a module, a class or a function.
---@param topic string
---@return string? shown
---@return string? message
---@return string? id
function M.help(topic)
  local cli = require "vise.cli"
  local command = cli.command(topic)
  if command then return require("vise.cli.usage").command(command, true) end
  local entry = require("vise.errors")[topic:upper()]
  if entry then return ("%s: %s\n  next: %s\n"):format(topic:upper(), entry.title, entry.next) end

  local known = table.move(cli.names, 1, #cli.names, 1, {})
  for _, name in ipairs(M.names) do
    if name == topic or "vise." .. name == topic then return reference_text(M.reference(name)) end
    known[#known + 1] = name
  end
  local found, functions = find_functions(topic)
  if #found > 0 then
    local shown = {}
    for i, pair in ipairs(found) do shown[i] = M.function_text(pair[1], pair[2]) end
    return table.concat(shown, "\n")
  end
  table.move(functions, 1, #functions, #known + 1, known)
  for id in pairs(require "vise.errors") do known[#known + 1] = id end
  return nil, ("no help on '%s'%s"):format(topic, suggest.hint(topic, known)), "E-US-08"
end

return M
