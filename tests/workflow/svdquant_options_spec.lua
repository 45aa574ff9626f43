local options_of = require "vise.algorithms.svdquant_options"
local quant_types = require "vise.quant_types"

local function raises(id, text, given)
  local ok, message = pcall(options_of.check, given)
  assert.is_false(ok, "no error")
  assert.matches(id, message, 1, true)
  assert.matches(text, message, 1, true)
end

describe("svdq options", function()
  it("are complete when none is given, and stay as they are when checked again", function()
    local o = options_of.check {}
    assert.equal("low", o.calibrate_precision)
    assert.equal(0, o.seed)
    assert.equal(0.5, o.alpha)
    assert.is_nil(o.smooth_strategy)
    assert.is_nil(o.emulate)
    assert.is_true(o.keep_best)
    assert.is_false(o.shared_inputs)
    assert.same(o, options_of.check(o))
  end)

  it("without refinement and scale search are the published recipe under emulate", function()
    local o = options_of.check { emulate = "bf16" }
    assert.equal(0, o.refine_iters)
    assert.is_false(o.scale_search)
    assert.is_false(o.keep_best)
    assert.is_false(o.early_stop)
    assert.same(o, options_of.check(o))
    raises("E-CF-06", "no scale_search", { emulate = "bf16", scale_search = true })
  end)

  it("name an unknown one, the nearest and all there are", function()
    raises("E-CF-02", "svdq: unknown field 'refine_iter', did you mean 'refine_iters'?", { refine_iter = 1 })
    raises("E-CF-02", "the fields are alpha, balance_iters, beta, calibrate_precision", { x = 1 })
    raises("E-CF-02", "unknown field '1'", { 5 })
    raises("E-CF-03", "svdq must be a table, got string", "low")
  end)

  local integers = { balance_iters = { 1, 10000 }, seed = { 0, 4294967295 }, refine_iters = { 0, 10000 },
    search_grid = { 1, 1000 },
    search_samples = { 1, 1 << 31 }, few_shot_steps = { 1, 1 << 31 } }
  for name, range in pairs(integers) do
    it(name .. " is an integer in its range, and no boolean", function()
      for _, v in ipairs(range) do assert.equal(v, options_of.check({ [name] = v })[name]) end
      for _, v in ipairs { range[1] - 1, range[2] + 1, 1.5, 0 / 0 } do
        raises("E-CF-05", ("svdq.%s must be an integer from %d"):format(name, range[1]), { [name] = v })
      end
      for _, v in ipairs { true, false, "1", {} } do
        raises("E-CF-03", ("svdq.%s must be an integer, got %s"):format(name, type(v)), { [name] = v })
      end
    end)
  end

  local numbers = { alpha = { 0, 1 }, beta = { 0, 1 }, few_shot_relax_factor = { 1, 1e6 },
    few_shot_relax_top_ratio = { 0.001, 1 } }
  for name, range in pairs(numbers) do
    it(name .. " is a number in its range, and no boolean", function()
      for _, v in ipairs(range) do assert.equal(v, options_of.check({ [name] = v })[name]) end
      for _, v in ipairs { -0.5, 0 / 0 } do
        raises("E-CF-05", ("svdq.%s must be a number"):format(name), { [name] = v })
      end
      for _, v in ipairs { true, "0.5" } do
        raises("E-CF-03", ("must be a number, got %s"):format(type(v)), { [name] = v })
      end
    end)
  end

  it("refuse what the reference refuses of few-shot options", function()
    for _, v in ipairs { 0, 0.5 } do
      raises("E-CF-05", "svdq.few_shot_relax_factor must be a number from 1 up", { few_shot_relax_factor = v })
    end
    for _, v in ipairs { 0, 1.5 } do
      raises("E-CF-05", "svdq.few_shot_relax_top_ratio must be a number above 0 and up to 1",
        { few_shot_relax_top_ratio = v })
    end
    raises("E-CF-05", 'got "topp"; did you mean \'top\'?', { few_shot_relax_strategy = "topp" })
    assert.equal("top", options_of.check({ few_shot_relax_strategy = "top_q4" }).few_shot_relax_strategy)
  end)

  for _, name in ipairs { "early_stop", "keep_best", "scale_search", "shared_inputs" } do
    it(name .. " is a boolean", function()
      for _, v in ipairs { true, false } do assert.equal(v, options_of.check({ [name] = v })[name]) end
      raises("E-CF-03", ("svdq.%s must be a boolean, got number"):format(name), { [name] = 1 })
    end)
  end

  it("take choices in any case", function()
    local o = options_of.check { calibrate_precision = "HIGH", smooth_strategy = "Weight_Inv", emulate = "BF16",
      few_shot_relax_strategy = "Log" }
    assert.same({ "high", "weight_inv", "bf16", "log" },
      { o.calibrate_precision, o.smooth_strategy, o.emulate, o.few_shot_relax_strategy })
    raises("E-CF-05", "svdq.calibrate_precision must be low, medium or high, got \"fast\"",
      { calibrate_precision = "fast" })
    raises("E-CF-05", "must be activation, balance, few_shot, identity, search, weight or weight_inv",
      { smooth_strategy = "none" })
    raises("E-CF-05", "svdq.emulate must be \"bf16\" or left out", { emulate = "f16" })
    raises("E-CF-03", "svdq.emulate must be a string, got boolean", { emulate = true })
  end)

  it("warn of a relaxation above 3, unless it is fixed", function()
    assert.same({}, options_of.warnings(options_of.check { few_shot_relax_factor = 3 }))
    assert.same({}, options_of.warnings(options_of.check { few_shot_relax_factor = 9,
      few_shot_relax_strategy = "fixed" }))
    local list = options_of.warnings(options_of.check { few_shot_relax_factor = 3.5 })
    assert.equal(1, #list)
    assert.matches("few_shot_relax_factor 3.5 is above 3", list[1], 1, true)
  end)
end)

describe("svdq smoothing strategies", function()
  local function smooth(name, strategy)
    return options_of.resolve(quant_types.parse(name), options_of.check { smooth_strategy = strategy }).smooth
  end

  it("default to balance with calibration and to identity without", function()
    assert.equal("balance", smooth("svdq_int4_r8"))
    assert.equal("identity", smooth("svdq_int4_r8_dq"))
    assert.is_nil(smooth "int8_per_row")
  end)

  it("belong to one kind of type each", function()
    local allowed = { activation = "", balance = "", search = "", identity = "_dq", weight = "_dq", weight_inv = "_dq",
      few_shot = "_dq" }
    for strategy, suffix in pairs(allowed) do
      assert.equal(strategy, smooth("svdq_int4_r8" .. suffix, strategy))
      local ok, message = pcall(smooth, "svdq_int4_r8" .. (suffix == "" and "_dq" or ""), strategy)
      assert.is_false(ok)
      assert.matches(("E-CF-06: svdq: smooth_strategy \"%s\" is not for svdq_int4_r8"):format(strategy), message, 1,
        true)
    end
  end)

  it("leave the type that was parsed alone", function()
    local type = quant_types.parse "svdq_int4_r8_dq"
    assert.equal("weight", options_of.resolve(type, options_of.check { smooth_strategy = "weight" }).smooth)
    assert.equal("identity", type.smooth)
  end)

  it("stand in the name of an artefact when they are not the type's own", function()
    local function label(name, fields) return options_of.label(name, options_of.check(fields or {})) end
    assert.equal("svdq_int4_r32", label "svdq_int4_r32")
    assert.equal("svdq_int4_r32", label("svdq_int4_r32", { smooth_strategy = "balance" }))
    assert.equal("svdq_int4_r32_activation", label("svdq_int4_r32", { smooth_strategy = "activation" }))
    assert.equal("svdq_int4_r32_search", label("svdq_int4_r32", { smooth_strategy = "search" }))
    assert.equal("svdq_int4_r32_dq", label("svdq_int4_r32_dq", { smooth_strategy = "identity" }))
    assert.equal("svdq_int4_r32_dq_weight_inv", label("svdq_int4_r32_dq", { smooth_strategy = "weight_inv" }))
    assert.equal("svdq_int4_r32_dq_few_shot_auto", label("svdq_int4_r32_dq", { smooth_strategy = "few_shot" }))
    assert.equal("svdq_int4_r32_dq_few_shot_top", label("svdq_int4_r32_dq",
      { smooth_strategy = "few_shot", few_shot_relax_strategy = "top_q4" }))
  end)
end)
