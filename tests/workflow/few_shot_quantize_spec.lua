local dit = require "workflow.support_dit"
local vise = require "vise"

local FIELDS = { quant_type = "svdq_int4_r4_dq", regions = { "transformer_blocks.0.attn1.*" },
  svdq = { smooth_strategy = "few_shot", few_shot_steps = 2, few_shot_relax_strategy = "fixed" } }

describe("vise.quantize with few_shot smoothing", function()
  it("arms the model: float for its first forwards, then quantized, with what it saw", function()
    local model = dit.open()
    local float = dit.answer(model)
    local armed = assert(vise.quantize(model, FIELDS))
    assert.equal("armed", armed.state)
    assert.equal(float, dit.answer(model))
    assert.is_nil(model:layer("transformer_blocks.0.attn1.to_q").quantized)
    assert.equal(float, dit.answer(model)) -- the forward that completes the count is still float
    assert.equal("quantized", armed.state)
    assert.not_equal(float, dit.answer(model))
    assert.equal(4, armed.report.quantized)
    assert.equal(4, armed.report.observed)
    assert.matches("svdq_int4_r4_dq (4)", armed.report:text(), 1, true)

    -- Without relaxation it is the calibrated type, on the same forwards.
    local other = dit.open()
    assert(vise.quantize(other, { quant_type = "svdq_int4_r4", regions = FIELDS.regions, calibrate = dit.answer,
      svdq = { smooth_strategy = "activation" } }))
    assert.equal(dit.answer(other), dit.answer(model))
    model:close()
    other:close()
  end)

  it("saves when it is done, not before, and the artefact loads", function()
    local folder, remove = dit.folder()
    local model = dit.open()
    local cfg = vise.config { from = FIELDS, save_to = folder }
    assert(vise.quantize(model, cfg))
    dit.answer(model)
    assert.is_nil(require("vise.core").disk.exists(folder))
    dit.answer(model)
    local again = dit.open()
    assert(vise.load(again, folder))
    assert.equal(dit.answer(model), dit.answer(again))
    model:close()
    again:close()
    remove()
  end)

  it("can be given up, and is for one model", function()
    local model = dit.open()
    local armed = assert(vise.quantize(model, FIELDS))
    assert.is_true(armed:disarm())
    dit.answer(model)
    dit.answer(model)
    assert.is_nil(model.quantization)
    assert.error_matches(function() vise.quantize({ a = model }, FIELDS) end, "E%-PL%-08")
    model:close()
  end)
end)
