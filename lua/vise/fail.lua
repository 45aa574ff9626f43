--- Raising and returning errors that carry an id.
---
--- A script's own mistake raises "E-XX-nn: message".  The world's failure (files, memory, data,
--- Ctrl-C) returns nil, message, id, as the C functions do; inside a long computation it travels as
--- a raised vise.Failure, and the function that people call turns it back.

local M = {}

---@class vise.Failure
---@field id string
---@field message string
local Failure = {}
Failure.__index = Failure

function Failure:__tostring()
  return self.id .. ": " .. self.message
end

local function filled(text, ...)
  return select("#", ...) > 0 and text:format(...) or text
end

--- Raises a script's mistake.
---@param id string
---@param text string  A format string, then what it formats.
function M.raise(id, text, ...)
  error(id .. ": " .. filled(text, ...), 0)
end

--- Returns a failure of the world.
---@param id string
---@param text string
---@return nil
---@return string message
---@return string id
function M.fail(id, text, ...)
  return nil, filled(text, ...), id
end

--- Passes results through; raises a vise.Failure for nil, message, id.
---@generic T
---@param value T?
---@param message? string
---@param id? string
---@return T
function M.try(value, message, id, ...)
  if value ~= nil then return value, message, id, ... end
  error(id and setmetatable({ id = id, message = message }, Failure) or message, 0)
end

local function settle(ok, value, ...)
  if ok then return value, ... end
  if getmetatable(value) == Failure then return nil, value.message, value.id end
  error(value, 0)
end

--- Calls `f(...)`; a vise.Failure raised in it comes back as nil, message, id, any other error goes
--- on up.
function M.catch(f, ...)
  return settle(pcall(f, ...))
end

--- Takes a raised message apart: "place: ID: text" is the id and the text.
---@param message string
---@return string? id
---@return string message
function M.split(message)
  local id, rest = message:match "(E%-%u%u%-%d%d): (.*)$"
  if id then return id, rest end
  -- What Lua's own checks of arguments say.
  if message:find "bad argument #%d+ to '" then return "E-US-14", message end
  return nil, message
end

--- The traceback of what is being raised, for a message handler of xpcall: from where it was raised up
--- to the xpcall, since what is above that is always the same.
---@return string
function M.trace()
  return (debug.traceback(nil, 3):gsub("\n%s*%[C%]: in function 'xpcall'.*$", ""))
end

--- Runs steps that must not stay halfway, such as swapping layers in.  They have to be such that doing
--- them again does no harm: when Ctrl-C raises in the middle they are done again, and then it is raised.
---@param f fun()
function M.whole(f)
  local ok, problem = pcall(f)
  if ok then return end
  f()
  error(problem, 0)
end

return M
