--- Descriptions of the Lua interface: looked up by name, and shown as text.
---
--- lua/vise/reference/NAME.lua describes one public module or class:
---
---   {
---     name = "tensor", kind = "class" | "module",
---     summary = "one line",
---     functions = {
---       { name = "rows", arguments = { { "first", "integer", "the first row", default = ... } },
---         returns = "tensor", text = "...", example = "...", source = "the paper or file it follows" },
---     },
---   }
---
--- An argument is { name, type, text, optional = true, default = ..., range = "..." }.

local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Argument
---@field [1] string     Its name.
---@field [2] string     Its type.
---@field [3] string     What it is.
---@field optional? boolean
---@field default? any
---@field range? string

---@class vise.Function
---@field name string
---@field arguments vise.Argument[]
---@field returns? string
---@field text string
---@field example? string
---@field source? string

---@class vise.Reference
---@field name string
---@field kind "class"|"module"
---@field summary string
---@field functions vise.Function[]

--- The modules and classes that are described, in the order of the overview.
M.names = {
  "vise", "algorithms", "checkpoint", "coded", "data", "eval", "generate", "json", "linalg", "machine", "models",
  "nn", "observe", "ops", "picture", "plot", "quant_types", "safetensors", "samplers", "tokenizers", "workload",
  "tensor", "scheme", "coded_tensor", "packed", "rows", "observer", "generator", "safetensors_file", "tokenizer",
}

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

local function signature(ref, fn)
  local words = {}
  for i, argument in ipairs(fn.arguments) do
    local word = (i > 1 and ", " or "") .. argument[1]
    words[i] = argument.optional and "[" .. word .. "]" or word
  end
  local line = ("%s(%s)"):format(full_name(ref, fn), table.concat(words))
  return fn.returns and line .. " -> " .. fn.returns or line
end

--- A function's help.
---@param ref vise.Reference
---@param fn vise.Function
---@return string
function M.function_text(ref, fn)
  local out = { signature(ref, fn), "", text.wrap(fn.text, text.page_width(), "  ") }
  local names, types = 0, 0
  for _, argument in ipairs(fn.arguments) do
    names, types = math.max(names, #argument[1]), math.max(types, #argument[2])
  end
  local left = ("  %%-%ds  %%-%ds  "):format(names, types)
  local indent = (" "):rep(names + types + 6)
  for i, argument in ipairs(fn.arguments) do
    local about = argument[3]
    if argument.range then about = about .. "; " .. argument.range end
    if argument.default ~= nil then about = about .. "; default " .. tostring(argument.default) end
    local folded = text.wrap(about, text.page_width(), indent):gsub("^%s+", "")
    out[#out + 1] = (i == 1 and "\n" or "") .. left:format(argument[1], argument[2]) .. folded
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
