-- One configuration on a rotated model: rotate -> smooth -> low rank -> GPTQ on the residual.

local core = require "vise.core"
local support = require "support"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/stories260K"
local TYPE = "svdq_int4_r4"
local CHAIN = { { name = "smoothquant", options = { alpha = 0.5 } }, "low_rank", { name = "gptq",
  options = { damping = 0.01 } } }
local TURNED = { "rotate", table.unpack(CHAIN) } -- behind a nonlinear function no transform reaches the input

local stories

local function calibrate(model)
  for i = 1, 12 do assert(model:forward(stories[i])):close() end
end

-- How far a quantized model is from the float one, on texts it was not calibrated on.
local function error_of(model)
  local float <close> = assert(vise.open(MODEL))
  local sum = 0
  for i = 100, 103 do
    local want <close> = assert(float:forward(stories[i]))
    local got <close> = assert(model:forward(stories[i]))
    sum = sum + support.rel_l2(got, want)
  end
  return sum / 4
end

describe("rotations, smoothing, a branch and GPTQ in one configuration", function()
  setup(function()
    stories = {}
    local tokenizer = assert(core.tokenizer_open(MODEL .. "/tok512.bin"))
    for i, text in ipairs(assert(vise.data.stories "tests/data/tinystories/stories-1-128.txt")) do
      stories[i] = table.move(assert(tokenizer:encode(text, { bos = true })), 1, 120, 1, {})
    end
  end)

  it("is saved, loaded in the same bits, and better than a branch alone", function()
    local plain <close> = assert(vise.open(MODEL))
    assert(vise.quantize(plain, { quant_type = TYPE, method = "low_rank", calibrate = calibrate }))
    local folder = os.tmpname()
    os.remove(folder)
    local model <close> = assert(vise.open(MODEL))
    assert(vise.transform(model, "rotate", { seed = 1 }))
    local cfg = vise.config { quant_type = TYPE, method = CHAIN, calibrate = calibrate, save_to = folder,
      plan = { { "*.down_proj", TYPE, TURNED } } }
    local plan = assert(vise.plan(model, cfg))
    local report = assert(vise.quantize(model, cfg))
    assert.equal("smoothquant+low_rank+gptq", report.layers[1].method)
    assert.equal(172, model:layer("model.layers.3.mlp.down_proj").quantized.rotate)
    local file <close> = assert(io.open(folder .. "/" .. TYPE .. ".safetensors", "rb"))
    assert.equal(plan.file_bytes, file:seek "end")
    local again <close> = assert(vise.load(assert(vise.open(MODEL)), folder))
    assert.equal(model:forward(stories[100]):tobytes(), again:forward(stories[100]):tobytes())
    local composed, branch = error_of(again), error_of(plain)
    assert.is_true(composed < 0.9 * branch, ("%g %g"):format(composed, branch))
  end)
end)
