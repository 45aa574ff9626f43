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
    raises("E-PL-03", "transformer_blocks.0.attn1.to_q [128, 128], int4_weight_only_g256: group 256 is wider than the "
      .. "layer's 128 inputs", { quant_type = "int8_per_row", plan = { { "*.to_q", "int4_weight_only_g256" } } })
    local wide <close> = core.tensor("f16", { 1, 65537 })
    local one = { layers = function() return { require("vise.nn.linear").new("wide", 1, 65537, wide) } end }
    assert.error_matches(function() vise.plan(one, { quant_type = "int8_per_row", regions = "all" }) end,
      "E%-PL%-05: nothing to quantize: of 1 linear layers 1 int8_per_row: 65537 inputs, the integer product takes up "
        .. "to 65536")
    wide:close()
    raises("E-PL-05", "nothing to quantize", { quant_type = "int8_per_row", exclude = { "*" } })
    collectgarbage()
    assert.is_true(core.memory().bytes <= before)
  end)

  it("skips a default layer that its type cannot take, with the reason, and does not count it", function()
    local plan = vise.plan(model, { quant_type = "int4_weight_only_g256" })
    assert.same({ 6, 36, 50 }, { plan.quantized, plan.candidates, plan.skipped }) -- ff.net.2 has 512 inputs
    assert.same({ reason = "int4_weight_only_g256: group 256 is wider than the layer's 128 inputs", layers = 30 },
      plan:reasons()[1])
    assert.same({ reason = "outside the regions", layers = 20 }, plan:reasons()[2])
    raises("E-PL-05", "30 int4_weight_only_g256: group 256 is wider", { quant_type = "int4_weight_only_g256",
      exclude = { "*.net.2" } })
  end)

  it("gives such a layer the fallback's type, or says why neither fits", function()
    local plan = vise.plan(model, { quant_type = "int4_weight_only_g256", fallback = "int8_per_row" })
    local types = {}
    for _, layer in ipairs(plan.layers) do
      if layer.type then types[layer.type.name] = (types[layer.type.name] or 0) + 1 end
    end
    assert.same({ int4_weight_only_g256 = 6, int8_per_row = 30 }, types)
    assert.matches("group 256", plan.layers[8].fallback or plan.layers[3].fallback or plan.layers[4].fallback, 1, true)
    plan = vise.plan(model, { quant_type = "int4_weight_only_g256", fallback = "int4_weight_only_g256" })
    assert.equal(6, plan.quantized)
    assert.matches("; fallback int4_weight_only_g256: group 256", plan:reasons()[1].reason, 1, true)
  end)

  it("asks the filter for what regions and exclude have left", function()
    local seen = {}
    local plan = vise.plan(model, { quant_type = "int8_per_row", exclude = { "*.to_q" }, filter = function(layer, name)
      assert.equal(name, layer.name)
      seen[#seen + 1] = name
      return layer.inputs == 128
    end })
    assert.equal(30, #seen) -- 36 less the six that are excluded
    assert.equal(24, plan.quantized)
    local reasons = {}
    for _, r in ipairs(plan:reasons()) do reasons[r.reason] = r.layers end
    assert.same({ excluded = 6, ["left out by the filter"] = 6, ["outside the regions"] = 20 }, reasons)
    raises("E-PL-06", "filter gave a nil for layer transformer_blocks.0.attn1.to_q",
      { quant_type = "int8_per_row", filter = function() end })
    raises("mine", "mine", { quant_type = "int8_per_row", filter = function() error "mine" end })
  end)

  it("says where patterns meet, and which one counts", function()
    local plan = vise.plan(model, { quant_type = "int8_per_row", exclude = { "*.to_q" },
      plan = { { "*.to_v", "int8_weight_only" }, { "*.attn1.*", "int4_weight_only" } } })
    assert.same({
      { winner = "plan[1]", loser = "plan[2]", layers = 6, example = "transformer_blocks.0.attn1.to_v" },
      { winner = "exclude[1]", loser = "plan[2]", layers = 6, example = "transformer_blocks.0.attn1.to_q" },
    }, { plan.overlaps[1].winner == "plan[1]" and plan.overlaps[1] or plan.overlaps[2],
      plan.overlaps[1].winner == "plan[1]" and plan.overlaps[2] or plan.overlaps[1] })
    assert.same({}, vise.plan(model, { quant_type = "int8_per_row" }).overlaps)
  end)

  it("knows the artefact's size to the byte, and estimates a time", function()
    local folder, remove = dit.folder()
    local cfg = vise.config { quant_type = "svdq_int4_r4_dq", save_to = folder }
    local plan = vise.plan(model, cfg)
    local other = dit.open()
    assert(vise.quantize(other, cfg))
    assert.equal(core.disk.size(folder .. "/svdq_int4_r4_dq.safetensors"), plan.file_bytes)
    other:close()
    remove()
    local seconds = plan:seconds()
    assert.is_true(seconds > 0 and seconds < 60)
    -- Nor is it held against another estimate: what else the machine does moves both.
    local high = vise.plan(model, { quant_type = "svdq_int4_r4_dq", svdq = { calibrate_precision = "high" } })
    assert.is_true(high:seconds() > 0)
  end)

  it("estimates the peak of memory to 15 %, calibration included", function()
    local work = assert(vise.workload.of(model, { steps = 2, calibration = 2, images = 1 }))
    for _, cfg in ipairs { { quant_type = "int8_per_row" }, { quant_type = "svdq_int4_r4_dq" },
      { quant_type = "svdq_int4_r4", calibrate = work:calibration(), svdq = { smooth_strategy = "activation",
        shared_inputs = true } } } do
      local other = dit.open()
      local estimate = assert(vise.plan(other, cfg)):estimate()
      collectgarbage()
      local report = assert(vise.quantize(other, cfg))
      assert.near(1, estimate.peak_bytes / report.peak_bytes, 0.15)
      assert.is_true(estimate.calibration_seconds >= 0 and estimate.calibration_seconds < estimate.seconds)
      other:close()
    end
  end)

  it("says that it does not know how long somebody's own calibration takes", function()
    local estimate = vise.plan(model, { quant_type = "svdq_int4_r4", calibrate = dit.calibrate }):estimate()
    assert.is_nil(estimate.calibration_seconds)
    assert.is_true(estimate.seconds > 0)
  end)

  it("estimates whatever a layer may be made of", function()
    for _, cfg in ipairs { { quant_type = "svdq_int4_r4_dq", svdq = { smooth_strategy = "few_shot" } },
      { quant_type = "svdq_int4_r4", svdq = { smooth_strategy = "activation" }, calibrate = dit.calibrate },
      { quant_type = "int8_per_row_static", calibrate = dit.calibrate },
      { quant_type = "svdq_int4_r4_dq", method = { "rotate", "awq", "low_rank", "gptq" }, calibrate = dit.calibrate },
      { quant_type = "int4_weight_only", method = { { name = "rounding", options = { search = "importance" } } },
        calibrate = dit.calibrate },
      { quant_type = "int8_per_row", plan = { { "*.to_k", "svdq_int4_r8_dq" } } } } do
      local estimate = assert(vise.plan(model, cfg)):estimate()
      assert.is_true(estimate.seconds > 0 and estimate.peak_bytes > 0)
    end
  end)

  it("leaves the model as it was when it estimates", function()
    local before = dit.answer(model)
    vise.plan(model, { quant_type = "int8_per_row" }):estimate()
    assert.equal(before, dit.answer(model))
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
  end)

  it("holds no function and no tensor as data", function()
    local plan = vise.plan(model, { quant_type = "int8_per_row", filter = function() return true end })
    local again = assert(core.json_decode(assert(core.json_encode(plan:plain()))))
    assert.equal(plan.quantized, again.quantized)
    assert.equal(#plan.layers, #again.layers)
  end)
end)
