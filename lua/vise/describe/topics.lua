--- What help can be asked about: commands, error ids, modules, classes, functions, fields, quant types
--- and recipes; found by name, or by words.

local describe = require "vise.describe"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Topic
---@field name string      As it is written: "vise.plan", "tensor:rows", "E-ST-07".
---@field kind "command"|"error"|"module"|"class"|"type"|"function"|"field"|"method"|"quant type"|"recipe"
---@field summary string
---@field show fun(): string

local function command_topics(add)
  local cli = require "vise.cli"
  for _, path in ipairs(cli.paths()) do
    local command = cli.command(path)
    add { name = path, kind = "command", summary = command.summary,
      show = function() return require("vise.cli.usage").command(command, true) end }
  end
end

-- The first sentence of a text, without its full stop.
local function first_sentence(of)
  return (of:match "^(.-)%.%f[%s\0]" or of:gsub("%.$", ""))
end

local function part_topics(add)
  local words = require "vise.describe.text"
  for _, ref in describe.each() do
    add { name = ref.name, alias = ref.class or "vise." .. ref.name, kind = ref.kind, summary = ref.summary,
      show = function() return words.of_part(ref) end }
    for _, list in ipairs { ref.records or {}, ref.aliases or {} } do
      for _, record in ipairs(list) do
        add { name = record[1], kind = "type", summary = record[2],
          show = function() return words.of_record(record) end }
      end
    end
    for _, fn in ipairs(ref.functions) do
      add { name = describe.full_name(ref, fn), last = fn.name:match "[^.]*$", kind = "function",
        summary = first_sentence(fn.text), show = function() return words.of_function(ref, fn) end }
    end
    if ref.class == "vise.ConfigFields" or ref.class == "vise.SvdqOptions" then
      for _, field in ipairs(ref.fields) do
        add { name = field[1], alias = "config." .. field[1], kind = "field", summary = field[3],
          show = function() return words.of_field(ref, field) end }
      end
    end
  end
end

-- What `vise explain` says of a name.
local function explained(name)
  return function() return (assert(require("vise.explain").topic(name))) end
end

local function sorted_names(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function method_topics(add)
  local methods = require "vise.explain.methods"
  for _, name in ipairs(sorted_names(methods)) do
    add { name = name, kind = "method", summary = methods[name].title, show = explained(name) }
  end
  for _, name in ipairs(sorted_names(require("vise.algorithms.methods").registered())) do
    add { name = name, kind = "method", summary = "registered by a script", show = explained(name) }
  end
end

local function quant_type_topics(add)
  local quant_types = require "vise.quant_types"
  for _, name in ipairs(quant_types.forms) do
    add { name = name, kind = "quant type", summary = quant_types.parse(name).summary, show = explained(name) }
  end
end

local function error_topics(add)
  local errors = require "vise.errors"
  for _, id in ipairs(sorted_names(errors)) do
    add { name = id, kind = "error", summary = errors[id].title, show = explained(id) }
  end
end

-- Reads the headers of recipes that anyone may have written: one that is broken is left out.
local function recipe_topics(add)
  for _, found in ipairs(require("vise.recipe.search").list()) do
    local recipe = require("vise.recipe").read(found.folder)
    if recipe then
      local summary = text.escape(recipe.header.summary or "")
      add { name = found.name, kind = "recipe", summary = summary, show = function()
        return ("%s: %s\n\n  a recipe; `vise recipes show %s` says more\n"):format(found.name, summary, found.name)
      end }
    end
  end
end

-- Those that are quick to list, and those that are looked at when nothing else has a name.
local QUICK = { command_topics, part_topics, method_topics, quant_type_topics, error_topics }
local SLOW = { recipe_topics }

local function collect(sources, list)
  for _, source in ipairs(sources) do source(function(topic) list[#list + 1] = topic end) end
  return list
end

--- All topics, commands first.
---@return vise.Topic[]
function M.all()
  return collect(SLOW, collect(QUICK, {}))
end

-- A name without what may be left out: "vise.", capitals, the difference between "." and ":".
local function plain(name)
  return (name:lower():gsub(":", "."):gsub("^vise%.", ""))
end

-- The topics of a name: those called so; else those whose last word it is.
local function exact(list, name)
  local wanted, found, ended = plain(name), {}, {}
  for _, topic in ipairs(list) do
    if plain(topic.name) == wanted or topic.alias and plain(topic.alias) == wanted then
      found[#found + 1] = topic
    elseif topic.last and topic.last:lower() == wanted then
      ended[#ended + 1] = topic
    end
  end
  return #found > 0 and found or ended
end

--- The topics in whose name all of the words stand, and those where they stand in the summary as well.
---@param words string
---@param list? vise.Topic[]
---@return vise.Topic[] named
---@return vise.Topic[] about
function M.search(words, list)
  local named, about = {}, {}
  for _, topic in ipairs(list or M.all()) do
    local name, line = topic.name:lower(), topic.summary:lower()
    local in_name, in_line = true, true
    for word in words:lower():gmatch "%S+" do
      in_name = in_name and name:find(word, 1, true) ~= nil
      in_line = in_line and (name:find(word, 1, true) or line:find(word, 1, true)) ~= nil
    end
    if in_name then
      named[#named + 1] = topic
    elseif in_line then
      about[#about + 1] = topic
    end
  end
  return named, about
end

local FEW = 12 -- topics by name: with fewer of them, those that only mention the words are shown too

-- Topics as a table of text.
local function listed(words, named, about)
  local rows, lines, width, total = {}, {}, text.page_width(), #named + #about
  local shown = table.move(about, 1, #named < FEW and #about or 0, #named + 1, table.move(named, 1, #named, 1, {}))
  for i, topic in ipairs(shown) do rows[i] = { topic.name, topic.kind, topic.summary } end
  for line in text.columns(rows, "  "):gmatch "[^\n]+" do
    lines[#lines + 1] = #line > width and line:sub(1, width - 3) .. "..." or line
  end
  local rest = total - #shown
  return ("%d topics on \"%s\"\n\n%s\n%s"):format(total, text.escape(words), table.concat(lines, "\n"),
    rest > 0 and ("\n  %d more mention it; a second word finds fewer\n"):format(rest) or "")
end

--- The help of a topic: of all that have the name, or a list of what the words are found in.
---@param topic string
---@return string? shown
---@return string? message
---@return string? id
function M.help(topic)
  local all = collect(QUICK, {})
  local found = exact(all, topic)
  if #found == 0 then found = exact(collect(SLOW, all), topic) end
  if #found == 0 and #topic > 1 then
    local named, about = M.search(topic, all)
    found = #named > 0 and named or about
    if #named + #about > 1 then return listed(topic, named, about) end
  end
  if #found == 0 then
    local names = {}
    for _, known in ipairs(all) do
      names[#names + 1] = (known.name:gsub("^vise%.", ""))
      names[#names + 1] = known.last
    end
    return nil, ("no help on '%s'%s"):format(text.escape(topic), suggest.hint(topic, names)), "E-US-08"
  end
  local shown = {}
  for i, known in ipairs(found) do shown[i] = known.show() end
  return table.concat(shown, "\n")
end

return M
