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

local function forward(model, arguments, count)
  return try(model:forward(table.unpack(arguments, 1, count)))
end

local function same_bits(model, compiled, arguments)
  local a <close> = forward(model, arguments)
  local b <close> = forward(compiled, arguments, arguments.inputs)
  if a:tobytes() == b:tobytes() then return true end
  return fail.fail("E-HW-05", "the compiled model differs from its own")
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

-- How many times as fast as float ones the quantized layers are by themselves: what the kernels allow.
local function layers_alone(float, quantized, shapes, repeats)
  local sides = {}
  for _, entry in ipairs(shapes) do
    local plain, coded = float:layers()[entry.index], quantized:layers()[entry.index].quantized
    local x = core.random(entry.index):normal(entry.shape)
    sides[#sides + 1] = { run = function() try(core.linear(x, plain.weight, plain.bias)):close() end }
    sides[#sides + 1] = { run = function() try(coded:forward(x)):close() end }
  end
  turns.take(sides, repeats)
  local float_seconds, coded_seconds = 0, 0
  for i, entry in ipairs(shapes) do
    float_seconds = float_seconds + entry.calls * sides[2 * i - 1].seconds
    coded_seconds = coded_seconds + entry.calls * sides[2 * i].seconds
  end
  return float_seconds / coded_seconds
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
  local tasks, alone = {}, {}
  add_tasks(tasks, "float", float, arguments, { size = size })
  for _, type in ipairs(TYPES) do
    local model = try(vise.open(folder))
    local report = try(vise.quantize(model, { quant_type = type, svdq = type:find "^svdq" and QUICK or nil }))
    add_tasks(tasks, type, model, arguments, { size = size, megabytes = bytes_of(model) / 1e6,
      planned = report.memory_bytes / 1e6 })
    local shapes, last = shapes_of(model, arguments), #tasks
    alone[#alone + 1] = function()
      local ratio = layers_alone(float, model, shapes, options.repeats)
      tasks[last - 1].about.layers, tasks[last].about.layers = ratio, ratio
    end
  end
  return tasks, alone
end

local function bench_model(section, folder, options)
  local float = try(vise.open(folder))
  if not forward_of[float.family] then
    section.notes[#section.notes + 1] = ("skipped: %s is a %s model"):format(folder, float.family)
    return
  end
  local arguments = forward_of[float.family](float, math.max(table.unpack(options.rows)))
  local size = ("%s, %d tokens"):format(float.family, arguments.tokens)
  local tasks, alone = tasks_of(folder, float, arguments, size, options)
  measure.into(section, options, function()
    for _, f in ipairs(alone) do f() end
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
