--- Products of one layer: bare kernels, and the engine with everything that a forward does.

local core = require "vise.core"
local engine = require "vise.bench.engine"
local fail = require "vise.fail"
local measure = require "vise.bench.measure"

local M = { title = "products of a layer, y = x w'",
  columns = { "name", "group", "rows", "state", "threads", "ms", "rate", "unit", "of_limit", "gigabytes", "of_read",
    "against", "times", "scaling" } }

local FEW = 16 -- rows up to which reading the weights is what takes the time

-- Bare kernels.  `grouped`: once for each group that is asked for.
local kernels = {
  { name = "int8", limit = "int8" },
  { name = "grouped", limit = "int8", grouped = true, scale = "f32", blocks = true },
  { name = "nvfp4", limit = "int8", group = 16, scale = "f8e4m3", blocks = true },
  { name = "float8", limit = "bf16", group = 128 },
  { name = "w8", limit = "f32" },
  { name = "w4", limit = "f32", grouped = true, scale = "bf16" },
  { name = "w8f", limit = "f32" },
  { name = "bf16", limit = "f32" },
  { name = "f32", limit = "f32" },
  { name = "gemm_few", limit = "f32", most = 8 },
  { name = "gemm", limit = "f32" },
}

-- What layers of the engine do at least, with the group that their types have.
local GROUPED, ENGINE_GROUP = kernels[2], 64

local function problem(kernel, shape, group, cold)
  return fail.try(core.bench_problem(kernel.name, { m = shape.m, k = shape.k, n = shape.n, group = group or shape.k,
    cold = cold or 0, blocks = kernel.blocks or false }, kernel.scale))
end

-- The same kernel on a shape with every tail.
local function check_tails(kernel, group)
  group = math.min(group or 64, 64)
  local p <close> = problem(kernel, { m = kernel.most or 25, k = 3 * group, n = 45 }, group)
  return fail.try(p:check())
end

local function kernel_task(kernel, shape, group, cold)
  local p, few = problem(kernel, shape, group, cold), shape.m <= FEW
  return { name = kernel.name, run = function() fail.try(p:run()) end, runs = p:copies(),
    close = function() p:close() end, check = function() return check_tails(kernel, group) and p:check() end,
    unit = "GOP/s", work = 2 * shape.m * shape.k * shape.n, base = "gemm",
    limit = core.bench_peak(kernel.limit) and kernel.limit or "f32",
    bytes = few and p:weights() or nil, warm = few and not cold, read = few and (cold and "dram" or "l3") or nil,
    about = { rows = shape.m, group = group, state = few and (cold and "cold" or "warm") or nil } }
end

local function chosen(kernel, m, only)
  return m <= (kernel.most or math.huge) and (not only or kernel.name == "gemm" or only[kernel.name])
end

-- Bare kernels at one number of rows.
local function kernel_tasks(shape, options, cold)
  local list = {}
  for _, kernel in ipairs(kernels) do
    if chosen(kernel, shape.m, options.kernels) then
      for _, group in ipairs(kernel.grouped and options.group or { kernel.group or false }) do
        list[#list + 1] = kernel_task(kernel, shape, group or nil, cold)
      end
    end
  end
  return list
end

-- Layers, with the bare kernel that some of them are held against.
local function engine_tasks(shape, weights, options, cold)
  local tasks = engine.tasks(shape.m, weights, options.kernels, cold)
  for _, task in ipairs(tasks) do
    if task.beside then
      local bare = kernel_task(GROUPED, shape, ENGINE_GROUP, cold)
      bare.base = nil
      tasks[#tasks + 1] = bare
      break
    end
  end
  return tasks
end

--- What --kernel may name: as a list, and each as a key.
---@return string[]
function M.names()
  local names = engine.names()
  for i, kernel in ipairs(kernels) do table.insert(names, i, kernel.name) end
  for _, name in ipairs(names) do names[name] = true end
  return names
end

---@param section vise.bench.Section
function M.run(section, options)
  local weights = engine.weights(options.inputs, options.outputs)
  for _, m in ipairs(options.rows) do
    local shape = { m = m, k = options.inputs, n = options.outputs }
    local states = { false }
    if m <= FEW and options.cold > 0 then states[2] = options.cold end
    for _, cold in ipairs(states) do
      measure.these(section, options, kernel_tasks(shape, options, cold or nil))
      measure.these(section, options, engine_tasks(shape, weights, options, cold or nil))
    end
  end
end

return M
