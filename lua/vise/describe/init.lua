--- Descriptions of the Lua interface.
---
--- lua/vise/reference/PART.lua describes one public module or class, and vise.reference lists the
--- parts.  Help, reference pages, stubs for editors and schemas are made of nothing else:
---
---   {
---     name = "tensor", kind = "class" | "module",
---     class = "vise.Tensor",            -- of a class: its name in type expressions
---     extends = "vise.nn.Module",       -- whose fields and methods it has too
---     path = "vise.nn.Linear",          -- of a class: where its static functions are
---     summary = "one line, no full stop",
---     text = "Sentences.",
---     prelude = "what the examples begin with",
---     functions = {
---       {
---         name = "rows", static = true, -- vise.nn.Linear.new, and not Linear:new
---         arguments = { { "first", "integer", "the first row", min = 1 } },
---         returns = { { "vise.Tensor", "view", "of the same elements" } },
---         fails = true,                 -- may return nil, message, id instead
---         text = "Sentences.",
---         example = "lines of Lua; what stands behind --> is printed or returned",
---         source = "the paper or file it follows",
---       },
---     },
---     fields = { { "name", "string", "of the layer" } },
---     records = { { "vise.Split", "a weight as a branch and codes", fields = {} } }, -- tables without methods
---     aliases = { { "vise.Dtype", "the type of elements", choices = {} } },
---   }
---
--- Types are LuaCATS type expressions: "vise.Tensor|number", "table<string, integer>", "fun(x: number)".
---
--- An argument, a field of a class and an option are written in one way: { name, type, text } with
---
---   optional   may be nil; whatever has a default is optional too
---   default    what nil stands for; `otherwise` says it in words where it is no plain value
---   min, max   bounds, both included; `above` is a lower bound that is not
---   choices    the strings it may be; `filled` for any but the empty one
---   unit       of a number; `range` is a bound in words
---   fields     of a table: what it may hold, described in the same way; `open` if it may hold more
---
--- What is returned is { type, name, text }, and may have the rest too.

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
---@field filled? boolean
---@field range? string
---@field unit? string
---@field fields? vise.Value[]
---@field open? boolean

---@class vise.Function
---@field name string
---@field static? boolean
---@field arguments vise.Value[]
---@field returns? vise.Value[]
---@field fails? boolean
---@field text string
---@field example string
---@field source? string

---@class vise.Record
---@field [1] string      Its name in type expressions.
---@field [2] string      What it is.
---@field fields? vise.Value[]
---@field extends? string
---@field open? boolean   May hold more.
---@field choices? string[]  Of an alias: the strings it stands for,
---@field type? string       or the type.
---@field schema? string     Of an alias: the type that it has in JSON.

---@class vise.Reference
---@field name string
---@field kind "class"|"module"
---@field class? string
---@field extends? string
---@field path? string
---@field summary string
---@field text? string
---@field prelude? string
---@field functions vise.Function[]
---@field fields? vise.Value[]
---@field records? vise.Record[]
---@field aliases? vise.Record[]

--- The pages of the reference: see vise.reference.
---@type vise.Page[]
M.contents = require "vise.reference"

