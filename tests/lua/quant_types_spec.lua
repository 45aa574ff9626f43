local quant_types = require "vise.quant_types"

describe("vise.quant_types", function()
  it("reads every form that it names", function()
    for _, name in ipairs(quant_types.forms) do assert.equal(name, quant_types.parse(name).name) end
  end)

  it("reads the group of a weight-only type", function()
    assert.equal(32, quant_types.parse("int4_weight_only").weight.group)
    assert.equal(128, quant_types.parse("int4_weight_only_g128").weight.group)
  end)

  it("reads the group of a type with 4-bit weights and 8-bit activations", function()
    for name, group in pairs { w4a8 = 128, w4a8_g16 = 16, w4a8_g32 = 32, w4a8_g256 = 256 } do
      local t = quant_types.parse(name)
      assert.same({ 4, group, "integer" }, { t.weight.bits, t.weight.group, t.product })
      assert.same({ 8, "token" }, { t.activation.bits, t.activation.granularity })
    end
    for _, name in ipairs { "w4a8_g48", "w4a8_", "w4a8_g", "int8_per_row_g64" } do
      assert.error_matches(function() quant_types.parse(name) end, "E-CF-04", 1, true)
    end
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

  it("reads SVDQuant with 4-bit floats", function()
    local t = quant_types.parse "svdq_nvfp4_r16"
    assert.same({ 16, "activation", "span", "integer" }, { t.rank, t.smooth, t.calibrated, t.product })
    t = quant_types.parse "svdq_nvfp4_r0_dq"
    assert.same({ 0, "identity", false }, { t.rank, t.smooth, t.calibrated })
    assert.equal("f16", quant_types.scheme_args(t.weight, "f16").second_dtype)
    assert.equal("f8e4m3", quant_types.scheme_args(t.weight, "f16").scale_dtype)
  end)

  it("gives static types one scale, from calibrated ranges", function()
    for _, name in ipairs { "float8_per_tensor", "float8_per_row", "int8_per_tensor", "int8_per_row" } do
      local t, dynamic = quant_types.parse(name .. "_static"), quant_types.parse(name)
      assert.same({ true, "range", "tensor" }, { t.static, t.calibrated, t.activation.granularity })
      assert.same({ false, false }, { dynamic.static, dynamic.calibrated })
      assert.same(dynamic.weight, t.weight)
    end
  end)

  it("says how codes of both sides are multiplied", function()
    local products = { int8_per_tensor = "integer", int8_per_row_static = "integer", svdq_int4_r8 = "integer",
      float8_per_row = "float", nvfp4 = "integer", svdq_nvfp4_r8_dq = "integer" }
    for name, product in pairs(products) do assert.equal(product, quant_types.parse(name).product) end
    for _, name in ipairs { "int8_weight_only", "nvfp4_weight_only", "float8_weight_only", "int4_weight_only" } do
      assert.is_nil(quant_types.parse(name).product)
      assert.is_nil(quant_types.parse(name).activation)
    end
  end)

  it("makes schemes of every form, for both 16-bit types", function()
    local core = require "vise.core"
    for _, name in ipairs(quant_types.forms) do
      local t = quant_types.parse(name)
      for _, storage in ipairs { "f16", "bf16" } do
        assert.truthy(core.scheme(quant_types.scheme_args(t.weight, storage)))
        if t.activation then assert.truthy(core.scheme(t.activation)) end
      end
      assert.is_true(#t.summary > 10)
    end
  end)

  it("names the nearest form, with the rank that was written", function()
    for name, near in pairs { svdq_nvpf4_r16 = "svdq_nvfp4_r16", flot8_per_row = "float8_per_row",
      svdq_int4_r8_qd = "svdq_int4_r8_dq", int4_weightonly_g128 = "int4_weight_only_g128",
      int8_per_rows_static = "int8_per_row_static" } do
      assert.error_matches(function() quant_types.parse(name) end, "did you mean " .. near .. "%?")
    end
  end)

  it("stores scales in the weights' own 16-bit type, bf16 when they have none", function()
    assert.equal("f16", quant_types.storage "f16")
    assert.equal("bf16", quant_types.storage "bf16")
    assert.equal("bf16", quant_types.storage "f32")
    assert.equal("f16", quant_types.scheme_args(quant_types.parse("svdq_int4_r8").weight, "f16").scale_dtype)
    assert.equal("f32", quant_types.scheme_args(quant_types.parse("int8_per_row").weight, "f16").scale_dtype)
  end)

  it("refuses what only looks like a type", function()
    for _, name in ipairs { "", "int8", "svdq_int4", "svdq_int4_rx", "svdq_int4_r8_qd", "int4_weight_only_g0",
      "svdq_int8_r8", "svdq_nvfp4", "nvfp4_static", "float8_per_block_static", "int8_weight_only_static", "_static",
      "float8", "svdq_nvfp4_r8_static", "svdq_int4_r123456" } do
      assert.error_matches(function() quant_types.parse(name) end, "E%-CF%-04")
    end
  end)
end)
