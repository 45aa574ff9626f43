--- Axes: a range, where a value lies in it, ticks at 1, 2 or 5 times a power of ten, their labels.

local M = {}

local HUGE, TINY = 1.7976931348623157e308, 1e-310
local FIXED_MOST, FIXED_LEAST = 1e6, 1e-4 -- labels beyond have an exponent

---@class vise.Axis
---@field lo number
---@field hi number
---@field log boolean
local Axis = {}
Axis.__index = Axis

-- A range that has a width, also where the values have none or hardly any.
local function widened(lo, hi)
  local scale = math.max(math.abs(lo), math.abs(hi))
  if hi / 2 - lo / 2 > math.max(scale * 1e-12, TINY) then return lo + 0.0, hi + 0.0 end
  local pad = scale == 0 and 1 or math.max(scale / 2, TINY * 1e10)
  return math.max(-HUGE, lo - pad), math.min(HUGE, hi + pad)
end

--- An axis over a range.  A logarithmic one needs both ends above 0.
---@param lo number
---@param hi number
---@param log? boolean
---@return vise.Axis
function M.new(lo, hi, log)
  if log then
    if hi <= lo then lo, hi = lo / 2, math.min(HUGE, hi * 2) end
    return setmetatable({ lo = lo, hi = hi, log = true }, Axis)
  end
  lo, hi = widened(lo, hi)
  return setmetatable({ lo = lo, hi = hi, log = false }, Axis)
end

--- Where a value lies: 0 at the lower end, 1 at the upper.
---@param v number
---@return number
function Axis:share(v)
  if self.log then return math.log(v / self.lo) / math.log(self.hi / self.lo) end
  return (v / 2 - self.lo / 2) / (self.hi / 2 - self.lo / 2)
end

-- The least 1, 2 or 5 times a power of ten that is not less.
local function nice(step)
  local power = math.floor(math.log(step, 10))
  for _, p in ipairs { power, power + 1 } do
    for _, factor in ipairs { 1, 2, 5 } do
      local candidate = tonumber(("%de%d"):format(factor, p))
      if candidate >= step * (1 - 1e-9) then return candidate end
    end
  end
  return step
end

local function linear_ticks(lo, hi, most)
  -- A quarter of everything: the range of the largest numbers has no width of its own.
  local scale = hi - lo == math.huge and 0.25 or 1
  local step = nice((hi * scale - lo * scale) / most)
  local ticks = {}
  for i = math.ceil(lo * scale / step - 1e-9), math.floor(hi * scale / step + 1e-9) do
    ticks[#ticks + 1] = tonumber(("%.12g"):format(i * step)) / scale
    if #ticks > most + 1 then break end
  end
  return ticks, step / scale
end

local function log_ticks(lo, hi, most)
  local first, last = math.ceil(math.log(lo, 10) - 1e-9), math.floor(math.log(hi, 10) + 1e-9)
  local ticks, every = {}, math.max(1, math.ceil((last - first + 1) / most))
  local factors = last - first < 2 and most >= 4 and { 1, 2, 5 } or { 1 }
  for p = factors[2] and first - 1 or math.ceil(first / every) * every, last, every do
    for _, factor in ipairs(factors) do
      local v = tonumber(("%de%d"):format(factor, p))
      if v >= lo * (1 - 1e-9) and v <= hi * (1 + 1e-9) and v <= HUGE then ticks[#ticks + 1] = v end
    end
  end
  return ticks
end

-- "1e-09" as "1e-9", "1e+30" as "1e30".
local function short_exponent(s)
  return (s:gsub("e([+-])0*(%d+)", function(sign, n) return "e" .. (sign == "-" and "-" or "") .. n end))
end

local function exponent(v, digits)
  return short_exponent(("%%.%de"):format(digits):format(v))
end

-- Labels as precise as the step between them, and no more.
local function labels(ticks, step)
  local largest, out = 0, {}
  for _, v in ipairs(ticks) do largest = math.max(largest, math.abs(v)) end
  local fixed = largest < FIXED_MOST and step >= FIXED_LEAST
  local decimals = math.max(0, -math.floor(math.log(step, 10) + 1e-9))
  for i, v in ipairs(ticks) do
    if v == 0 then
      out[i] = "0"
    elseif fixed then
      out[i] = ("%%.%df"):format(decimals):format(v)
    else
      local digits = math.max(0, math.floor(math.log(largest, 10) + 1e-9) - math.floor(math.log(step, 10) + 1e-9))
      out[i] = exponent(v, math.min(digits, 9))
    end
  end
  return out
end

--- One number for a person, short: "0.125", "3e-9", "1.5e30".
---@param v number
---@return string
function M.number(v)
  if v ~= v then return "NaN" end
  if v == math.huge or v == -math.huge then return v > 0 and "inf" or "-inf" end
  return short_exponent(("%.4g"):format(v + 0.0))
end

--- 1234567 as "1.2M": for axes of counts.
---@param n number
---@return string
function M.count(n)
  for _, unit in ipairs { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if n >= unit[1] then return ("%.3g%s"):format(n / unit[1], unit[2]) end
  end
  return ("%.3g"):format(n)
end

--- Ticks and their labels; at least one of each where the range allows it.
---@param most integer  How many fit.
---@return number[] values
---@return string[] labels
function Axis:ticks(most)
  most = math.max(1, most)
  if self.log then
    local ticks, out = log_ticks(self.lo, self.hi, most), {}
    if #ticks == 0 then ticks = { self.lo, self.hi } end
    for i, v in ipairs(ticks) do out[i] = M.number(v) end
    return ticks, out
  end
  local ticks, step = linear_ticks(self.lo, self.hi, most)
  return ticks, labels(ticks, step)
end

return M
