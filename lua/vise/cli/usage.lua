--- The help of the program and of each command, made from the descriptions.

local phrases = require "vise.cli.phrases"
local text = require "vise.text"

local M = {}

local function synopsis(command, long)
  local line = "vise " .. command.name
  -- An option and its value stay on one line.
  local words = table.concat(phrases.synopsis(command, long), "\n"):gsub(" ", "\0"):gsub("\n", " ")
  local folded = text.wrap(words, text.page_width(), (" "):rep(#line + 8))
  return ("usage: %s %s\n"):format(line, folded:gsub("^%s+", ""):gsub("%z", " "))
end

-- Two columns: words on the left, folded help on the right.
local function listing(rows)
  local left = 0
  for _, row in ipairs(rows) do left = math.max(left, #row[1]) end
  left = math.min(left, 30, text.page_width() // 2)
  local out = {}
  for _, row in ipairs(rows) do
    local help = text.wrap(row[2], text.page_width(), (" "):rep(left + 4))
    if #row[1] <= left then
      out[#out + 1] = ("  %s%s%s"):format(row[1], (" "):rep(left + 2 - #row[1]), help:gsub("^%s+", ""))
    else
      out[#out + 1] = ("  %s\n%s"):format(row[1], help)
    end
  end
  return table.concat(out, "\n") .. "\n"
end

-- The names and summaries of commands, of the program or of the command `of`.
local function command_rows(names, of)
  local cli, rows = require "vise.cli", {}
  for i, name in ipairs(names) do
    rows[i] = { name, cli.command(of and of .. " " .. name or name).summary }
  end
  return rows
end

local function option_row(spec, long)
  return { (spec.short and "" or "    ") .. phrases.option(spec), phrases.option_help(spec, long) }
end

--- The help of one command.
---@param command vise.cli.Command
---@param long boolean  With text and examples.
---@return string
function M.command(command, long)
  local title = ("vise %s: %s\n\n"):format(command.name, command.summary)
  local out = { text.wrap(title, text.page_width()), synopsis(command, long) }
  if long and #command.examples > 0 then
    out[#out + 1] = "\nexamples\n"
    for _, example in ipairs(command.examples) do
      out[#out + 1] = ("  %s\n      %s\n"):format(example[1], example[2])
    end
  end
  if long and command.text then
    out[#out + 1] = "\n" .. text.wrap(command.text, text.page_width()) .. "\n"
  end
  if command.commands then out[#out + 1] = "\ncommands\n" .. listing(command_rows(command.commands, command.name)) end
  local rows = {}
  for _, spec in ipairs(command.arguments) do rows[#rows + 1] = { spec.name:upper(), spec.help } end
  if #rows > 0 then out[#out + 1] = "\narguments\n" .. listing(rows) end
  rows = {}
  local rare = 0
  for _, spec in ipairs(command.options) do
    rare = rare + (spec.rare and not long and 1 or 0)
    if long or not spec.rare then rows[#rows + 1] = option_row(spec, long) end
  end
  if rare > 0 then rows[#rows + 1] = { "    ...", ("and %d more, which --help shows"):format(rare) } end
  rows[#rows + 1] = { "-h, --help", "the short or the whole help" }
  out[#out + 1] = "\noptions\n" .. listing(rows)
  return table.concat(out)
end

local ABOUT = "vise holds the work and squeezes it: post-training quantization, scripted in Lua\n\n"

-- What someone does who meets the program for the first time: the words, and what comes of them.
local FIRST = {
  { "vise demo", "quantizes a small model in seconds and opens its report" },
  { "vise doctor", "says what this machine can do, and what is wrong with it" },
  { "vise recipes", "lists what is ready to be run" },
  { "vise run int8 -m MODEL -o OUT", "runs one on a model of yours" },
  { "vise inspect MODEL", "shows what is in a file or folder" },
  { "vise repl", "takes Lua line by line; `help()` explains" },
  { "vise --help", "lists every command; `vise COMMAND --help` explains one" },
}

--- What to do first: the words, and what comes of them.
---@return { [1]: string, [2]: string }[]
function M.first_steps()
  return FIRST
end

--- What the program says when it is called alone: at most a screen.
---@return string
function M.invitation()
  return ABOUT .. "to begin\n" .. listing(FIRST) .. "\ncommands\n"
    .. text.wrap(table.concat(require("vise.cli").names, " "), text.page_width(), "  ") .. "\n"
end

--- The help of the program.
---@param long boolean
---@return string
function M.program(long)
  local rows = command_rows(require("vise.cli").names)
  rows[#rows + 1] = { "FILE.lua ...", "runs a plain Lua script, with the rest as its arguments" }
  local out = {
    ABOUT,
    "usage: vise COMMAND ...      vise COMMAND --help      vise --version\n\n",
    listing(rows),
  }
  if long then out[#out + 1] = "\n" .. M.environment() .. "\n" .. M.statuses() end
  return table.concat(out)
end

--- The environment variables that the program reads.
---@return string
function M.environment()
  return "environment\n" .. listing(require "vise.cli.environment")
end

--- What the exit statuses mean.
---@return string
function M.statuses()
  local rows = {}
  for _, entry in ipairs(require("vise.cli.failure").meanings) do
    rows[#rows + 1] = { ("%d"):format(entry[1]), entry[2] }
  end
  return "exit status\n" .. listing(rows)
end

return M
