--- Quantizers: weights from memory, activations in cache, scale search, packing, low-rank factors.

local check = require "vise.bench.check"
local core = require "vise.core"
local fail = require "vise.fail"
local measure = require "vise.bench.measure"
local quant_types = require "vise.quant_types"

local try = fail.try

local M = { title = "GB/s of f32 in; packing: of packed bytes out",
  columns = { "name", "size", "state", "threads", "ms", "rate", "unit", "gigabytes", "of_read", "base", "against",
    "scaling" } }

local RANK, OVERSAMPLE, ITERATIONS = 32, 10, 4
local RANGES = 100 -- that a range search tries, as GPTQ's does
local CANDIDATES = { int4 = 41, nvfp4 = 31 } -- ratios that a scale search tries

-- The weight schemes of the types that people use most, and others by name.
local weights = { "int8_per_row", "svdq_int4_r32", "int4_weight_only", "nvfp4", "float8_per_row" }

local function weight_scheme(name)
  return core.scheme(quant_types.scheme_args(quant_types.parse(name).weight, "bf16"))
end

local function activation_scheme(name)
  return core.scheme(quant_types.scheme_args(quant_types.parse(name).activation, "bf16"))
end

local function size_of(rows, cols)
  return ("%d x %d"):format(rows, cols)
end

-- Weights that rotate over more than the last cache.
local function from_memory(shape, options)
  local tasks, copies = {}, {}
  local bytes = 4 * shape[1] * shape[2]
  copies[1] = core.random(1):normal(shape)
  for i = 2, math.max(1, math.ceil(options.cold / bytes)) do copies[i] = copies[1]:copy() end
  for _, name in ipairs(weights) do
    local scheme = weight_scheme(name)
    tasks[#tasks + 1] = { name = "RTN " .. name, runs = #copies, work = shape[1] * shape[2], unit = "G/s",
      bytes = bytes, read = "dram", about = { size = size_of(table.unpack(shape)), state = "cold" },
      run = function()
        for _, w in ipairs(copies) do local coded <close> = try(core.encode(scheme, w)) end -- luacheck: ignore 211
      end }
  end
  return tasks
end

-- The best of many scales for each group.
local function searches(shape)
  local tasks, w = {}, core.random(2):normal(shape)
  for name, type in pairs { int4 = "svdq_int4_r32", nvfp4 = "nvfp4" } do
    local scheme = weight_scheme(type)
    tasks[#tasks + 1] = { name = "scale search " .. name, work = CANDIDATES[name] * shape[1] * shape[2],
      unit = "G candidates/s", about = { size = size_of(table.unpack(shape)) },
      run = function() local c <close> = try(core.encode(scheme, w, { search = true })) end } -- luacheck: ignore 211
  end
  for name, search in pairs { squares = { norm = 2 }, ["norm 2.4"] = { norm = 2.4 } } do
    local scheme = core.scheme { bits = 4, granularity = "group", group = 128, convention = "minmax_int_zero" }
    search.shrink, search.grid = 1, RANGES
    tasks[#tasks + 1] = { name = "range search uint4, " .. name, work = RANGES * shape[1] * shape[2],
      unit = "G candidates/s", about = { size = size_of(table.unpack(shape)) },
      run = function() local c <close> = try(core.encode(scheme, w, { search = search })) end } -- luacheck: ignore 211
  end
  table.sort(tasks, function(a, b) return a.name < b.name end)
  return tasks
end

-- Activations that are in cache, made ready for the integer products.
local function activations(rows, cols)
  local tasks, x = {}, core.random(3):normal { rows, cols }
  for _, name in ipairs { "int8_per_row", "svdq_int4_r32", "nvfp4", "float8_per_row" } do
    local w <close> = core.random(4):normal { 32, cols }
    local coded <close> = try(core.encode(weight_scheme(name), w))
    local packed, made = try(core.pack(coded)), nil
    local options = { scheme = activation_scheme(name) }
    tasks[#tasks + 1] = { name = "activations " .. name, work = rows * cols, unit = "G/s", bytes = 4 * rows * cols,
      warm = true, read = "l2", about = { size = size_of(rows, cols), state = "warm" },
      close = function() packed:close() end,
      run = function() made = try(core.rows(x, packed, options, made)) end }
  end
  return tasks
