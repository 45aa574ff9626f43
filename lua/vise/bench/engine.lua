--- Layers as the engine runs them: activations made ready, the product over the pool, the low-rank branch,
--- the bias.

local check = require "vise.bench.check"
local core = require "vise.core"
local fail = require "vise.fail"
local quant_types = require "vise.quant_types"

local try = fail.try

local M = {}

local FEW = 16

-- What a layer of each type is held against.
local layers = {
  { type = "int8_per_row", limit = "int8" },
  { type = "svdq_int4_r0_dq", limit = "int8", beside = "grouped" },
  { type = "svdq_int4_r32", limit = "int8", beside = "grouped" },
  { type = "nvfp4", limit = "int8" },
  { type = "float8_per_row", limit = "bf16" },
  { type = "int8_weight_only", limit = "f32" },
  { type = "int4_weight_only", limit = "f32" },
  { type = "float8_weight_only", limit = "f32" },
}

local function scheme_of(args)
  return args and core.scheme(quant_types.scheme_args(args, "bf16"))
end

local function bf16(random, ...)
  local t <close> = random:normal { ... }
  local half <close> = try(t:to "bf16")
  return try(core.pack_floats(half))
end

-- The layer's parts that are not the weight: smoothing from calibration, a low-rank branch, a bias.
local function parts_of(type, k, n, random)
  local rank = math.min(type.rank or 0, k, n)
  local smooth = type.calibrated == "span" and random:uniform { k } or nil
  if smooth then try(smooth:add(0.5, smooth)) end
  return {
    rows = { scheme = scheme_of(type.activation), smooth = smooth, down = rank > 0 and bf16(random, rank, k) or nil },
    product = { bias = random:normal { n }, up = rank > 0 and bf16(random, n, rank) or nil },
  }
end

--- The weights of a layer of n x k, float and coded once for all numbers of rows.
---@class vise.bench.Weights
---@field float vise.Tensor
---@field coded table<string, vise.Coded>  By type, those that were asked for.

---@param k integer
---@param n integer
---@return vise.bench.Weights
function M.weights(k, n)
  return { float = core.random(11):normal { n, k }, coded = {} }
end

local function coded_as(name, weights)
  local type = quant_types.parse(name)
  if not weights.coded[name] then
    weights.coded[name] = try(core.encode(scheme_of(type.weight), weights.float))
  end
  return weights.coded[name], type
end

-- A layer for x: run(), and what it must read.
local function new_layer(name, x, weights, cold)
  local coded, type = coded_as(name, weights)
  local packed = { try(core.pack(coded)) }
  for i = 2, math.ceil(cold / packed[1]:bytes()) do packed[i] = try(core.pack(coded)) end
  local n, k = coded:shape()
  local parts = parts_of(type, k, n, core.random(12))
  local rows, y
  local layer = { copies = #packed, bytes = packed[1]:bytes() }
  for _, branch in ipairs { parts.rows.down or false, parts.product.up or false } do
    layer.bytes = layer.bytes + (branch and branch:bytes() or 0)
  end
  function layer.run()
    for i = 1, #packed do
      rows = try(core.rows(x, packed[i], parts.rows, rows))
      y = try(core.product(rows, packed[i], parts.product, y))
    end
    return y
  end
  function layer.close()
    for i = 1, #packed do packed[i]:close() end
  end
  return layer
end

-- One with every tail, to be checked.
local function small_layer(name)
  return new_layer(name, core.random(13):normal { 25, 3 * 64 }, M.weights(3 * 64, 45), 0)
end

local function float_layer(x, weight, cold)
  local w, bias, y = { weight }, core.random(12):normal { (weight:shape()) }, nil
  for i = 2, math.ceil(cold / weight:bytes()) do w[i] = weight:copy() end
  return { copies = #w, bytes = w[1]:bytes(), run = function()
    for i = 1, #w do y = try(core.linear(x, w[i], bias, y)) end
  end, close = function()
    for i = 2, #w do w[i]:close() end
  end }
end

local function task_of(name, layer, about, shape, cold)
  local few = shape.m <= FEW
  return { name = name, run = layer.run, runs = layer.copies, close = layer.close, base = "linear",
    beside = about.beside, check = about.check, unit = "GOP/s", work = 2 * shape.m * shape.k * shape.n,
    limit = core.bench_peak(about.limit) and about.limit or "f32",
    bytes = few and layer.bytes or nil, warm = few and not cold, read = few and (cold and "dram" or "l3") or nil,
    about = { rows = shape.m, state = few and (cold and "cold" or "warm") or nil } }
end

--- The types that are timed.
---@return string[]
function M.names()
  local names = {}
  for i, layer in ipairs(layers) do names[i] = layer.type end
  return names
end

--- A layer of each type, and the float layer.
---@param m integer
---@param weights vise.bench.Weights
---@param only? table<string, boolean>  Names; nil: all.
---@param cold? integer  Bytes that weights go through.
---@return vise.bench.Task[]
function M.tasks(m, weights, only, cold)
  local n, k = weights.float:shape()
  local shape, x = { m = m, k = k, n = n }, core.random(11):normal { m, k }
  local tasks = { task_of("linear", float_layer(x, weights.float, cold or 0), { limit = "f32" }, shape, cold) }
  for _, layer in ipairs(layers) do
    if not only or only[layer.type] then
      layer.check = function()
        check.against_ref(layer.type, function() return small_layer(layer.type).run():copy() end, 1e-5)
        return true
      end
      local made = new_layer(layer.type, x, weights, cold or 0)
      tasks[#tasks + 1] = task_of(layer.type, made, layer, shape, cold)
    end
  end
  return tasks
end

return M
