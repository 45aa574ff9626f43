--- Scales: from values to places on a chart, and the ticks on the way.

local numbers = require "vise.html.numbers"

local M = {}

local is_finite = numbers.is_finite

---@class vise.html.Scale
---@field lo number
---@field hi number
---@field log boolean
---@field map fun(v: number): number       A place between `from` and `to`.
---@field ticks { at: number, label: string }[]

--- The smallest and largest finite value of a list; nil if there is none.
---@param values number[]
---@return number? lo
---@return number? hi
function M.range(values)
  local lo, hi
  for i = 1, #values do
    local v = values[i]
    if is_finite(v) then
      if not lo or v < lo then lo = v end
      if not hi or v > hi then hi = v end
    end
  end
  return lo, hi
end

-- The step of about `wanted` ticks over a span: 1, 2 or 5 times a power of ten; 0 if there is none.
local function nice_step(span, wanted)
  local rough = span / wanted
  local power = 10.0 ^ math.floor(math.log(rough, 10))
  if not is_finite(power) or power == 0 then return 0 end
  for _, factor in ipairs { 1, 2, 5 } do
    if factor * power >= rough then return factor * power end
  end
  return 10 * power
end

local function linear_ticks(lo, hi, wanted)
  local step = 2 * nice_step(hi / 2 - lo / 2, wanted) -- halves: the span itself may overflow
  if step == 0 or not is_finite(step) or lo + step == lo then
    return { { at = lo, label = numbers.tick(lo) }, { at = hi, label = numbers.tick(hi) } }
  end
  local ticks, first = {}, math.ceil(lo / step - 1e-9)
  for i = 0, 4 * wanted do
    local at = (first + i) * step
    if at > hi + step * 1e-9 then break end
    ticks[#ticks + 1] = { at = at, label = numbers.tick(at) }
  end
  return ticks
end

local function log_ticks(lo, hi, wanted)
  local first, last = math.ceil(math.log(lo, 10) - 1e-9), math.floor(math.log(hi, 10) + 1e-9)
  local ticks, stride = {}, math.max(1, (last - first + 1 + wanted - 1) // wanted)
  for power = first, last, stride do ticks[#ticks + 1] = { at = 10.0 ^ power, label = numbers.tick(10.0 ^ power) } end
  if last - first >= 2 then return ticks end
  -- Less than three powers of ten: the steps between them, too.
  ticks = {}
  for power = first - 1, last do
    for _, factor in ipairs(last >= first + 1 and { 1, 3 } or { 1, 2, 5 }) do
      local at = factor * 10.0 ^ power
      if at >= lo * (1 - 1e-9) and at <= hi * (1 + 1e-9) then
        ticks[#ticks + 1] = { at = at, label = numbers.tick(at) }
      end
    end
  end
  return #ticks > 1 and ticks or linear_ticks(lo, hi, wanted)
end

--- A scale over [lo, hi].  An empty or missing range is widened; a logarithm is taken only of
--- positive numbers, else the scale is linear.
---@param lo? number
---@param hi? number
---@param options { from: number, to: number, log?: boolean, ticks?: integer, format?: fun(v: number): string }
---@return vise.html.Scale
function M.new(lo, hi, options)
  if not is_finite(lo) or not is_finite(hi) then lo, hi = 0, 1 end
  if lo == hi then
    local widen = math.max(math.abs(lo) * 0.5, 1e-12)
    lo, hi = lo - widen, hi + widen
    if not is_finite(lo) or not is_finite(hi) then lo, hi = -1, 1 end
  end
  local log = options.log and lo > 0
  local value = log and math.log or function(v) return v / 2 end
  local a, b, from, to = value(lo), value(hi), options.from, options.to
  local scale = { lo = lo, hi = hi, log = log or false }
  function scale.map(v)
    local share = b > a and (value(v) - a) / (b - a) or 0
    return from + math.max(0, math.min(1, share)) * (to - from)
  end
  scale.ticks = (log and log_ticks or linear_ticks)(lo, hi, options.ticks or 5)
  for _, tick in ipairs(scale.ticks) do
    if options.format then tick.label = options.format(tick.at) end
  end
  return scale
end

return M
