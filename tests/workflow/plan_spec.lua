local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

describe("vise.plan", function()
  local model
  setup(function() model = dit.open() end)
  teardown(function() model:close() end)

  local function raises(id, text, fields)
    local ok, message = pcall(vise.plan, model, fields)
    assert.is_false(ok, "no error")
    assert.matches(id, message, 1, true)
    assert.matches(text, message, 1, true)
  end

  it("takes the repeated blocks' attention and MLP by default, and says why the rest stays", function()
    local plan = vise.plan(model, { quant_type = "int8_per_row" })
    assert.equal(dit.layers, plan.quantized)
    assert.equal(#plan.layers, plan.quantized + plan.skipped)
    for _, layer in ipairs(plan.layers) do
      assert.equal(layer.type == nil, layer.reason == "outside the regions", layer.name)
    end
  end)

  it("counts every byte: codes, scales, factors, bias", function()
    -- [128, 128], f16, rank 8: codes 128 * 64, scales 128 * 2 f16, smooth 128 f16, factors 2 * 8 * 128
    -- f16, bias 128 f16.
    local plan = vise.plan(model, { quant_type = "svdq_int4_r8", calibrate = dit.calibrate })
    for _, layer in ipairs(plan.layers) do
      if layer.name == "transformer_blocks.0.attn1.to_q" then
        assert.equal(128 * 64 + 128 * 2 * 2 + 128 * 2 + 2 * 8 * 128 * 2 + 128 * 2, layer.disk_bytes)
      end
    end
    -- int8 [128, 128]: codes, an f32 scale a row, bias f16.
    plan = vise.plan(model, { quant_type = "int8_weight_only" })
    for _, layer in ipairs(plan.layers) do
      if layer.name == "transformer_blocks.0.attn1.to_q" then
        assert.equal(128 * 128 + 128 * 4 + 128 * 2, layer.disk_bytes)
        assert.equal(128 * 128 * 2 + 128 * 2, layer.source_bytes)
      end
    end
  end)

  it("excludes, overrides by the first rule that matches, and reports what patterns matched", function()
    local plan = vise.plan(model, { quant_type = "int8_per_row", exclude = { "*.to_out.0" },
      plan = { { "*.attn1.to_q", "int4_weight_only_g64" }, { "*.attn1.*", "int8_weight_only" } } })
    local types = {}
    for _, layer in ipairs(plan.layers) do
      types[layer.name:match "transformer_blocks%.0%.(.*)" or ""] = layer.type and layer.type.name or layer.reason
    end
    assert.equal("excluded", types["attn1.to_out.0"])
    assert.equal("int4_weight_only_g64", types["attn1.to_q"])
    assert.equal("int8_weight_only", types["attn1.to_k"])
    assert.equal("int8_per_row", types["ff.net.2"])
    assert.same({ where = "exclude[1]", pattern = "*.to_out.0", matched = 6 }, plan.patterns[1])
    assert.same({ where = "plan[2]", pattern = "*.attn1.*", matched = 24 }, plan.patterns[3])
  end)

  it("reaches layers outside the blocks by regions or by a rule", function()
    assert.is_true(vise.plan(model, { quant_type = "int8_per_row", regions = "all" }).quantized > dit.layers)
    assert.equal(1, vise.plan(model, { quant_type = "int8_per_row", regions = { "proj_out_2" } }).quantized)
    assert.equal(dit.layers + 1,
      vise.plan(model, { quant_type = "int8_per_row", plan = { { "proj_out_2", "int8_weight_only" } } }).quantized)
  end)

  it("stops before any work, naming the layer or the pattern", function()
    local before = core.memory().bytes
    raises("E-PL-01", "exclude[1]: pattern \"*.attn2.*\" matches 0 of", { quant_type = "int8_per_row",
      exclude = { "*.attn2.*" } })
    raises("E-PL-03", "transformer_blocks.0.attn1.to_q [128, 128], svdq_int4_r129_dq: rank 129 is above",
      { quant_type = "svdq_int4_r129_dq" })
    raises("E-PL-03", "group 256 is wider than the layer's 128 inputs", { quant_type = "int4_weight_only_g256" })
    local wide <close> = core.tensor("f16", { 1, 65537 })
    local one = { layers = function() return { { name = "wide", weight = wide } } end }
    assert.error_matches(function() vise.plan(one, { quant_type = "int8_per_row", regions = "all" }) end,
      "E%-PL%-03: layer wide %[1, 65537%], int8_per_row: 65537 inputs, the integer product takes up to 65536")
    wide:close()
    raises("E-PL-05", "nothing to quantize", { quant_type = "int8_per_row", exclude = { "*" } })
    collectgarbage()
    assert.is_true(core.memory().bytes <= before)
  end)
end)
