--- Relaxation of spans that were observed on few inputs: channels with large spans are taken to be
--- larger still, by a factor from 1 to `factor`.
---
---   m_i = 1 + clamp(r_i, 0, 1) (factor - 1)        a'_i = a_i m_i
---
--- r_i follows the strategy; tau is the quantile of the spans at 1 - top_ratio, by linear
--- interpolation, and x_i = clamp((a_i - min) / (tau - min), 0, 1).
---
---   fixed        0
---   top          1 from tau up, 0 below
---   auto         x
---   stable_auto  x in eighths, so that a small change of a span changes little
---   power        x^2
---   log          ln(1 + 9 x) / ln 10
---   rank         the place of a_i among all, 1 from the quantile up

local finite = require "vise.finite"

local M = {}

local function clamp(x)
  return x < 0 and 0 or x > 1 and 1 or x -- NaN stays
end

local function sorted(spans)
  local s = table.move(spans, 1, #spans, 1, {})
  for _, v in ipairs(s) do
    if v ~= v then return nil end -- no order
  end
  table.sort(s)
  return s
end

-- The value at a place from 0 to 1 among sorted ones, between two of them by a straight line.
local function quantile(ordered, q)
  local at = q * (#ordered - 1)
  local low = math.floor(at)
  local a, b = ordered[low + 1], ordered[math.min(low + 2, #ordered)]
  if a == b or at == low then return a end
  return a + (b - a) * (at - low)
end

-- r from x, for the strategies that go by the size of a span.
local by_size = {
  auto = function(x) return x end,
  stable_auto = function(x) return math.floor(8 * x + 0.5) / 8 end,
  power = function(x) return x * x end,
  log = function(x) return math.log(1 + 9 * x) / math.log(10) end,
}

local function size_strengths(spans, f, q)
  local r, ordered = {}, sorted(spans)
  local least, tau = ordered and ordered[1], ordered and quantile(ordered, q)
  local known = ordered and finite.is(least) and finite.is(tau)
  for i, a in ipairs(spans) do
    if not known then
      r[i] = 0
    elseif tau <= least then
      r[i] = 1
    else
      r[i] = f(clamp((a - least) / (tau - least)))
    end
  end
  return r
end

local function rank_strengths(spans, q)
  local r, n, order = {}, #spans, {}
  if n <= 1 or q == 0 then
    for i = 1, n do r[i] = 1 end
    return r
  end
  local ordered = sorted(spans)
  if not (ordered and finite.is(ordered[1]) and finite.is(quantile(ordered, q))) then
    for i = 1, n do r[i] = 0 end
    return r
  end
  if quantile(ordered, q) <= ordered[1] then
    for i = 1, n do r[i] = 1 end
    return r
  end
  for i = 1, n do order[i] = i end
  table.sort(order, function(i, j)
    if spans[i] ~= spans[j] then return spans[i] < spans[j] end
    return i < j
  end)
  for place, i in ipairs(order) do r[i] = clamp((place - 1) / (n - 1) / q) end
  return r
end

local function top_strengths(spans, q)
  local r, ordered = {}, sorted(spans)
  local tau = ordered and quantile(ordered, q)
  for i, a in ipairs(spans) do r[i] = tau and a >= tau and 1 or 0 end
  return r
end

local function strengths(spans, opt, q)
  if opt.strategy == "top" then return top_strengths(spans, q) end
  if opt.strategy == "rank" then return rank_strengths(spans, q) end
  return size_strengths(spans, by_size[opt.strategy], q)
end

---@class vise.RelaxOptions
---@field strategy string    fixed, top, auto, stable_auto, power, log or rank
---@field factor number      At least 1.
---@field top_ratio number   Above 0, up to 1: the share of channels that get the whole factor.

--- What each span is multiplied by.
---@param spans number[]
---@param opt vise.RelaxOptions
---@return number[]
function M.multipliers(spans, opt)
  local m = {}
  if #spans == 0 or opt.strategy == "fixed" then
    for i = 1, #spans do m[i] = 1 end
    return m
  end
  local r = strengths(spans, opt, math.max(0, 1 - opt.top_ratio))
  for i = 1, #spans do m[i] = 1 + r[i] * (opt.factor - 1) end
  return m
end

return M
