--- AWQ (arXiv 2306.00978): channels whose input is large get finer codes.  The weight is multiplied by
--- s before it is rounded, the input divided by it; s comes from a grid, judged by the outputs.
---
---   x_j = mean |x_j|
---   w_j = mean over the outputs of all layers given this input of |W_oj| / (largest of its group + 1e-6)
---   s_j = x_j^r                       with duo scaling:  x_j^r / (w_j^(1 - r) + 1e-4)
---   s_j at least 1e-4, then s / sqrt(max s  min s);  r = 0, 1/grid, ..., (grid - 1)/grid
---
--- `duo` is "off" (llm-awq), "on" (AutoAWQ) or "both": first the grid without, then with it.  The error
--- is that of the layers' own answers, sum of tr(D M D') by the second moments of their input, not that
--- of the block they stand in; the first of equals wins.  Types that code activations are judged by
--- their rows (vise.algorithms.trial).  The scales are divided out as the input is coded; nothing is
--- folded into the layer before.

local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"
local smoothing = require "vise.algorithms.smoothing"
local trial = require "vise.algorithms.trial"
local try = require("vise.fail").try

local M = {}

local FLOOR, GROUP_FLOOR, DUO_FLOOR = 1e-4, 1e-6, 1e-4
local DUO = { off = { false }, on = { true }, both = { false, true } }

--- w_j of some layers: how large the weights of each input are against the largest of their groups.
---@param layers vise.LayerWork[]
---@return number[]
function M.weight_mean(layers)
  local sums, rows = nil, 0
  for _, layer in ipairs(layers) do
    local size = runs.size(layer.scheme, layer.shape[2])
    local sizes <close> = try(layer.weight:abs())
    local top <close> = runs.fold(sizes, size, "max")
    local largest <close> = runs.spread(top, layer.shape[2], size)
    try(largest:add(GROUP_FLOOR, largest))
    try(sizes:div(largest, sizes))
    local of_layer <close> = try(sizes:fold "sum")
    local values = of_layer:totable()
    for j, v in ipairs(values) do values[j] = v + (sums and sums[j] or 0) end
    sums, rows = values, rows + layer.shape[1]
  end
  for j, v in ipairs(sums) do sums[j] = v / rows end
  return sums
end

--- The scales of a ratio, around 1.
---@param x number[]  mean |x_j|
---@param w number[]  As weight_mean gives them; unused without duo scaling.
---@param ratio number
---@param duo boolean
---@return number[]
function M.scales(x, w, ratio, duo)
  local s, most, least = {}, 0, math.huge
  for j = 1, #x do
    local v = x[j] ^ ratio
    if duo then v = v / (w[j] ^ (1 - ratio) + DUO_FLOOR) end
    s[j] = math.max(v, FLOOR)
    most, least = math.max(most, s[j]), math.min(least, s[j])
  end
  local middle = math.sqrt(most * least)
  for j = 1, #s do
    local v = s[j] / middle
    s[j] = v > 0 and v < math.huge and v or 1
  end
  return s
end

---@class vise.AwqChoice
---@field ratio number
---@field duo boolean
---@field error number   Of the answers, as vise.algorithms.trial gives it.
---@field plain number   The same without scaling.

--- Searches the scales of layers that are given one input.
---@param layers vise.LayerWork[]
---@param options { grid: integer, duo: string }
---@return vise.Tensor s  f32 [in], as stored
---@return vise.AwqChoice
function M.search(layers, options)
  local x, w = layers[1].mean:totable(), M.weight_mean(layers)
  local plain, best = trial.error(layers), nil
  local choice = { ratio = 0.0, duo = false, error = math.huge, plain = plain }
  for _, duo in ipairs(DUO[options.duo]) do
    for step = 0, options.grid - 1 do
      local ratio = step / options.grid
      local stored <close> = smoothing.stored(M.scales(x, w, ratio, duo), layers[1].storage)
      local s = try(stored:to "f32")
      local error = trial.error(layers, s)
      if not best or error < choice.error then
        if best then best:close() end
        best, choice.error, choice.ratio, choice.duo = s, error, ratio, duo
      else
        s:close()
      end
    end
  end
  return best, choice
end

---@type vise.Method
M.method = {
  name = "awq", needs = { "mean", "moments", "samples" }, smooth = true, shares = true,
  options = { grid = 20, duo = "both" },
  check = options_of.checker { grid = options_of.integer(1, 1000), duo = options_of.choice(DUO) },
  prepare = function(layers, options)
    local s, choice = M.search(layers, options)
    local scales <close> = s
    for _, layer in ipairs(layers) do
      layer:scale_inputs(scales)
      layer.notes.ratio, layer.notes.duo = choice.ratio, choice.duo
    end
  end,
}

return M
