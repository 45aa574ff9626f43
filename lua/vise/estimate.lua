--- How long quantizing will take: rates measured on this machine in a few milliseconds, times the
--- work of each layer.  An estimate, printed as one.

local core = require "vise.core"
local quant_types = require "vise.quant_types"

local M = {}

local EDGE = 256 -- of the matrices that rates are measured on

-- Share of the product's rate that a decomposition reaches: Householder steps stream the matrix
-- where products reuse it (bench/quality prints the times these follow).
local FULL_F32, FULL_F64 = 0.25, 0.05

-- The fastest of three runs, in seconds.
local function fastest(f)
  local best = math.huge
  for _ = 1, 3 do
    local start = core.clock()
    f()
    best = math.min(best, core.clock() - start)
  end
  return best
end

--- Multiply-adds a second of a float product.
local function product_rate()
  local random = core.random(0)
  local a <close> = random:normal { EDGE, EDGE }
  local b <close> = random:normal { EDGE, EDGE }
  local seconds = fastest(function()
    local y <close> = assert(core.linear(a, b, nil))
    assert(#y == EDGE)
  end)
  return EDGE ^ 3 / math.max(seconds, 1e-9)
end

--- Elements a second that a type's scheme encodes, packs and decodes.
local function encode_rate(type)
  local x <close> = core.random(0):normal { EDGE, EDGE }
  local scheme = core.scheme(quant_types.scheme_args(type.weight, "bf16"))
  local seconds = fastest(function()
    local coded <close> = assert(core.encode(scheme, x))
    local back <close> = assert(coded:decode())
    assert(#back == EDGE)
  end)
  return EDGE ^ 2 / math.max(seconds, 1e-9)
end

--- Multiply-adds of one decomposition of [out, in] to a rank, divided by the share of the product's
--- rate that it reaches.
local function decomposition(layer, precision)
  local out, inp, rank = layer.shape[1], layer.shape[2], layer.type.rank
  local least, most = math.min(out, inp), math.max(out, inp)
  local factors = out * inp * rank
  if precision == "medium" then return factors + 11 * least ^ 2 * most / FULL_F32 end
  if precision == "high" then return factors + 11 * least ^ 2 * most / FULL_F64 end
  -- The range finder: ten products with q columns, and as many orthogonalisations.
  local q = math.min(least, rank + 10)
  return factors + 10 * out * inp * q + 10 * (out + inp) * q * q
end

--- Seconds for making every layer of a plan.
---@param plan vise.Plan
---@return number
function M.seconds(plan)
  local products, rates, seconds = product_rate(), {}, 0
  local svdq = plan.cfg.svdq
  for _, layer in ipairs(plan.layers) do
    local type = layer.type
    if type then
      rates[type.name] = rates[type.name] or encode_rate(type)
      local elements = layer.shape[1] * layer.shape[2]
      seconds = seconds + elements / rates[type.name] + 2 * 64 * elements / products
      if type.rank and type.rank > 0 then
        local rounds = 1 + (svdq.refine_iters or 0)
        seconds = seconds + rounds * (decomposition(layer, svdq.calibrate_precision) / products
          + elements / rates[type.name])
      end
    end
  end
  return seconds
end

return M
