local quant_types = require "vise.quant_types"

describe("vise.quant_types", function()
  it("reads every form that it names", function()
    for _, name in ipairs(quant_types.forms) do assert.equal(name, quant_types.parse(name).name) end
  end)

  it("reads the group of a weight-only type", function()
    assert.equal(32, quant_types.parse("int4_weight_only").weight.group)
    assert.equal(128, quant_types.parse("int4_weight_only_g128").weight.group)
  end)

  it("reads rank and suffix of an svdq type", function()
    local t = quant_types.parse "svdq_int4_r16"
    assert.equal(16, t.rank)
    assert.equal("activation", t.smooth)
    assert.equal("span", t.calibrated)
    t = quant_types.parse "svdq_int4_r0_dq"
    assert.equal(0, t.rank)
    assert.equal("identity", t.smooth)
    assert.is_false(t.calibrated)
  end)

  it("stores scales in the weights' own 16-bit type, bf16 when they have none", function()
    assert.equal("f16", quant_types.storage "f16")
    assert.equal("bf16", quant_types.storage "bf16")
    assert.equal("bf16", quant_types.storage "f32")
    assert.equal("f16", quant_types.scheme_args(quant_types.parse("svdq_int4_r8").weight, "f16").scale_dtype)
    assert.equal("f32", quant_types.scheme_args(quant_types.parse("int8_per_row").weight, "f16").scale_dtype)
  end)

  it("refuses what only looks like a type", function()
    for _, name in ipairs { "", "int8", "svdq_int4", "svdq_int4_rx", "svdq_int4_r8_qd", "int4_weight_only_g0" } do
      assert.error_matches(function() quant_types.parse(name) end, "E%-CF%-04")
    end
  end)
end)
