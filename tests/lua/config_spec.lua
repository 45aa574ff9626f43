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
    assert.equal(0, #cfg.exclude)
    assert.equal("skip", cfg.fallback)
    assert.is_false(cfg.calibration.buffered)
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
    raises("E-CF-03", "svdq.seed must be an integer, got", { quant_type = "svdq_int4_r8_dq", svdq = { seed = true } })
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
    assert.same({ quant_type = "svdq_int4_r8_dq", regions = "blocks", fallback = "skip",
      exclude = { "*.to_out.0", "optional:x*" }, plan = { { "lua:^a%d", "int8_per_row" } },
      svdq = config.config { from = cfg }:plain().svdq }, config.plain(cfg))
  end)

  it("checks fallback, filter, statistics, calibration and verbose", function()
    raises("E-CF-04", "fallback: no quant type \"float\"", { quant_type = "int8_per_row", fallback = "float" })
    raises("E-CF-03", "filter must be a function, got string", { quant_type = "int8_per_row", filter = "x" })
    raises("E-CF-03", "verbose must be a boolean", { quant_type = "int8_per_row", verbose = 1 })
    raises("E-CF-05", "statistics is empty", { quant_type = "svdq_int4_r8", statistics = "" })
    raises("E-CF-06", "no type in this config uses calibration", { quant_type = "int8_per_row", statistics = "x" })
    raises("E-CF-06", "both given", { quant_type = "svdq_int4_r8", statistics = "x", calibrate = function() end })
    local calibrate = function() end
    raises("E-CF-05", "calibration.flush_count must be an integer from 1, got 0",
      { quant_type = "svdq_int4_r8", calibrate = calibrate, calibration = { flush_count = 0 } })
    raises("E-CF-03", "calibration.buffered must be a boolean",
      { quant_type = "svdq_int4_r8", calibrate = calibrate, calibration = { buffered = 1 } })
    raises("E-CF-02", "calibration: unknown field 'flush_byte', did you mean 'flush_bytes'?",
      { quant_type = "svdq_int4_r8", calibrate = calibrate, calibration = { flush_byte = 1 } })
    raises("E-CF-06", "no type in this config uses calibration",
      { quant_type = "int8_per_row", calibration = { flush_count = 2 } })
    assert.equal(8, config.config { quant_type = "int8_per_row", fallback = "svdq_int4_r8_dq" ,
      svdq = { seed = 1 } }.svdq.seed + 7)
  end)
end)

