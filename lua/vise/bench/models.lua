--- Whole models: float against quantized, as they are and compiled.

local core = require "vise.core"
local fail = require "vise.fail"
local generate = require "vise.bench.generate"
local measure = require "vise.bench.measure"
local turns = require "vise.bench.turns"
local vise = require "vise"

local try = fail.try

local M = { title = "forwards of whole models",
  columns = { "name", "size", "threads", "ms", "against", "layers", "of_layers", "megabytes", "planned", "blocks",
    "scaling" } }

local TYPES = { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r32_dq" }
local LAYERS = 2
local QUICK = { refine_iters = 0, scale_search = false } -- the same format, sooner

-- What a family's forward takes, for so many tokens: all arguments, and the first `inputs` of them that a
-- compiled model takes too.
local forward_of = {
  dit = function(model, tokens)
    local s = model.settings
    local each = (s.sample_size // s.patch_size) ^ 2 // 1 | 0
    local batch = math.max(1, tokens // each)
    local sample = core.random(3):normal { batch, s.in_channels, s.sample_size, s.sample_size }
    return { sample, 500, 7 % s.num_embeds_ada_norm, inputs = 3, tokens = batch * each }
  end,
  llama = function(model, tokens)
    local s, ids = model.settings, {}
    tokens = math.min(tokens, s.max_position_embeddings)
    for i = 1, tokens do ids[i] = i * 7 % s.vocab_size end
    return { ids, { last = true }, inputs = 1, tokens = tokens }
  end,
}

-- Blocks that a forward takes from the heap.
local function blocks_of(run)
  local before = core.memory().total
  run()
  return core.memory().total - before
end

local function bytes_of(model)
  local bytes = 0
  for _, layer in ipairs(model:layers()) do bytes = bytes + (layer.quantized and layer.quantized:bytes() or 0) end
  return bytes
end

local function forward(model, arguments, count)
  return try(model:forward(table.unpack(arguments, 1, count)))
end

local function same_bits(model, compiled, arguments)
  local a <close> = forward(model, arguments)
  local b <close> = forward(compiled, arguments, arguments.inputs)
  if a:tobytes() == b:tobytes() then return true end
  return fail.fail("E-HW-05", "the compiled model answers with other bits than the model")
end

-- The quantized layers of a model that multiply different shapes, and how often a forward calls each.
local function shapes_of(model, arguments)
  local list, by_key, undo = {}, {}, {}
  for i, layer in ipairs(model:layers()) do
    undo[#undo + 1] = layer.quantized and layer:hook(function(_, x)
      local key = ("%s %d"):format(table.concat({ x:shape() }, "x"), layer.outputs)
      if not by_key[key] then
        by_key[key] = { index = i, shape = { x:shape() }, calls = 0 }
        list[#list + 1] = by_key[key]
      end
      by_key[key].calls = by_key[key].calls + 1
    end) or nil
  end
  forward(model, arguments):close()
  for _, f in ipairs(undo) do f() end
  return list
end

-- How many times as fast as float ones the quantized layers of each model are by themselves: what the
-- kernels allow.
local function layers_alone(float, models, shapes, repeats)
  local sides = {}
  for _, entry in ipairs(shapes) do
    local plain = float:layers()[entry.index]
    local x = core.random(entry.index):normal(entry.shape)
    sides[#sides + 1] = { calls = entry.calls,
      run = function() try(core.linear(x, plain.weight, plain.bias)):close() end }
    for m, model in ipairs(models) do
      local coded = model:layers()[entry.index].quantized
      sides[#sides + 1] = { calls = entry.calls, model = m, run = function() try(coded:forward(x)):close() end }
    end
  end
  turns.take(sides, repeats)
  local float_seconds, seconds = 0, {}
  for _, side in ipairs(sides) do
    local all = side.calls * side.seconds
    if side.model then
      seconds[side.model] = (seconds[side.model] or 0) + all
    else
      float_seconds = float_seconds + all
    end
  end
  for m in ipairs(models) do seconds[m] = float_seconds / seconds[m] end
  return seconds
end

-- A model and its compiled form: two tasks.
local function add_tasks(tasks, name, model, arguments, about)
  local compiled = try(vise.compile(model, table.unpack(arguments)))
  for _, side in ipairs { { name, model }, { name .. ", compiled", compiled, arguments.inputs } } do
    local task = { name = side[1], base = "float", about = {},
      run = function() forward(side[2], arguments, side[3]):close() end }
    for k, v in pairs(about) do task.about[k] = v end
    task.about.blocks = blocks_of(task.run)
    tasks[#tasks + 1] = task
  end
  tasks[#tasks].check = function() return same_bits(model, compiled, arguments) end
end

-- float and every type, each as it is and compiled; and what measures their layers alone.
local function tasks_of(folder, float, arguments, size, options)
  local tasks, models = {}, {}
  add_tasks(tasks, "float", float, arguments, { size = size })
  for i, type in ipairs(TYPES) do
    models[i] = try(vise.open(folder, { variant = options.variant }))
    local report = try(vise.quantize(models[i], { quant_type = type, svdq = type:find "^svdq" and QUICK or nil }))
    add_tasks(tasks, type, models[i], arguments, { size = size, megabytes = bytes_of(models[i]) / 1e6,
      planned = report.memory_bytes / 1e6 })
  end
  local shapes = shapes_of(models[1], arguments) -- every type is given to the same layers
  return tasks, function()
    for i, ratio in ipairs(layers_alone(float, models, shapes, options.repeats)) do
      tasks[2 * i + 1].about.layers, tasks[2 * i + 2].about.layers = ratio, ratio
    end
  end
end

local function bench_model(section, folder, options)
  local float = try(vise.open(folder, { variant = options.variant }))
  if not forward_of[float.family] then
    section.notes[#section.notes + 1] = ("skipped: %s is a %s model"):format(folder, float.family)
    return
  end
  local arguments = forward_of[float.family](float, math.max(table.unpack(options.rows)))
  local size = ("%s, %d tokens"):format(float.family, arguments.tokens)
  local tasks, alone = tasks_of(folder, float, arguments, size, options)
  measure.into(section, options, function()
    alone()
    return tasks
  end)
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
  if #options.model == 0 then with_generated(options, bench) end
  for _, folder in ipairs(options.model) do bench(folder) end
  for _, line in ipairs(section.lines) do
    if line.layers then line.of_layers = line.against / line.layers end
  end
end

return M