--- The parts of the reference, in the order of the pages.
---@type string[]
M.parts = {}
for _, page in ipairs(M.contents) do
  table.move(page.parts, 1, #page.parts, #M.parts + 1, M.parts)
end

--- The description of one part.
---@param part string
---@return vise.Reference
function M.reference(part)
  return require("vise.reference." .. part)
end

--- Every part, in order: for _, ref, page in describe.each() do.
---@return fun(): integer?, vise.Reference?, vise.Page?
function M.each()
  local p, at, count = 1, 0, 0
  return function()
    at = at + 1
    if at > #M.contents[p].parts then p, at = p + 1, 1 end
    if not M.contents[p] then return nil end
    count = count + 1
    return count, M.reference(M.contents[p].parts[at]), M.contents[p]
  end
end

--- How a function is written: "vise.open", "tensor:rows", "vise.linalg.svd".
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.full_name(ref, fn)
  if fn.static then return ref.path .. "." .. fn.name end
  if ref.kind == "class" then return ref.name .. ":" .. fn.name end
  return (ref.name == "vise" and "vise." or "vise." .. ref.name .. ".") .. fn.name
end

--- Whether a value may be nil.
---@param value vise.Value
---@return boolean
function M.is_optional(value)
  return value.optional == true or value.default ~= nil or value.otherwise ~= nil
end

--- What a type expression stands for, if it is the name of a record, an alias or a class.
---@param name string
---@return vise.Record|vise.Reference|nil
function M.type_named(name)
  if not M.types then
    M.types = {}
    for _, ref in M.each() do
      if ref.class then M.types[ref.class] = ref end
      for _, record in ipairs(ref.records or {}) do M.types[record[1]] = record end
      for _, alias in ipairs(ref.aliases or {}) do M.types[alias[1]] = alias end
    end
  end
  return M.types[name]
end

-- The fields below values, and theirs.
local function count_fields(values, sum)
  for _, value in ipairs(values or {}) do
    if value.fields then sum = count_fields(value.fields, sum + #value.fields) end
  end
  return sum
end

--- How much is described: functions, those of them with an example, types, and fields of types,
--- options and results.
---@return { functions: integer, examples: integer, types: integer, fields: integer, arguments: integer }
function M.counts()
  local sums = { functions = 0, examples = 0, types = 0, fields = 0, arguments = 0 }
  local function add_type(record)
    sums.types = sums.types + 1
    sums.fields = count_fields(record.fields, sums.fields + #(record.fields or {}))
  end
  for _, ref in M.each() do
    if ref.class then add_type(ref) else sums.fields = sums.fields + #(ref.fields or {}) end
    for _, record in ipairs(ref.records or {}) do add_type(record) end
    sums.types = sums.types + #(ref.aliases or {})
    for _, fn in ipairs(ref.functions) do
      sums.functions = sums.functions + 1
      sums.examples = sums.examples + (fn.example and 1 or 0)
      sums.arguments = sums.arguments + #fn.arguments
      sums.fields = count_fields(fn.returns, count_fields(fn.arguments, sums.fields))
    end
  end
  return sums
end

--- The help of a function.
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.function_text(ref, fn)
  return require("vise.describe.text").of_function(ref, fn)
end

-- Everything below is made when it is first asked for: help has to start fast.

--- The help of a topic: see vise.describe.topics.
---@param topic string
---@return string? shown
---@return string? message
---@return string? id
function M.help(topic)
  return require("vise.describe.topics").help(topic)
end

--- One line for each module and class.
---@return string
function M.overview()
  return require("vise.describe.text").overview()
end

--- Everything that help can be asked about.
---@return vise.Topic[]
function M.topics()
  return require("vise.describe.topics").all()
end

--- Stubs for editors: library/vise.lua, in the notation of LuaCATS.
---@return string
function M.stubs()
  return require("vise.describe.stubs").make()
end

--- A .luarc.json that has an editor find the stubs in `library`.
---@return string
function M.luarc()
  return require("vise.describe.stubs").luarc()
end

--- The reference as markdown: the text of each file of docs/reference, by its name.
---@return table<string, string>
function M.pages()
  return require("vise.describe.pages").make()
end

--- The whole description as plain data.
---@return table
function M.data()
  return require("vise.describe.data").make()
end

--- The same as JSON text.
---@return string
function M.json()
  return assert(require("vise.core").json_encode(M.data(), 2)) .. "\n"
end

--- The JSON schema of a configuration, as JSON text.
---@return string
function M.schema()
  return assert(require("vise.core").json_encode(require("vise.describe.schema").make(), 2)) .. "\n"
end

return M
