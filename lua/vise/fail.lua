--- Raising and returning errors that carry an id.
---
--- A script's own mistake raises `"E-XX-nn: message"`; the world's failure (files, memory, data)
--- returns `nil, message, id`, as the C functions do.

local M = {}

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

return M
