--- Models that steps, transforms and modes of calibration made: the same bytes from every run, and all that can
--- be done with an artefact.

local core = require "vise.core"
local compare = require "vise.compare"
local verify = require "vise.verify"
local vise = require "vise"

local STORIES, CHEMISTRY = "recipes/quickstart/models/stories260K", "tests/data/chemts-gpt2-0.5m"

-- Some texts; ids of both models.
local function calibrate(model)
  for text = 1, 4 do
    local ids = {}
    for k = 1, 70 do ids[k] = (k * k * 11 + text * 37) % 60 + 3 end
    assert(model:forward(ids)):close()
  end
end

local function answer(model) return assert(model:forward { 1, 5, 9, 40 }):tobytes() end

local composed = { "rotate", { name = "smoothquant", options = { alpha = 0.5 } },
  { name = "low_rank", options = { rounds = 1 } }, "gptq", "bias_correction" }

local cases = {
  { "a chain of all steps, block by block", STORIES, { quant_type = "svdq_int4_r4", method = composed,
    calibration = { mode = "sequential" }, regions = { "*.layers.0.*", "*.layers.1.*" } } },
  { "2 bits by GPTQ in an order, group by group", STORIES, { quant_type = "int2_weight_only_g32",
    method = { name = "gptq", options = { order = "gar" } }, calibration = { mode = "true_sequential" },
    regions = { "*.layers.0.*" } } },
  { "3 bits by AWQ of a model that was rotated", STORIES, { quant_type = "int3_weight_only_g32",
    method = { { name = "awq", options = { grid = 4 } }, "awq_clip" }, regions = { "*.layers.0.*" } },
    { "rotate", { r1 = true, r2 = true, r3 = true, seed = 3 } } },
  { "8 bits, smoothed, with biases corrected", STORIES, { quant_type = "int8_per_row",
    method = { "smoothquant", "bias_correction" }, regions = { "*.layers.0.*" } } },
  { "3 bits by HQQ", CHEMISTRY, { quant_type = "int3_weight_only_g32", method = "hqq" } },
  { "a GPT-2 block by block", CHEMISTRY, { quant_type = "int3_weight_only_g32", method = "gptq",
    calibration = { mode = "sequential" } } },
  { "a GPT-2, rotated and composed, group by group", CHEMISTRY, { quant_type = "svdq_int4_r4", method = composed,
    calibration = { mode = "true_sequential" }, regions = { "transformer.h.0.*" } },
    { "rotate", { r1 = true, seed = 3 } } },
}

local function open(case)
  local model = assert(vise.open(case[2]))
  if case[4] then assert(vise.transform(model, table.unpack(case[4]))) end
  return model
end

-- Quantizes with a number of threads and saves, when it quantizes or later: the model, and the bytes of all files
-- by name.
local function run(case, threads, folder, later)
  local before, fields = core.threads(), { save_to = not later and folder or nil,
    calibrate = case[3].method ~= "hqq" and calibrate or nil }
  for key, value in pairs(case[3]) do fields[key] = value end
  core.threads(threads)
  local model = open(case)
  local report, message = vise.quantize(model, fields)
  core.threads(before)
  assert(report, message)
  if later then assert(vise.save(model, folder)) end
  local bytes = {}
  for _, name in ipairs(assert(core.disk.list(folder))) do
    bytes[name] = assert(core.disk.read(folder .. "/" .. name))
  end
  return model, bytes
end

describe("a composed artefact:", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(core.disk.mkdir(folder))
  end)
  after_each(function() assert(core.disk.remove_tree(folder)) end)

  for _, case in ipairs(cases) do
    it(case[1] .. ", has the same bytes twice, is itself when loaded, compiled and restored", function()
      local model <close>, bytes = run(case, 1, folder .. "/a")
      local twin <close>, others = run(case, 2, folder .. "/b", true)
      local files = 0
      for name, content in pairs(bytes) do
        files = files + 1
        assert.is_true(content == others[name], name)
      end
      assert.is_true(files >= 2)
      assert.is_true(verify.verify(folder .. "/a").ok)
      for _, row in ipairs(assert(compare.compare(folder .. "/a", folder .. "/b")).weights) do
        assert.equal("same", row.state, row.name)
      end

      local again <close> = assert(vise.load(assert(vise.open(case[2])), folder .. "/a"))
      local want = answer(model)
      assert.is_true(want == answer(twin) and want == answer(again))
      local fast <close> = assert(vise.compile(again, { 0, 0, 0, 0 }))
      assert.is_true(want == assert(fast:forward { 1, 5, 9, 40 }):tobytes())
      assert(vise.save(again, folder .. "/c"))
      for name in pairs(bytes) do
        if name:find "%.safetensors$" then
          assert.is_true(bytes[name] == core.disk.read(folder .. "/c/" .. name), name)
        end
      end

      local plain <close> = open(case)
      assert(vise.restore(model, { keep_transforms = case[4] ~= nil }))
      assert.is_true(answer(plain) == answer(model))
    end)
  end
end)
