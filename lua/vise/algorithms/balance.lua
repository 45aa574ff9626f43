--- Balanced smoothing: factors that make the noise of the quantized product small, found by descent.
---
--- A group of n values coded on a grid of steps amax / 7 carries a noise of amax^2 / (12 * 49) each.
--- What it does to the output is, summed over the groups g of input channels,
---
---   A_g ||R_g||^2  +  beta B_g ||X_g||^2         A_g: sum over tokens of amax^2 of x / s
---                                                B_g: sum over outputs of amax^2 of R
---
--- with X = x / s on sample tokens and R = W diag(s) less its low-rank branch.  Making s_j larger
--- lowers A_g if channel j is often the largest of its group, raises ||R_j||, lowers ||X_j|| and
--- raises B_g if it is often the largest weight: the derivative by log s_j is what one side gives
--- less what the other takes.  The largest value is softened to a mean of 8th powers, so that near
--- ones have their share.

local core = require "vise.core"
local groups = require "vise.algorithms.groups"
local low_rank = require "vise.algorithms.low_rank"
local smoothing = require "vise.algorithms.smoothing"
local try = require("vise.fail").try

local M = {}

local BETA = 0.3   -- scale search and refinement take most of the weight's noise away
local RATE = 0.05  -- of a step, against the mean cost of a channel
local STEP = 0.3   -- the longest step of log s
local REACH = 3    -- how far log s may go from where it began: a factor of 20
local TINY = 1e-30 -- instead of the amax of an empty group

-- For each channel, its share of the squared largest values of its group, and its energy, both
-- summed over the rows.
local function shares(v, size, indicator)
  local top <close> = groups.largest(v, size)
  try(top:add(TINY, top))
  local wide <close> = groups.spread(top, indicator)
  local ratio <close> = try(v:div(wide))
  for _ = 1, 3 do try(ratio:mul(ratio, ratio)) end -- the 8th power
  local sum <close> = groups.sums(ratio, indicator)
  try(sum:add(TINY, sum))
  try(top:mul(top, top))
  try(top:div(sum, top))
  local weight <close> = groups.spread(top, indicator)
  try(ratio:mul(weight, ratio))
  local squares <close> = try(v:mul(v))
  return groups.column_sums(ratio), groups.column_sums(squares)
end

local function total(list, first, last)
  local sum = 0
  for j = first, last do sum = sum + list[j] end
  return sum
end

-- The cost, and its derivative by log s_j for each channel.
local function slope(x, r, size, indicator)
  local x_top, x_energy = shares(x, size, indicator)
  local r_top, r_energy = shares(r, size, indicator)
  local cost, d = 0, {}
  for first = 1, #x_top, size do
    local last = math.min(first + size - 1, #x_top)
    local a, b = total(x_top, first, last), total(r_top, first, last)
    local xx, rr = total(x_energy, first, last), total(r_energy, first, last)
    cost = cost + a * rr + BETA * b * xx
    for j = first, last do
      d[j] = a * r_energy[j] - rr * x_top[j] + BETA * (xx * r_top[j] - b * x_energy[j])
    end
  end
  return cost, d
end

-- W diag(s) less its branch.
local function residual(weight, s, opt)
  local r = try(weight:mul(s))
  if opt.rank == 0 then return r end
  local up <close>, down = low_rank.factors(r, opt)
  local right <close> = down
  local product <close> = low_rank.product(up, right)
  return try(r:sub(product, r))
end

local function measure(weight, samples, logs, size, indicator, opt)
  local s = {}
  for j = 1, #logs do s[j] = math.exp(logs[j]) end
  local factors <close> = try(core.tensor_of("f32", { #s }, s))
  local r <close> = residual(weight, factors, opt)
  local x <close> = try(samples:div(factors))
  return slope(x, r, size, indicator)
end

---@class vise.BalanceOptions
---@field rank integer
---@field storage "f16"|"bf16"
---@field seed integer
---@field alpha number      Of the span factors that the descent begins with.
---@field beta? number
---@field group integer     Inputs of a group.
---@field iters integer     Steps.

--- Smoothing factors in the storage type.
---@param weight vise.Tensor   f32 [out, in]
---@param span vise.Tensor     f32 [in], of the activations
---@param samples vise.Tensor  f32 [n, in]: inputs of the layer
---@param opt vise.BalanceOptions
---@return vise.Tensor smooth
---@return number[] costs  Of each step, relative to the span factors'.
function M.factors(weight, span, samples, opt)
  local weight_span <close> = smoothing.weight_span(weight)
  local a, w = span:totable(), weight_span:totable()
  local how = { rank = opt.rank, storage = opt.storage, precision = "low", seed = opt.seed }
  local indicator <close> = groups.indicator(#a, opt.group)
  local logs, start, best, costs = {}, {}, nil, {}
  for j, s in ipairs(smoothing.ratios(a, w, opt.alpha, opt.beta or 1 - opt.alpha)) do
    logs[j], start[j] = math.log(s), math.log(s)
  end
  local least, first = math.huge, nil
  for step = 1, opt.iters do
    local cost, d = measure(weight, samples, logs, opt.group, indicator, how)
    first = first or cost
    if not (cost > 0 and cost < math.huge) then break end
    costs[step] = cost / first
    if cost < least then least, best = cost, table.move(logs, 1, #logs, 1, {}) end
    for j = 1, #logs do
      local by = -RATE * d[j] / (cost / #logs)
      by = math.max(-STEP, math.min(STEP, by))
      -- Channels that were never active, or that nothing weighs, stay as they are.
      if a[j] > 0 and w[j] > 0 then
        logs[j] = math.max(start[j] - REACH, math.min(start[j] + REACH, logs[j] + by))
      end
    end
  end
  local s = {}
  for j, v in ipairs(best or start) do s[j] = math.exp(v) end
  return smoothing.stored(s, opt.storage), costs
end

return M
