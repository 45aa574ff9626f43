--- How long quantizing will take: each type of a plan makes one small random layer on this machine, and
--- the time grows with the work.  An estimate, printed as one.

local core = require "vise.core"
local fail = require "vise.fail"
local make = require "vise.make_layer"
local Linear = require "vise.nn.linear"

local M = {}

local EDGE, ROWS = 512, 64 -- of the small layer, and of its input
local TURNS = 3            -- the best counts: the first finds cold caches and new memory

--- How a decomposition of [out, in] grows: as products with q thin columns, or as the cube.
local function decomposition(out, inp, rank, precision)
  local least, most = math.min(out, inp), math.max(out, inp)
  if precision ~= "low" then return least ^ 2 * most end
  return out * inp * math.min(least, rank + 10)
end

--- How often the work of the small layer goes into a layer's.
local function times(layer, edge, svdq)
  local out, inp, rank = layer.shape[1], layer.shape[2], layer.type.rank
  local elements = out * inp / (edge * edge)
  if not rank or rank == 0 then return elements end
  local p = svdq.calibrate_precision
  return math.max(elements, decomposition(out, inp, rank, p) / decomposition(edge, edge, rank, p))
end

--- Seconds that this machine takes for a layer [edge, edge] of a type.
local function measure(planned, edge)
  local random = core.random(0)
  local weight <close> = fail.try(random:normal { edge, edge })
  local span <close> = fail.try(core.tensor("f32", { edge }))
  local range <close> = core.tensor_of("f32", { 2 }, { -4, 4 })
  local sample <close> = fail.try(random:normal { ROWS, edge })
  for i = 1, edge do span:set(i, 4) end
  local best = math.huge
  for _ = 1, TURNS do
    local start = core.clock()
    local q = fail.try(make.layer(Linear.new("estimate", edge, edge, weight, nil), { name = "estimate",
      shape = { edge, edge }, type = planned.type, storage = planned.storage, disk_bytes = 0, memory_bytes = 0 },
      { span = span, range = range, sample = sample }))
    best = math.min(best, core.clock() - start)
    q:close()
  end
  return best
end

--- Seconds for making every layer of a plan.
---@param plan vise.Plan
---@return number
function M.seconds(plan)
  local measured, sum = {}, 0
  for _, layer in ipairs(plan.layers) do
    local type = layer.type
    if type then
      local edge = math.max(EDGE, type.rank or 0)
      local kind = type.method.name .. " " .. type.name
      measured[kind] = measured[kind] or measure(layer, edge)
      sum = sum + measured[kind] * times(layer, edge, plan.cfg.svdq)
    end
  end
  return sum
end

return M
