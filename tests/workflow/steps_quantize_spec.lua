-- The built-in steps through vise.quantize, on layers of the embedded models.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local support = require "support"
local vise = require "vise"

local LAYER = "model.layers.2.mlp.up_proj" -- [172, 64]

-- Stories that the model tells itself: whole ones, since calibration may go block by block.
local stories = {}
do
  local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
  for seed = 1, 6 do
    stories[seed] = assert(vise.generate.generate(model, { prompt = { 1 }, temperature = 1, max_new = 100,
      seed = seed }))
  end
end

local function calibrate(model)
  for _, story in ipairs(stories) do assert(model:forward(story)):close() end
end

-- The report on one layer of the language model.
local function report_of(method, type)
  local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
  local report = assert(vise.quantize(model, { quant_type = type or "int4_weight_only", regions = { LAYER },
    method = method, calibrate = calibrate }))
  return report.layers[1]
end

-- Rounding, measured on the rows of calibration.
local rounding = { name = "plain", needs = { "samples" }, rows = 256, round = function(layer)
  return core.encode(layer.scheme, layer.weight)
end }

describe("built-in steps", function()
  it("take a good part of the error that rounding leaves on what flows into a layer", function()
    local plain = report_of(rounding)
    for name, part in pairs { gptq = 0.85, awq = 0.99 } do
      local report = report_of(name)
      assert.equal(name, report.method)
      assert.is_true(report.output_error < part * plain.output_error,
        ("%s: %g, rounding has %g"):format(name, report.output_error, plain.output_error))
    end
    local moved = report_of "gptq"
    assert.is_true(moved.weight_error > plain.weight_error) -- away from the weights, towards the outputs
    assert.is_true(moved.refined.loss > 0)
  end)

  it("compose, and are better together", function()
    local alone = report_of("gptq", "int4_weight_only").output_error
    local branch = report_of({ { name = "low_rank", options = { rank = 8 } }, "gptq" }).output_error
    assert.is_true(branch < 0.9 * alone, ("%g of %g"):format(branch, alone))
  end)

  it("make a whole composed model that is saved and loaded to the bit", function()
    local folder, remove = dit.folder()
    local model, again = dit.open(), dit.open()
    local report = assert(vise.quantize(model, { quant_type = "svdq_int4_r8", calibrate = dit.calibrate,
      regions = { "transformer_blocks.0.attn1.*" }, save_to = folder, method = { "rotate", "smoothquant",
        { name = "low_rank", options = { rounds = 1 } }, "gptq", "bias_correction" } }))
    assert.equal("rotate+smoothquant+low_rank+gptq+bias_correction", report.layers[1].method)
    assert(vise.load(again, folder))
    assert.equal(dit.answer(model), dit.answer(again))
    remove()
  end)

  it("give the same answer with one thread and with three", function()
    local script = support.file([[
      package.path = "tests/?.lua;" .. package.path
      local dit = require "workflow.support_dit"
      local model = dit.open()
      assert(require("vise").quantize(model, { quant_type = "svdq_int4_r8", calibrate = dit.calibrate,
        regions = { "transformer_blocks.0.attn1.*" }, method = { "rotate", { name = "smoothquant",
        options = { search = 2 } }, { name = "low_rank", options = { rounds = 1 } }, "gptq" } }))
      io.write(dit.answer(model)) ]], ".lua")
    local found = {}
    for _, threads in ipairs { 1, 3 } do
      local pipe <close> = io.popen(("VISE_THREADS=%d %s %s 2>/dev/null"):format(threads, arg[-1], script))
      found[threads] = pipe:read "a"
    end
    assert.is_true(#found[1] > 1000)
    assert.is_true(found[1] == found[3])
  end)

  it("name the layer and the column where moments are singular", function()
    local model <close> = assert(vise.open "recipes/quickstart/models/stories260K")
    local report, message, id = vise.quantize(model, { quant_type = "int4_weight_only", regions = { LAYER },
      method = { name = "gptq", options = { damping = 0 } },
      calibrate = function(m) assert(m:forward { 1, 403, 407 }) end })
    assert.is_nil(report)
    assert.equal("E-NU-10", id)
    assert.matches("layer model.layers.2.mlp.up_proj: column %d+: .* damping 0", message)
    assert.is_true(#message < 200)
  end)
end)
