--- Words of a command line into typed values, by a command's description.

local suggest = require "vise.suggest"

local M = {}

---@class vise.cli.Argument
---@field name string
---@field type string
---@field help string
---@field value? string       The word for the value in the help.
---@field optional? boolean
---@field repeatable? boolean
---@field rare? boolean  Left out of the short help.
---@field choices? string[]
---@field min? number
---@field max? number
---@field glob? string        For completion: the files that a path is among.
---@field complete? string    For completion: who knows the values, in vise.completion.sources.

---@class vise.cli.Option : vise.cli.Argument
---@field short? string
---@field default? any
---@field required? boolean

---@class vise.cli.Command
---@field name string
---@field summary string
---@field text? string
---@field arguments vise.cli.Argument[]
---@field options vise.cli.Option[]
---@field examples { [1]: string, [2]: string }[]
---@field commands? string[]  The names of its subcommands.
---@field run? fun(ctx: vise.cli.Context): integer?, string?, string?

local function range_of(spec)
  if spec.min and spec.max then return (" from %s to %s"):format(spec.min, spec.max) end
  if spec.min then return (" of at least %s"):format(spec.min) end
  if spec.max then return (" of at most %s"):format(spec.max) end
  return ""
end

local function in_range(spec, v)
  return v == v and not (spec.min and v < spec.min) and not (spec.max and v > spec.max)
end

-- What lies at `path`: "file", "folder", or nil, message, id.
local function look(path)
  local f, message, code = io.open(path, "rb")
  if not f then return nil, message, code == 13 and "E-US-07" or "E-US-06" end
  local _, problem, number = f:read(1)
  f:close()
  if problem == nil then return "file" end
  if number == 21 then return "folder" end
  return nil, ("%s: %s"):format(path, problem), "E-US-07"
end

local function existing(kind)
  return function(_, word)
    local found, message, id = look(word)
    if not found then return nil, message, id end
    if kind ~= "path" and found ~= kind then
      return nil, ("%s is a %s, expected a %s"):format(word, found, kind), "E-US-04"
    end
    return word
  end
end

-- Numbers are read as those of recipes: by one exact rule, with a word about what was meant.
local function exact(kind)
  return function(spec, word)
    local v, remark = require("vise.recipe.param_types").types[kind].read(word)
    if v and in_range(spec, v) then return v end
    return nil, ("'%s' is not %s%s%s"):format(word, kind == "integer" and "an integer" or "a number", range_of(spec),
      remark and ": " .. remark or "")
  end
end

-- Each reads one word: the value, or nil, message, id.
local readers = {
  string = function(_, word) return word end,
  place = function(_, word)
    if word == "" then return nil, "a path is empty" end
    return word
  end,
  integer = exact "integer",
  number = exact "number",
  choice = function(spec, word)
    for _, choice in ipairs(spec.choices) do
      if choice == word then return word end
    end
    return nil, ("'%s' is none of %s%s"):format(word, table.concat(spec.choices, ", "),
      suggest.hint(word, spec.choices))
  end,
  pair = function(_, word)
    local name, value = word:match "^(%+?[%a_][^=]*)=(.*)$"
    if name then return { name, value } end
    if word:find "^~[%a_][^=]*$" then return { word } end
    return nil, ("'%s' is not name=value"):format(word)
  end,
  file = existing "file",
  folder = existing "folder",
  path = existing "path",
}

--- The types that a description may use, besides "flag".
---@return string[]
function M.types()
  local names = {}
  for name in pairs(readers) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function key_of(spec)
  return (spec.name:gsub("-", "_"))
end

-- Puts one word where it belongs.  nil, message, id if it does not fit.
local function store(into, spec, shown, word)
  local value, message, id = readers[spec.type](spec, word)
  if value == nil then return nil, ("%s: %s"):format(shown, message), id or "E-US-04" end
  local key = key_of(spec)
  if spec.repeatable then
    into[key] = into[key] or {}
    table.insert(into[key], value)
  elseif into[key] ~= nil then
    return nil, ("%s is given twice"):format(shown), "E-US-05"
  else
    into[key] = value
  end
  return true
