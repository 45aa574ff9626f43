local config = require "vise.config"
local pattern = require "vise.pattern"

local function raises(id, text, fields)
  local ok, message = pcall(config.config, fields)
  assert.is_false(ok, "no error")
  assert.matches(id, message, 1, true)
  assert.matches(text, message, 1, true)
end

describe("vise.config", function()
  it("completes a minimal configuration", function()
    local cfg = config.config { quant_type = "int8_per_row" }
    assert.equal("blocks", cfg.regions)
    assert.same({}, cfg.exclude)
    assert.equal("low", cfg.svdq.calibrate_precision)
    assert.is_nil(cfg.type.rank)
  end)

  it("takes a configuration for itself", function()
    local cfg = config.config { quant_type = "int8_per_row" }
    assert.equal(cfg, config.config(cfg))
  end)

  it("names an unknown field and the nearest right one", function()
    raises("E-CF-02", "unknown field 'exlude', did you mean 'exclude'?", { quant_type = "int8_per_row", exlude = {} })
    raises("E-CF-02", "svdq: unknown field 'sed', did you mean 'seed'?",
      { quant_type = "svdq_int4_r8_dq", svdq = { sed = 1 } })
  end)

  it("names a value of the wrong type, and the type expected", function()
    raises("E-CF-03", "config must be a table, got string", "int8_per_row")
    raises("E-CF-03", "quant_type must be a string, got number", { quant_type = 8 })
    raises("E-CF-03", "exclude must be a list, got string", { quant_type = "int8_per_row", exclude = "*" })
    raises("E-CF-03", "exclude[1] must be a glob", { quant_type = "int8_per_row", exclude = { 3 } })
    raises("E-CF-03", "exclude must be a list, has a nil among its 3 items",
      { quant_type = "int8_per_row", exclude = { "a", nil, "b" } })
    raises("E-CF-03", "exclude must be a list, has the key '9'",
      { quant_type = "int8_per_row", exclude = { [9] = "a" } })
    raises("E-CF-03", "exclude must be a list, has the key 'x'", { quant_type = "int8_per_row", exclude = { x = "*" } })
    raises("E-CF-03", "calibrate must be a function, got boolean",
      { quant_type = "svdq_int4_r8", calibrate = true })
    raises("E-CF-03", "plan[1] must be { pattern, quant type }", { quant_type = "int8_per_row", plan = { { "*" } } })
    raises("E-CF-03", "svdq must be a table", { quant_type = "svdq_int4_r8_dq", svdq = 3 })
  end)

  it("names a value outside its range", function()
    raises("E-CF-05", "svdq.seed must be an integer from 0", { quant_type = "svdq_int4_r8_dq", svdq = { seed = -1 } })
    raises("E-CF-05", "svdq.seed must be an integer from 0", { quant_type = "svdq_int4_r8_dq", svdq = { seed = true } })
    raises("E-CF-05", "to 4294967295, got 4294967296",
      { quant_type = "svdq_int4_r8_dq", svdq = { seed = 2 ^ 32 | 0 } })
    raises("E-CF-05", "low, medium or high, got \"fast\"",
      { quant_type = "svdq_int4_r8_dq", svdq = { calibrate_precision = "fast" } })
    raises("E-CF-05", "regions must be", { quant_type = "int8_per_row", regions = "block" })
    raises("E-CF-05", "save_to is empty", { quant_type = "int8_per_row", save_to = "" })
  end)

  it("asks for the quant type, and suggests one for a name that is none", function()
    raises("E-CF-01", "quant_type is missing", {})
    raises("E-CF-04", "did you mean int8_per_row?", { quant_type = "int8_per_rows" })
    raises("E-CF-04", "no quant type \"svdq_int4_r\"", { quant_type = "svdq_int4_r" })
    raises("E-CF-04", "no quant type \"int4_weight_only_g48\"", { quant_type = "int4_weight_only_g48" })
    raises("E-CF-04", "plan[1][2]: no quant type", { quant_type = "int8_per_row", plan = { { "*", "int9" } } })
  end)

  it("refuses fields that contradict each other", function()
    raises("E-CF-06", "svdq_int4_r8 needs calibration", { quant_type = "svdq_int4_r8" })
    raises("E-CF-06", "svdq_int4_r8 needs calibration",
      { quant_type = "int8_per_row", plan = { { "*", "svdq_int4_r8" } } })
    raises("E-CF-06", "no type in this config uses calibration",
      { quant_type = "svdq_int4_r8_dq", calibrate = function() end })
    raises("E-CF-06", "no type in this config is an svdq type", { quant_type = "int8_per_row", svdq = { seed = 1 } })
  end)

  it("lets a plan rule bring the calibration in", function()
    local cfg = config.config { quant_type = "int8_per_row", plan = { { "*.ff.*", "svdq_int4_r8" } },
      calibrate = function() end }
    assert.equal(8, cfg.plan[1].type.rank)
  end)

  it("turns into plain data for the manifest", function()
    local cfg = config.config { quant_type = "svdq_int4_r8_dq", exclude = { "*.to_out.0", { "x*", optional = true } },
      plan = { { pattern.pattern "^a%d", "int8_per_row" } } }
    assert.same({ quant_type = "svdq_int4_r8_dq", regions = "blocks", exclude = { "*.to_out.0", "x*" },
      plan = { { "^a%d", "int8_per_row" } }, svdq = { calibrate_precision = "low", seed = 0 } }, config.plain(cfg))
  end)
end)
