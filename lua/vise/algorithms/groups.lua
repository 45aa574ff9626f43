--- Groups of a matrix's columns as matrices: what runs over groups becomes a product.

local core = require "vise.core"
local try = require("vise.fail").try

local M = {}

--- 1 where a column belongs to a group: f32 [groups, columns].  The last group may be shorter.
---@param columns integer
---@param size integer
---@return vise.Tensor
function M.indicator(columns, size)
  local groups, values = (columns + size - 1) // size, {}
  for g = 0, groups - 1 do
    for c = 0, columns - 1 do values[#values + 1] = c // size == g and 1 or 0 end
  end
  return try(core.tensor_of("f32", { groups, columns }, values))
end

--- Each group's value over its columns: [rows, groups] -> f32 [rows, columns].  Exact, for a sum has
--- one term that is not 0.
---@param values vise.Tensor
---@param indicator vise.Tensor
---@return vise.Tensor
function M.spread(values, indicator)
  local wide <close> = try(values:to "f32")
  return try(core.matmul(wide, indicator))
end

--- The sum of each group's columns: f32 [rows, columns] -> [rows, groups].
---@param x vise.Tensor
---@param indicator vise.Tensor
---@return vise.Tensor
function M.sums(x, indicator)
  return try(core.matmul(x, indicator, { trans_b = true }))
end

--- The sum of each column: f32 [rows, columns] -> numbers.
---@param x vise.Tensor
---@return number[]
function M.column_sums(x)
  local rows, ones = x:shape(), {}
  for i = 1, rows do ones[i] = 1 end
  local row <close> = try(core.tensor_of("f32", { 1, rows }, ones))
  local sums <close> = try(core.matmul(row, x))
  return sums:totable()
end

--- The largest |x| of each group: f32 [rows, groups].
---@param x vise.Tensor  f32 [rows, columns]
---@param size integer
---@return vise.Tensor
function M.largest(x, size)
  local _, columns = x:shape()
  local scheme = core.scheme { bits = 4, granularity = "group", group = math.min(size, columns), convention = "amax" }
  local coded <close> = try(core.encode(scheme, x))
  return try(coded:tensors().scale:mul(7)) -- the scale is the largest over 7
end

return M
