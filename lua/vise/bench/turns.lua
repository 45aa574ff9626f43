--- Times sides against each other: they take turns, and the best turn of each counts, so that drift and
--- neighbours hit all alike.

local core = require "vise.core"

local M = {}

--- What is timed.
---@class vise.bench.Side
---@field name string
---@field run fun()
---@field runs? integer     How many runs one call of `run` stands for; 1.
---@field warm? boolean     Runs once before each turn, so that its data are in cache again.
---@field after? fun()      Called outside of the time, after each turn.
---@field seconds? number   The best time of one run, once it is measured.

local SHORTEST = 2e-4 -- a turn: a thousand times what reading the clock takes

local function turn(side, calls)
  if side.warm then side.run() end
  local start = core.clock()
  for _ = 1, calls do side.run() end
  local seconds = core.clock() - start
  if side.after then side.after() end
  return seconds / (calls * (side.runs or 1))
end

--- Sets `seconds` of every side.  A first turn that does not count warms it up.
---@param sides vise.bench.Side[]
---@param repeats integer
function M.take(sides, repeats)
  local calls = {}
  for i, side in ipairs(sides) do
    local first = turn(side, 1) * (side.runs or 1)
    calls[i] = math.max(1, math.min(10000, math.ceil(SHORTEST / math.max(first, 1e-7))))
    side.seconds = math.huge
  end
  collectgarbage()
  for _ = 1, repeats do
    for i, side in ipairs(sides) do side.seconds = math.min(side.seconds, turn(side, calls[i])) end
  end
end

return M
