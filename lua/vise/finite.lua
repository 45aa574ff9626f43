--- Numbers that are not finite, which JSON has no word for.

local core = require "vise.core"

local M = {}

--- Is `v` a number, and neither NaN nor infinite?
---@param v any
---@return boolean
function M.is(v)
  return type(v) == "number" and math.abs(v) < math.huge
end

local function is_odd(v)
  return type(v) == "number" and not M.is(v)
end

--- `v`, with null for a number that is not finite.
---@param v any
---@return any
function M.or_null(v)
  if is_odd(v) then return core.null end
  return v
end

--- `v`, with "inf", "-inf" or "nan" for a number that is not finite.
---@param v any
---@return any
function M.or_word(v)
  if not is_odd(v) then return v end
  return v ~= v and "nan" or tostring(v)
end

return M
