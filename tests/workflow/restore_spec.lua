local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

describe("vise.restore", function()
  it("makes a model float again, bit for bit, and frees what quantizing made", function()
    local model = dit.open()
    local float = dit.answer(model)
    collectgarbage()
    collectgarbage()
    local held = core.memory().bytes
    for _, quant_type in ipairs { "int8_per_row", "svdq_int4_r8_dq" } do
      assert(vise.quantize(model, { quant_type = quant_type }))
      assert.are_not.equal(float, dit.answer(model))
      assert.equal(model, vise.restore(model))
      assert.equal(float, dit.answer(model))
    end
    assert.is_nil(model.quantization)
    collectgarbage()
    collectgarbage()
    assert.is_true(core.memory().bytes <= held)
    assert.equal(model, vise.restore(model))
  end)

  it("takes a model", function()
    assert.error_matches(function() vise.restore(nil) end, "E%-MD%-15: restore takes a model, got nil")
  end)

  it("is noticed by a compiled model", function()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    local noise = vise.random(3):normal { 1, 1, 28, 28 }
    local fast <close> = assert(vise.compile(model, noise, 500, 3))
    vise.restore(model)
    assert.error_matches(function() fast:forward(noise, 500, 3) end, "E%-CP%-04")
  end)
end)
