--- Raising and returning errors that carry an id.
---
--- A script's own mistake raises `"E-XX-nn: message"`; the world's failure (files, memory, data)
--- returns `nil, message, id`, as the C functions do.  Inside a long computation such a failure
--- travels as a raised value (`try`), and the function that people call turns it back (`catch`).

local M = {}

---@class vise.Failure
---@field message string
---@field id string
local Failure = {}
Failure.__index = Failure

function Failure:__tostring()
  return self.id .. ": " .. self.message
end

--- Raises a script's mistake.
---@param id string
---@param text string  A format string, then its arguments.
function M.raise(id, text, ...)
  error(("%s: %s"):format(id, select("#", ...) > 0 and text:format(...) or text), 0)
end

--- Returns a failure of the world.
---@param id string
---@param text string
---@return nil
---@return string message
---@return string id
function M.fail(id, text, ...)
  return nil, select("#", ...) > 0 and text:format(...) or text, id
end

--- Passes results through; raises nil, message, id as one value that `catch` knows.
---@generic T
---@param value T?
---@param message? string
---@param id? string
---@return T
function M.try(value, message, id, ...)
  if value ~= nil then return value, message, id, ... end
  error(setmetatable({ message = message, id = id }, Failure), 0)
end

local function settle(ok, value, ...)
  if ok then return value, ... end
  if getmetatable(value) == Failure then return nil, value.message, value.id end
  error(value, 0)
end

--- Calls `f(...)`.  What `try` raised in it comes back as nil, message, id; any other error goes on.
---@param f function
function M.catch(f, ...)
  return settle(pcall(f, ...))
end

return M