describe("a config", function()
  local function locked(f, field)
    local ok, message = pcall(f)
    assert.is_false(ok, "no error")
    assert.matches("E-CF-07", message, 1, true)
    assert.matches(field, message, 1, true)
  end

  it("cannot be changed, nor any table in it", function()
    local cfg = config.config { quant_type = "svdq_int4_r8_dq", exclude = { "*.a" },
      plan = { { "*", "int8_per_row" } } }
    locked(function() cfg.quant_type = "int8_per_row" end, "quant_type")
    locked(function() cfg.save_to = "x" end, "save_to")
    locked(function() cfg.exclude[2] = "*" end, "2")
    locked(function() cfg.exclude[1].lua = ".*" end, "lua")
    locked(function() cfg.plan[1].type.rank = 3 end, "rank")
    locked(function() cfg.svdq.seed = 3 end, "seed")
    locked(function() cfg.calibration.flush_count = 3 end, "flush_count")
    assert.equal("svdq_int4_r8_dq", cfg.quant_type)
  end)

  it("does not follow the tables that it was made from", function()
    local exclude, svdq = { "*.a" }, { seed = 1 }
    local cfg = config.config { quant_type = "svdq_int4_r8_dq", exclude = exclude, svdq = svdq }
    exclude[1], exclude[2], svdq.seed = "*", "*.b", 2
    assert.same({ "*.a" }, config.plain(cfg).exclude)
    assert.equal(1, cfg.svdq.seed)
    local again = config.config { from = cfg }
    assert.same(config.plain(cfg), config.plain(again))
  end)

  it("is refused when it was changed by force", function()
    for _, force in ipairs {
      function(cfg) rawset(cfg, "quant_type", "int8_per_row") end,
      function(cfg) rawset(cfg.exclude, 2, "*") end,
      function(cfg) rawset(cfg.exclude[1], "lua", ".*") end,
    } do
      local cfg = config.config { quant_type = "svdq_int4_r8_dq", exclude = { "*.a" } }
      force(cfg)
      locked(function() config.config(cfg) end, "changed by force")
    end
  end)

  local full = { quant_type = "svdq_int4_r8_dq", regions = { "a*", { "b*", optional = true } }, exclude = { "*.x" },
    plan = { { pattern.pattern "^a%.%d", "int8_per_row" }, { "*", "int4_weight_only_g64" } },
    fallback = "int8_weight_only", save_to = "out/a", verbose = true,
    svdq = { calibrate_precision = "high", seed = 7 } }

  it("goes through JSON and comes back equal: text, file, table", function()
    local cfg = config.config(full)
    local path = os.tmpname()
    local f = assert(io.open(path, "w"))
    f:write(cfg:json())
    f:close()
    for _, from in ipairs { cfg:json(), path, cfg:plain(), cfg } do
      local again = assert(config.config { from = from })
      assert.same(cfg:plain(), again:plain())
      assert.equal(cfg:json(), again:json())
    end
    os.remove(path)
  end)

  it("takes fields above those it is made from", function()
    local cfg = config.config { from = config.config(full), quant_type = "svdq_int4_r4_dq", exclude = {} }
    assert.equal(4, cfg.type.rank)
    assert.equal(0, #cfg.exclude)
    assert.equal(7, cfg.svdq.seed)
    local text = config.config { quant_type = "svdq_int4_r8", calibrate = function() end }:json()
    assert.is_nil(config.config { from = '{ "quant_type": "int8_per_row", "save_to": null }' }.save_to)
    raises("E-CF-06", "needs calibration", { from = text }) -- a function has no form in JSON
    assert.is_function(config.config { from = text, calibrate = function() end }.calibrate)
  end)

  it("says what is wrong with JSON or its file", function()
    local cfg, message, id = config.config { from = "/nowhere/cfg.json" }
    assert.is_nil(cfg)
    assert.is_string(message)
    assert.equal("E-FS-15", id)
    cfg, message, id = config.config { from = "{ \"quant_type\": }" }
    assert.same({ nil, "E-JS-01" }, { cfg, id })
    assert.matches("line 1 column 17", message, 1, true)
    raises("E-CF-03", "from must be a string", { from = 7 })
    raises("E-CF-02", "unknown field 'quant_typ'", { from = "{ \"quant_typ\": \"x\" }" })
  end)
end)

describe("a config of components", function()
  it("gives each model the whole's fields, with its own above them", function()
    local cfg = config.config { quant_type = "int8_per_row", exclude = { "*.a" }, save_to = "out",
      components = { unet = { quant_type = "svdq_int4_r8_dq", svdq = { seed = 3 } }, text = { regions = "all" } } }
    local unet, text = cfg.components.unet, cfg.components.text
    assert.equal("svdq_int4_r8_dq", unet.quant_type)
    assert.equal(3, unet.svdq.seed)
    assert.equal("out/unet", unet.save_to)
    assert.equal("int8_per_row", text.quant_type)
    assert.equal("all", text.regions)
    assert.same({ "*.a" }, config.plain(text).exclude)
    local again = config.config { from = cfg:json() }
    assert.same(cfg:plain(), again:plain())
  end)

  it("takes a list of names", function()
    local cfg = config.config { quant_type = "int8_per_row", components = { "b", "a" } }
    assert.equal("int8_per_row", cfg.components.a.quant_type)
    assert.equal("int8_per_row", cfg.components.b.quant_type)
  end)

  it("gives calibration to those whose types use it", function()
    local f = function() end
    local cfg = config.config { quant_type = "int8_per_row", calibrate = f,
      components = { a = {}, b = { quant_type = "svdq_int4_r4" } } }
    assert.is_nil(cfg.components.a.calibrate)
    assert.equal(f, cfg.components.b.calibrate)
    raises("E-CF-06", "no type in this config uses calibration",
      { quant_type = "int8_per_row", calibrate = f, components = { a = {} } })
    raises("E-CF-06", "needs calibration", { quant_type = "int8_per_row",
      components = { a = { quant_type = "svdq_int4_r4" } } })
  end)

  it("names what is wrong, and where", function()
    raises("E-CF-02", "components.a: unknown field 'exlude', did you mean 'exclude'?",
      { quant_type = "int8_per_row", components = { a = { exlude = {} } } })
    raises("E-CF-01", "components.a: quant_type is missing", { components = { a = {} } })
    raises("E-CF-01", "components is empty", { quant_type = "int8_per_row", components = {} })
    raises("E-CF-03", "components.a must be a table", { quant_type = "int8_per_row", components = { a = "x" } })
    raises("E-CF-05", "is no name of a component", { quant_type = "int8_per_row", components = { ["../a"] = {} } })
    raises("E-CF-03", "components[1] must be a string", { quant_type = "int8_per_row", components = { 3 } })
  end)
end)
