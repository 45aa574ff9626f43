--- Whole models: float against quantized, as they are and compiled.

local core = require "vise.core"
local fail = require "vise.fail"
local generate = require "vise.bench.generate"
local measure = require "vise.bench.measure"
local vise = require "vise"

local try = fail.try

local M = { title = "forwards of whole models",
  columns = { "name", "size", "threads", "ms", "against", "megabytes", "planned", "blocks", "scaling" } }

local TYPES = { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r32_dq" }
local LAYERS = 2

-- What a family's forward takes, for so many tokens.
local inputs_of = {
  dit = function(model, tokens)
    local s = model.settings
    local each = (s.sample_size // s.patch_size) ^ 2 // 1 | 0
    local batch = math.max(1, tokens // each)
    local sample = core.random(3):normal { batch, s.in_channels, s.sample_size, s.sample_size }
    return { sample, 500, 7 % s.num_embeds_ada_norm }, batch * each
  end,
  llama = function(model, tokens)
    local s, ids = model.settings, {}
    tokens = math.min(tokens, s.max_position_embeddings)
    for i = 1, tokens do ids[i] = i * 7 % s.vocab_size end
    return { ids }, tokens
  end,
}

-- Blocks that a forward takes from the heap.
local function blocks_of(run)
  run()
  local before = core.memory().total
  run()
  return core.memory().total - before
end

local function bytes_of(model)
  local bytes = 0
  for _, layer in ipairs(model:layers()) do bytes = bytes + (layer.quantized and layer.quantized:bytes() or 0) end
  return bytes
end

local function forward(model, inputs)
  return function() try(model:forward(table.unpack(inputs))):close() end
end

local function same_bits(model, compiled, inputs)
  local a <close> = try(model:forward(table.unpack(inputs)))
  local b <close> = try(compiled:forward(table.unpack(inputs)))
  if a:tobytes() == b:tobytes() then return true end
  return fail.fail("E-HW-05", "the compiled model differs from its own")
end

-- A model and its compiled form: two tasks.
local function add_tasks(tasks, name, model, inputs, about)
  local compiled = try(vise.compile(model, table.unpack(inputs)))
  for _, side in ipairs { { name, model }, { name .. ", compiled", compiled } } do
    local task = { name = side[1], run = forward(side[2], inputs), base = "float", about = {} }
    for k, v in pairs(about) do task.about[k] = v end
    task.about.blocks = blocks_of(task.run)
    tasks[#tasks + 1] = task
  end
  tasks[#tasks].check = function() return same_bits(model, compiled, inputs) end
end

local function bench_model(section, folder, options)
  local float = try(vise.open(folder))
  local takes = inputs_of[float.family]
  if not takes then
    section.notes[#section.notes + 1] = ("skipped: %s is a %s model"):format(folder, float.family)
    return
  end
  local inputs, tokens = takes(float, math.max(table.unpack(options.rows)))
  local size, tasks = ("%s, %d tokens"):format(float.family, tokens), {}
  add_tasks(tasks, "float", float, inputs, { size = size })
  for _, type in ipairs(TYPES) do
    local model = try(vise.open(folder))
    local report = try(vise.quantize(model, { quant_type = type }))
    add_tasks(tasks, type, model, inputs, { size = size, megabytes = bytes_of(model) / 1e6,
      planned = report.memory_bytes / 1e6 })
  end
  measure.these(section, options, tasks)
end

local function with_generated(options, f)
  local folder = os.tmpname()
  os.remove(folder)
  try(core.disk.mkdir(folder))
  local ok, problem = pcall(function()
    for _, family in ipairs { "dit", "llama" } do
      f(generate[family](("%s/%s"):format(folder, family), { width = options.width, layers = LAYERS }))
      collectgarbage()
    end
  end)
  core.disk.remove_tree(folder)
  if not ok then error(problem, 0) end
end

---@param section vise.bench.Section
function M.run(section, options)
  local function bench(folder) bench_model(section, folder, options) end
  if #options.model == 0 then return with_generated(options, bench) end
  for _, folder in ipairs(options.model) do bench(folder) end
end

return M