end

local function packing(shape)
  local tasks = {}
  local w <close> = core.random(4):normal(shape)
  for _, name in ipairs(weights) do
    local coded = try(core.encode(weight_scheme(name), w))
    local bytes = core.packed_bytes(coded:scheme(), shape)
    tasks[#tasks + 1] = { name = "pack " .. name, work = bytes, unit = "GB/s",
      about = { size = size_of(table.unpack(shape)) }, close = function() coded:close() end,
      run = function() local packed <close> = try(core.pack(coded)) end } -- luacheck: ignore 211
  end
  return tasks
end

-- The products that a randomized decomposition cannot do without.
local function its_products(a, q)
  local rows, cols = a:shape()
  local random = core.random(5)
  local tall, other = random:normal { rows, q }, random:normal { cols, q }
  local small, y, z, b = random:normal { q, q }, nil, nil, nil
  return function()
    for _ = 1, ITERATIONS + 1 do y = try(core.matmul(a, other, nil, y)) end
    for _ = 1, ITERATIONS do z = try(core.matmul(a, tall, { trans_a = true }, z)) end
    b = try(core.matmul(tall, a, { trans_a = true }, b))
    try(core.matmul(tall, small))
  end
end

local function low_rank(shape)
  local a, rank = core.random(6):normal(shape), math.min(RANK, shape[1], shape[2])
  local about = { size = size_of(table.unpack(shape)) }
  local q = math.min(rank + OVERSAMPLE, shape[1], shape[2])
  return {
    { name = "SVD randomized, rank " .. rank, about = about, base = "its products", run = function()
      try(core.svd(a, { rank = rank, method = "randomized", oversample = OVERSAMPLE, iterations = ITERATIONS }))
    end },
    { name = "its products", about = about, run = its_products(a, q) },
  }
end

-- LAPACK's decomposition takes so long that it is timed once, on the last number of threads.
local function full_svd(section, shape, options)
  local a, before = core.random(6):normal(shape), core.threads()
  core.threads(options.threads[#options.threads])
  local line = { name = "SVD full, once", size = size_of(table.unpack(shape)), threads = core.threads() }
  local start = core.clock()
  try(core.svd(a))
  line.seconds = core.clock() - start
  for _, other in ipairs(section.lines) do
    if other.name:find "^SVD randomized" and other.threads == line.threads then
      line.base, line.against = other.name, other.seconds / line.seconds
    end
  end
  section.lines[#section.lines + 1] = line
  core.threads(before)
end

local function check_codes()
  local w = core.random(7):normal { 37, 130 }
  for _, name in ipairs(weights) do
    local scheme = weight_scheme(name)
    for _, search in ipairs { false, true } do
      if not search or CANDIDATES[name] or name == "svdq_int4_r32" then
        check.against_ref(name, function()
          local coded <close> = try(core.encode(scheme, w, { search = search }))
          return coded:decode()
        end, 0)
      end
    end
  end
end

---@param section vise.bench.Section
function M.run(section, options)
  local shape, rows = { options.outputs, options.inputs }, math.min(64, math.max(table.unpack(options.rows)))
  local quarter = { math.max(1, options.outputs // 4), options.inputs }
  check_codes()
  measure.these(section, options, from_memory(shape, options))
  measure.these(section, options, activations(rows, options.inputs))
  measure.these(section, options, searches(quarter))
  measure.these(section, options, packing(shape))
  measure.these(section, options, low_rank(shape))
  full_svd(section, shape, options)
end

return M
