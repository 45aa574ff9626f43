--- How fast work goes, and how much longer it will take.

local M = {}

local FADE = 0.8 -- what a step counts for when the next one of its kind is there

---@class vise.Pace
local Pace = {}
Pace.__index = Pace

--- Starts to watch.
---@param now number  Seconds.
---@param total? number
---@param kinds? table<string, { units: number, cost: number }>
---@return vise.Pace
function M.new(now, total, kinds)
  local self = setmetatable({ last = now, total = total, marks = { { now, 0 } } }, Pace)
  if kinds then
    self.kinds = {}
    for name, kind in pairs(kinds) do
      self.kinds[name] = { left = kind.units, cost = kind.cost, seconds = 0, units = 0 }
    end
  end
  return self
end

--- Some units are done.
---@param now number
---@param n number
---@param kind? string
function Pace:add(now, n, kind)
  local k = self.kinds and self.kinds[kind]
  if k then
    k.left = math.max(0, k.left - n)
    k.seconds, k.units = FADE * k.seconds + (now - self.last), FADE * k.units + n
  end
  self.last = now
end

-- Units a second over the last fifth of the work: what comes is more like the recent past than
-- like the start.
local function recent(self, now, done)
  local marks, window = self.marks, (self.total or done) / 5
  marks[#marks + 1] = { now, done }
  while #marks > 2 and done - marks[2][2] >= window do table.remove(marks, 1) end
  local first = marks[1]
  return now > first[1] and (done - first[2]) / (now - first[1]) or 0
end

-- Every kind at its own rate; those not met yet as their cost is to that of the others.
local function by_kind(kinds)
  local seconds, cost = 0, 0
  for _, k in pairs(kinds) do
    seconds, cost = seconds + k.seconds, cost + k.units * k.cost
  end
  if cost == 0 then return nil end
  local left = 0
  for _, k in pairs(kinds) do
    left = left + k.left * (k.units > 0 and k.seconds / k.units or k.cost * seconds / cost)
  end
  return left
end

--- How much longer, nil if nobody knows; and how many units a second.
---@param now number
---@param done number
---@return number? seconds
---@return number per_second
function Pace:left(now, done)
  local rate = recent(self, now, done)
  local left = self.kinds and by_kind(self.kinds)
  if not left and self.total and rate > 0 then left = (self.total - done) / rate end
  return left, rate
end

return M