end

local function find_option(command, name, short)
  local names = { "--help" }
  for _, spec in ipairs(command.options) do
    if (short and spec.short or not short and spec.name) == name then return spec end
    names[#names + 1] = "--" .. spec.name
  end
  local given = (short and "-" or "--") .. name
  return nil, ("'vise %s' has no option '%s'%s"):format(command.name, given, suggest.hint(given, names)),
    "E-US-02"
end

-- Reads the option at words[i].  Returns the index of the last word used, or nil, message, id.
local function read_option(ctx, command, words, i)
  local word = words[i]
  local long, equals, attached = word:match "^%-%-([^=]+)(=?)(.*)$"
  local name, short = long, false
  if not long then
    name, attached, short = word:sub(2, 2), word:sub(3), true
    equals = attached ~= "" and "=" or ""
  end
  local spec, message, id = find_option(command, name, short)
  if not spec then return nil, message, id end
  local shown = "--" .. spec.name
  if spec.type == "flag" then
    if equals ~= "" then return nil, ("%s takes no value"):format(shown), "E-US-03" end
    ctx.options[key_of(spec)] = true
    return i
  end
  if equals == "" then
    i = i + 1
    attached = words[i]
    if attached == nil then return nil, ("%s needs a value"):format(shown), "E-US-03" end
  end
  local ok
  ok, message, id = store(ctx.options, spec, shown, attached)
  if not ok then return nil, message, id end
  return i
end

local function read_argument(ctx, command, word, position)
  local specs = command.arguments
  local spec = specs[math.min(position, #specs)]
  if not spec or position > #specs and not spec.repeatable then
    if command.commands and position == 1 then
      return nil, ("no command '%s %s'%s"):format(command.name, word, suggest.hint(word, command.commands)), "E-US-01"
    end
    return nil, ("'vise %s' does not expect '%s'"):format(command.name, word), "E-US-05"
  end
  return store(ctx.args, spec, spec.name:upper(), word)
end

-- Defaults, and what is missing.
local function complete(ctx, command)
  for _, spec in ipairs(command.arguments) do
    if ctx.args[key_of(spec)] == nil and not spec.optional then
      return nil, ("'vise %s' needs %s: %s"):format(command.name, spec.name:upper(), spec.help), "E-US-05"
    end
  end
  for _, spec in ipairs(command.options) do
    local key = key_of(spec)
    if ctx.options[key] == nil then
      if spec.required then
        return nil, ("'vise %s' needs --%s: %s"):format(command.name, spec.name, spec.help), "E-US-05"
      end
      ctx.options[key] = spec.default
      if spec.repeatable and spec.default == nil then ctx.options[key] = {} end
    end
  end
  return ctx
end

--- Reads the words after the command's name.
---@param command vise.cli.Command
---@param words string[]
---@return vise.cli.Context? ctx  With `help` = "short" or "long" if that was asked for.
---@return string? message
---@return string? id
function M.words(command, words)
  local ctx = { args = {}, options = {} }
  local i, position, only_arguments = 1, 0, false
  for _, word in ipairs(words) do
    if word == "--" then break end
    if word == "-h" then return { help = "short" } end
    if word == "--help" then return { help = "long" } end
  end
  while i <= #words do
    local word = words[i]
    if word == "--" and not only_arguments then
      only_arguments = true
    elseif word:find "^%-." and not only_arguments then
      local last, message, id = read_option(ctx, command, words, i)
      if not last then return nil, message, id end
      i = last
    else
      position = position + 1
      local ok, message, id = read_argument(ctx, command, word, position)
      if not ok then return nil, message, id end
    end
    i = i + 1
  end
  return complete(ctx, command)
end

return M
