-- Whole models of width 2048 with random weights: the float forward against quantized ones, compiled and
-- not, all in one process and one after the other, best of `repeats`.
--
--   vise bench/kernels/models.lua [threads [repeats [width [layers]]]]
--
--   ratio     float, uncompiled, over this
--   layers    the same ratio of the quantized layers by themselves, each run alone: what kernels allow
--   weights   bytes of the quantized layers, and what the plan said they would be
--   blocks    allocated by one forward

package.path = "bench/models/?.lua;" .. package.path

local core = require "vise.core"
local generate = require "generate"
local vise = require "vise"

local THREADS, REPEATS = tonumber(arg[1]) or 1, tonumber(arg[2]) or 7
local WIDTH, LAYERS = tonumber(arg[3]) or 2048, tonumber(arg[4]) or 2
local TYPES = { "int8_per_row", "svdq_int4_r0_dq", "svdq_int4_r32_dq" }

local function seconds(f)
  local start = core.clock()
  f()
  return core.clock() - start
end

-- The best of several rounds, in each of which every entry runs once.
local function race(entries)
  for _ = 1, REPEATS do
    for _, entry in ipairs(entries) do
      entry.best = math.min(entry.best or math.huge, seconds(entry.run))
    end
  end
end

local function joined(a, b)
  return table.unpack(table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {})))
end

local function once(model, inputs, options)
  return function() assert(model:forward(joined(inputs, options))):close() end
end

local function blocks_of(f)
  local before = core.memory().total
  f()
  return core.memory().total - before
end

local function bytes_of(model)
  local bytes = 0
  for _, layer in ipairs(model:layers()) do bytes = bytes + (layer.quantized and layer.quantized:bytes() or 0) end
  return bytes
end

-- Each quantized layer's own input in shape, float and quantized by itself.
local function layer_ratio(model, quantized, inputs, options)
  local entries, undo = {}, {}
  for i, layer in ipairs(quantized:layers()) do
    local plain = model:layers()[i]
    if layer.quantized then
      undo[#undo + 1] = plain:hook(function(_, x)
        local shape = { x:shape() }
        entries[#entries + 1] = { run = function()
          local t <close> = core.random(i):normal(shape)
          local float = { run = function() core.linear(t, plain.weight, plain.bias):close() end }
          local coded = { run = function() assert(layer.quantized:forward(t)):close() end }
          race { float, coded }
          return float.best, coded.best
        end }
      end)
    end
  end
  once(model, inputs, options)()
  for _, f in ipairs(undo) do f() end
  local float, coded = 0, 0
  for _, entry in ipairs(entries) do
    local a, b = entry.run()
    float, coded = float + a, coded + b
  end
  return float / coded
end

local function show(rows)
  for _, row in ipairs(rows) do
    print(("%-28s %9.1f ms %7.2fx %9s %22s %8s"):format(table.unpack(row)))
  end
end

local function measure(title, folder, inputs, options)
  print(("\n%s, %d threads, best of %d"):format(title, THREADS, REPEATS))
  local float = assert(vise.open(folder))
  local entries = { { name = "float", run = once(float, inputs, options) } }
  local compiled_float = assert(vise.compile(float, joined(inputs, options)))
  entries[2] = { name = "float, compiled", run = once(compiled_float, inputs, {}) }
  for _, type in ipairs(TYPES) do
    local model = assert(vise.open(folder))
    local report = assert(vise.quantize(model, { quant_type = type }))
    local compiled = assert(vise.compile(model, joined(inputs, options)))
    local y <close> = assert(model:forward(joined(inputs, options)))
    local same <close> = assert(compiled:forward(table.unpack(inputs)))
    assert(same:tobytes() == y:tobytes(), "a compiled model differs from its own")
    local weights = ("%.1f of %.1f MB"):format(bytes_of(model) / 1e6, report.memory_bytes / 1e6)
    entries[#entries + 1] = { name = type, run = once(model, inputs, options), model = model, weights = weights }
    entries[#entries + 1] = { name = type .. ", compiled", run = once(compiled, inputs, {}), weights = weights,
      facts = compiled:describe() }
  end
  for _, entry in ipairs(entries) do entry.run() end
  race(entries)
  local rows = {}
  for i, entry in ipairs(entries) do
    rows[i] = { entry.name, entry.best * 1e3, entries[1].best / entry.best,
      entry.model and ("%.2fx"):format(layer_ratio(float, entry.model, inputs, options)) or "",
      entry.weights or "", blocks_of(entry.run) }
  end
  print(("%-28s %12s %8s %9s %22s %8s"):format("", "forward", "ratio", "layers", "weights, planned", "blocks"))
  show(rows)
  print(entries[#entries].facts)
end

vise.machine.threads(THREADS)
local folder = os.tmpname()
os.remove(folder)
assert(core.disk.mkdir(folder))
local ok, problem = pcall(function()
  local g, ids = vise.random(3), {}
  for i = 1, 512 do ids[i] = i * 7 % 4096 end
  generate.dit(folder .. "/dit", { width = WIDTH, layers = LAYERS })
  local sample = g:normal { 2, 4, 32, 32 }
  measure(("DiT, %d blocks of width %d, 512 tokens"):format(LAYERS, WIDTH), folder .. "/dit", { sample, 500, 7 }, {})
  generate.llama(folder .. "/llama", { width = WIDTH, layers = LAYERS })
  measure(("Llama, %d blocks of width %d, 512 tokens, the last logits"):format(LAYERS, WIDTH), folder .. "/llama", { ids }, { { last = true } })
end)
core.disk.remove_tree(folder)
if not ok then error(problem, 0) end
