--- The command line: finds the command, reads its arguments, runs it, answers for it.
---
--- A command is one file, lua/vise/cli/NAME.lua, that returns a description:
---
---   {
---     name = "inspect",
---     summary = "one line, for the list of commands",
---     text = "a longer text for --help",                       -- optional
---     arguments = {                                            -- in order
---       { name = "path", type = "path", help = "...", optional = true, repeatable = true },
---     },
---     options = {
---       { name = "rows", short = "n", type = "integer", default = 20, help = "..." },
---       { name = "json", type = "flag", help = "..." },
---     },
---     examples = { { "vise inspect model.safetensors", "what it shows" } },
---     run = function(ctx) return 0 end,
---   }
---
--- For completion in a shell `glob` says which files a path is among, `complete` names the source of
--- vise.completion.sources that knows the values.
---
--- Types: flag, string, integer and number (both with `min`, `max`), choice (with `choices`),
--- pair (name=value), file, folder, path (these three must exist), place (need not exist).
--- `repeatable` collects a list; `value` is the word for the value in the help; `required` is
--- for options, of which the short help leaves out `rare` ones.  Optional and last may be an argument,
--- repeatable only the last one.
---
--- A command of commands has `commands = { "list", "show" }`: each is a description of its own in
--- lua/vise/cli/NAME/SUB.lua, and `vise NAME SUB ...` runs it.  Its arguments, options and `run` may
--- then be left out; with a `run` it also does something without the word of a subcommand.
---
--- `run` gets { args, options, interrupted } with the values under their names (dashes become
--- underscores) and returns an exit status, or nil, message, id.  A command requires what it
--- needs inside `run`, so that asking for help stays fast.

local M = {}

--- The commands, in the order of the help.
M.names = {
  "demo", "run", "runs", "rerun", "diff", "recipes",
  "inspect", "calibrate", "stats", "eval", "compare", "verify", "export",
  "bench", "doctor",
  "repl",
  "explain", "help",
  "completion", "docs",
}

---@class vise.cli.Context
---@field args table<string, any>
---@field options table<string, any>
---@field interrupted fun(clear?: boolean): boolean

local function has(names, name)
  for _, known in ipairs(names) do
    if known == name then return true end
  end
  return false
end

--- The description of a command.
---@param path string  Its name; for a subcommand all its words, as in "recipes list".
---@return vise.cli.Command? command  nil if there is none of that name.
function M.command(path)
  local found, names, name = nil, M.names, nil
  for word in path:gmatch "%S+" do
    if not has(names, word) then return nil end
    name = name and name .. " " .. word or word
    found = require("vise.cli." .. name:gsub(" ", "."))
    -- Who shows a command wants the words that call it.
    found.name = name
    found.arguments, found.options = found.arguments or {}, found.options or {}
    names = found.commands or {}
  end
  return found
end

--- The paths of all commands, each followed by its subcommands.
---@return string[]
function M.paths()
  local paths = {}
  local function add(name)
    paths[#paths + 1] = name
    for _, sub in ipairs(M.command(name).commands or {}) do add(name .. " " .. sub) end
  end
  for _, name in ipairs(M.names) do add(name) end
  return paths
end

--- The command that words begin with, and the words that are left for it.
---@param words string[]
---@return vise.cli.Command? command
---@return string[] rest
function M.find(words)
  local found, used = nil, 0
  for i, word in ipairs(words) do
    local next_one = M.command(table.concat(words, " ", 1, i))
    if word:find "%s" or not next_one then break end
    found, used = next_one, i
  end
  return found, table.move(words, used + 1, #words, 1, {})
end

-- Is this word the path of a script, not the name of a command?
local function is_script(word)
  return word:find "%.lua$" ~= nil or word:find("/", 1, true) ~= nil
end

-- Runs a script the way `lua` would, with the global `arg`.
local function run_script(args)
  local failure = require "vise.cli.failure"
  local script = args[1]
  local f, message, code = io.open(script, "rb")
  if not f then
    local id = code == 13 and "E-US-07" or "E-US-06"
    return failure.report(id, ("script %s"):format(message))
  end
  f:close()
  local chunk, syntax = loadfile(script)
  if not chunk then return failure.report("E-US-09", syntax) end
  _G.arg = table.move(args, 2, #args, 1, { [-1] = args[0], [0] = script })
  local ok, raised = xpcall(chunk, failure.trace, table.unpack(_G.arg))
  if ok then return 0 end
  return failure.script(raised)
end

local function run_command(command, words, interrupted)
  local failure = require "vise.cli.failure"
  local parse = require "vise.cli.parse"
  if not command.run and #words == 0 then words = { "-h" } end
  local ctx, message, id = parse.words(command, words)
  if not ctx then return failure.report(id, message, command) end
  if ctx.help then
    io.stdout:write(require("vise.cli.usage").command(command, ctx.help == "long"))
    return 0
  end
  ctx.interrupted = interrupted
  local ok, status, why, why_id = xpcall(command.run, failure.trace, ctx)
  if not ok then return failure.raised(status) end
  if status == nil then return failure.report(why_id, why) end
  io.stdout:flush()
  return status
end

--- Runs the program.
---@param args string[]  The program's arguments, from 0.
---@param interrupted fun(clear?: boolean): boolean  Was Ctrl-C pressed?
---@return integer status  The exit status.
function M.main(args, interrupted)
  local first = args[1]
  if first == nil or first == "-h" or first == "--help" then
    local usage = require "vise.cli.usage"
    io.stdout:write(first and usage.program(first == "--help") or usage.invitation())
    return 0
  end
  if first == "--version" or first == "-V" then
    io.stdout:write("vise ", require "vise.version", "\n")
    return 0
  end
  if first == "--complete" then
    return require("vise.completion").print(table.move(args, 2, #args, 1, {}))
  end
  local command, rest = M.find(table.move(args, 1, #args, 1, {}))
  if command then return run_command(command, rest, interrupted) end
  if is_script(first) then return run_script(args) end

  local failure = require "vise.cli.failure"
  local hint = require("vise.suggest").hint(first, M.names)
  if first:sub(1, 1) == "-" then
    return failure.report("E-US-02", ("no option '%s' before a command"):format(first))
  end
  return failure.report("E-US-01", ("no command '%s'%s"):format(first, hint))
end

return M
