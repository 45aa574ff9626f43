--- Searched smoothing, as deepcompressor does it: s = a^alpha / w^beta, with (alpha, beta) from a
--- grid, judged by the layer's output on inputs that calibration saw.
---
---   candidates  (0, 0), and for i = 1 .. grid - 1: (i/grid, 0) and (i/grid, 1 - i/grid)
---   score       sum of squares of y^ - x W', where y^ is what the quantized layer answers:
---               weights split and coded, activations coded
---
--- The first candidate of the least score wins, so that equal ones resolve to the mildest.

local core = require "vise.core"
local smoothing = require "vise.algorithms.smoothing"
local try = require("vise.fail").try

local M = {}

---@param grid integer
---@return number[][]  { alpha, beta } each
function M.candidates(grid)
  local list = { { 0.0, 0.0 } }
  for i = 1, grid - 1 do
    list[#list + 1] = { i / grid, 0.0 }
    list[#list + 1] = { i / grid, 1 - i / grid }
  end
  return list
end

---@class vise.SmoothingSearch
---@field alpha number
---@field beta number
---@field error number      rel-L2 of the output at the best candidate
---@field plain number      The same without smoothing.

--- Finds the best smoothing of a layer.
---@param weight vise.Tensor   f32 [out, in]
---@param span vise.Tensor     f32 [in], of the activations
---@param samples vise.Tensor  f32 [n, in]: inputs of the layer
---@param storage "f16"|"bf16"
---@param grid integer
---@param answer fun(smooth: vise.Tensor): vise.Tensor  What the quantized layer gives for `samples`.
---@return vise.Tensor smooth
---@return vise.SmoothingSearch info
function M.best(weight, span, samples, storage, grid, answer)
  local weight_span <close> = smoothing.weight_span(weight)
  local a, w = span:totable(), weight_span:totable()
  local wanted <close> = try(core.linear(samples, weight))
  local best, info
  for _, candidate in ipairs(M.candidates(grid)) do
    local alpha, beta = candidate[1], candidate[2]
    local smooth = smoothing.stored(smoothing.ratios(a, w, alpha, beta), storage)
    local y <close> = answer(smooth)
    local error = try(core.compare(y, wanted)).rel_l2
    info = info or { plain = error, error = math.huge }
    if error < info.error then
      if best then best:close() end
      best, info.alpha, info.beta, info.error = smooth, alpha, beta, error
    else
      smooth:close()
    end
  end
  return best, info
end

return M
