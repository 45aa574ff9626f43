--- How the program says that something failed, and its exit status.

local errors = require "vise.errors"
local fail = require "vise.fail"
local text = require "vise.text"

local M = {}

--- What each exit status means.
M.meanings = {
  { 0, "done" },
  { 1, "done, but a threshold failed, `compare` found a difference or `doctor` a fault; or a plain script failed" },
  { 64, "the command line, a configuration or a plan is wrong" },
  { 65, "the data is wrong: a file that breaks its own format, a number that is not finite" },
  { 66, "an input is missing" },
  { 70, "a bug in vise; only then a traceback is printed" },
  { 71, "the machine ran out of memory or threads" },
  { 73, "an output cannot be made" },
  { 74, "reading or writing failed" },
  { 77, "permission denied" },
  { 78, "the environment is set wrong" },
  { 130, "interrupted: the first Ctrl-C stops the work in order, the second kills" },
}

-- The status by the prefix of the id; an entry of the error table may say otherwise.
local by_prefix = {
  MM = 71, HW = 78, FS = 74, US = 64, CF = 64, CP = 64, PL = 64, RN = 130,
}

--- The exit status of an error id.
---@param id? string
---@return integer
function M.status(id)
  if not id then return 70 end
  local entry = errors[id]
  return entry and entry.exit or by_prefix[id:sub(3, 4)] or 65
end

local function say(id, message)
  local line = id and not message:find(id, 1, true) and id .. ": " .. message or message
  io.stdout:flush()
  io.stderr:write("vise: ", text.escape_lines(line), "\n")
  local entry = id and errors[id]
  if entry then io.stderr:write("  next: ", entry.next, "\n") end
end

--- Prints a failure that was returned.
---@param id? string
---@param message string
---@param command? vise.cli.Command  Whose command line it was.
---@return integer status
function M.report(id, message, command)
  say(id, tostring(message))
  if command then io.stderr:write(("  usage: vise %s --help\n"):format(command.name)) end
  return M.status(id)
end

--- For xpcall: the error with its traceback.
---@param raised any
---@return { message: string, trace: string }
function M.trace(raised)
  if type(raised) == "table" and rawget(raised, "trace") then return raised end
  return { message = tostring(raised), trace = fail.trace() }
end

--- Prints an error that a command raised.  Without an id it is a bug of ours.
---@param raised { message: string, trace: string }
---@return integer status
function M.raised(raised)
  local id, message = fail.split(raised.message)
  if id then return M.report(id, message) end
  say("E-US-10", message)
  io.stderr:write(text.escape_lines(raised.trace), "\n")
  return M.status "E-US-10"
end

--- Prints an error that a plain script raised, as `lua` does.
---@param raised { message: string, trace: string }
---@return integer status
function M.script(raised)
  local id = fail.split(raised.message)
  say(nil, raised.message)
  if id and errors[id] then
    io.stderr:write("  next: ", errors[id].next, "\n")
    return M.status(id)
  end
  io.stderr:write(text.escape_lines(raised.trace), "\n")
  return 1
end

return M
