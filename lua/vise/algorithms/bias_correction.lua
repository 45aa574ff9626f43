--- Bias correction (arXiv 1906.04721): the mean error of the outputs is taken off the bias.
---
---   b + mean over the rows of  x W' - Q(x) Q(W)'
---
--- with W what was left to round, so that the error of a rounded branch counts too, and Q(x) what the
--- type's codes stand for: x itself where activations stay float.

local core = require "vise.core"
local trial = require "vise.algorithms.trial"
local try = require("vise.fail").try

local M = {}

-- The mean row of a matrix, as a matrix of one row.
local function mean_row(x)
  local mean <close> = try(x:fold "mean")
  return try(mean:reshape { 1, mean:count() })
end

--- What the outputs lack on average.
---@param layer vise.LayerWork
---@param coded vise.Coded
---@return vise.Tensor  f32 [out]
function M.shift(layer, coded)
  local seen <close> = trial.as_coded(layer.samples, layer.type)
  local x <close> = mean_row(layer.samples)
  local x_seen <close> = mean_row(seen)
  local weight <close> = try(coded:decode())
  local wanted <close> = try(core.linear(x, layer.weight))
  local given <close> = try(core.linear(x_seen, weight))
  local rest <close> = try(wanted:sub(given))
  return try(rest:reshape { layer.shape[1] })
end

---@type vise.Method
M.method = {
  name = "bias_correction", needs = { "samples" }, rows = 1024, bias = true, copies = 1,
  finish = function(layer, coded)
    local shift = M.shift(layer, coded)
    if layer.bias then
      local bias <close> = try(layer.bias:to "f32")
      try(shift:add(bias, shift))
    end
    layer.parts.bias = shift
  end,
}

return M
