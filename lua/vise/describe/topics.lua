--- What help can be asked about: commands, error ids, modules, classes, functions, fields, quant types
--- and recipes; found by name, or by words.

local describe = require "vise.describe"
local suggest = require "vise.suggest"
local text = require "vise.text"

local M = {}

---@class vise.Topic
---@field name string      As it is written: "vise.plan", "tensor:rows", "E-ST-07".
---@field kind "command"|"error"|"module"|"class"|"type"|"function"|"field"|"quant type"|"recipe"
---@field summary string
---@field show fun(): string

local function command_topics(add)
  local cli = require "vise.cli"
  for _, name in ipairs(cli.names) do
    local command = cli.command(name)
    add { name = name, kind = "command", summary = command.summary,
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

local function quant_type_help(type)
  return ("%s: %s\n\n  %s\n  use: vise.quantize(model, { quant_type = \"%s\"%s })\n"):format(type.name, type.summary,
    type.calibrated and "needs calibration: a calibrate function, or statistics" or "needs no calibration", type.name,
    type.calibrated and ", calibrate = f" or "")
end

local function quant_type_topics(add)
  local quant_types = require "vise.quant_types"
  for _, name in ipairs(quant_types.forms) do
    local type = quant_types.parse(name)
    add { name = name, kind = "quant type", summary = type.summary, show = function() return quant_type_help(type) end }
  end
end

local function error_help(id, entry)
  local lines = { id .. ": " .. entry.title, "" }
  if entry.explain then
    lines[#lines + 1] = text.wrap(entry.explain, text.page_width(), "  ")
    lines[#lines + 1] = ""
  end
  lines[#lines + 1] = text.wrap("next: " .. entry.next, text.page_width(), "  ")
  return table.concat(lines, "\n") .. "\n"
end

local function error_topics(add)
  local errors = require "vise.errors"
  local ids = {}
  for id in pairs(errors) do ids[#ids + 1] = id end
  table.sort(ids)
  for _, id in ipairs(ids) do
    local entry = errors[id]
    add { name = id, kind = "error", summary = entry.title, show = function() return error_help(id, entry) end }
  end
end

local sources = { command_topics, part_topics, quant_type_topics, error_topics }

--- All topics, commands first.
---@return vise.Topic[]
function M.all()
  local list = {}
  for _, source in ipairs(sources) do source(function(topic) list[#list + 1] = topic end) end
  return list
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

--- The topics in whose name or summary all of the words stand; those with a name that has them first.
---@param words string
---@return vise.Topic[]
function M.search(words)
  local named, about = {}, {}
  for _, topic in ipairs(M.all()) do
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
  return table.move(about, 1, #about, #named + 1, named)
end

-- Topics as a table of text.
local function listed(words, found)
  local rows, width = {}, text.page_width()
  for i, topic in ipairs(found) do
    rows[i] = { topic.name, topic.kind, topic.summary }
  end
  local lines = {}
  for line in text.columns(rows, "  "):gmatch "[^\n]+" do
    lines[#lines + 1] = #line > width and line:sub(1, width - 3) .. "..." or line
  end
  return ("%d topics on \"%s\"\n\n%s\n"):format(#found, text.escape(words), table.concat(lines, "\n"))
end

--- The help of a topic: of all that have the name, or a list of what the words are found in.
---@param topic string
---@return string? shown
---@return string? message
---@return string? id
function M.help(topic)
  local all = M.all()
  local found = exact(all, topic)
  if #found == 0 and #topic > 1 then
    found = M.search(topic)
    if #found > 1 then return listed(topic, found) end
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
