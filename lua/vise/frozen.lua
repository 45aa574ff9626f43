--- Tables that cannot be changed: what was checked when it was made stays true.

local fail = require "vise.fail"

local M = {}

--- Makes a read-only copy of a table, and of every plain table in it.  ipairs, pairs and # work as
--- on the table itself.
---@param t table
---@param what string      Named in the message of whoever tries to change it.
---@param methods? table   Found beside the fields.
---@return table
function M.freeze(t, what, methods)
  local copy = setmetatable({}, methods and { __index = methods })
  for key, value in pairs(t) do
    local plain = type(value) == "table" and getmetatable(value) == nil
    copy[key] = plain and M.freeze(value, what) or value
  end
  return setmetatable({}, {
    __name = what,
    __index = copy,
    __len = function() return #copy end,
    __pairs = function() return next, copy, nil end,
    __newindex = function(_, key)
      fail.raise("E-CF-07", "%s cannot be changed (field '%s'): make another one, vise.config { from = cfg, ... }",
        what, tostring(key))
    end,
  })
end

--- Whether somebody went past the lock, with rawset.
---@param frozen table
---@return string? key  The field that was set.
function M.broken(frozen)
  local key = next(frozen)
  if key ~= nil then return tostring(key) end
  for _, value in pairs(frozen) do
    local meta = type(value) == "table" and getmetatable(value)
    local inner = meta and meta.__newindex and M.broken(value)
    if inner then return inner end
  end
  return nil
end

return M
