--- Distances of one tensor from another.

local core = require "vise.core"

local M = {}

---@class vise.Measures
---@field mae number
---@field rmse number
---@field max_abs number
---@field rel_l2 number  ||a - b|| / max(||b||, 1e-12)
---@field cosine number
---@field sqnr number    dB

--- Measures `a` against `b` in double precision, all at once.
---@param a vise.Tensor
---@param b vise.Tensor
---@return vise.Measures? measures
---@return string? message
---@return string? id
function M.compare(a, b)
  return core.compare(a, b)
end

M.public = { compare = M.compare }

return M
