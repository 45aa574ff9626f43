-- Calibration block by block: what every block is calibrated on, what is left of it when it fails, and how
-- it goes on.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local sequential = require "workflow.support_sequential"
local tiny = require "models.tiny"
local vise = require "vise"

local PATH, BLOCKS = sequential.path, sequential.blocks

-- The layers of a model with their tensors' bytes.
local function made_of(model)
  local all = {}
  for _, layer in ipairs(model:layers()) do
    for _, t in ipairs(layer.quantized and layer.quantized:tensors() or {}) do
      all[layer.name .. "." .. t.param] = t.tensor:tobytes()
    end
  end
  return all
end

-- Quantizes some layers after others by hand: each list on what the float layers behind and the quantized
-- ones before give, every list on a model of its own.
local function by_hand(lists, fields)
  local made, all = {}, {}
  for _, patterns in ipairs(lists) do
    local model = assert(vise.open(PATH))
    local own = { regions = patterns, calibrate = function(m)
      for name, q in pairs(made) do m:layer(name).quantized = q end
      sequential.calibrate(m)
      for name in pairs(made) do m:layer(name).quantized = nil end
    end }
    for key, value in pairs(fields) do own[key] = value end
    assert(vise.quantize(model, own))
    for _, layer in ipairs(model:layers()) do made[layer.name] = layer.quantized or made[layer.name] end
    for key, bytes in pairs(made_of(model)) do all[key] = bytes end
  end
  return all
end

local function quantized(fields, options)
  local model = assert(vise.open(PATH))
  local report = assert(vise.quantize(model, sequential.with(fields), options))
  return model, report
end

describe("calibration.mode", function()
  it("sequential gives every block what the quantized blocks before it give", function()
    local lists = {}
    for block = 1, BLOCKS do lists[block] = { ("model.layers.%d.*"):format(block - 1) } end
    local model <close>, report = quantized { calibration = { mode = "sequential" } }
    assert.equal("sequential", report.plan.mode)
    assert.same(by_hand(lists, sequential.fields), made_of(model))
  end)

  it("true_sequential gives every group what the quantized ones before it give, in the block too", function()
    local lists = {}
    for block = 0, BLOCKS - 1 do
      for _, names in ipairs { { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj" }, { "self_attn.o_proj" },
        { "mlp.gate_proj", "mlp.up_proj" }, { "mlp.down_proj" } } do
        local list = {}
        for i, name in ipairs(names) do list[i] = ("model.layers.%d.%s"):format(block, name) end
        lists[#lists + 1] = list
      end
    end
    local model <close> = quantized { calibration = { mode = "true_sequential" } }
    assert.same(by_hand(lists, sequential.fields), made_of(model))
  end)

  it("comes from the methods where the configuration says nothing", function()
    local function mode_with(wanted, sequentially)
      local method = { name = "asks", needs = { "span" }, sequential = sequentially, make = function(weight, about)
        return { weight = core.encode(about.scheme, weight) }
      end }
      local model <close> = assert(vise.open(PATH))
      return assert(vise.plan(model, { quant_type = "int4_weight_only_g64", method = method,
        calibrate = sequential.calibrate, calibration = { mode = wanted } })).mode
    end
    assert.equal("whole", mode_with(nil, nil))
    assert.equal("whole", mode_with("whole", true))
    assert.equal("sequential", mode_with(nil, true))
    assert.equal("true_sequential", mode_with("true_sequential", true))
  end)

  it("reaches layers before and behind the blocks, and those that a block shares with what is behind", function()
    local model <close> = dit.open()
    local float = dit.answer(model)
    local fields = { quant_type = "int8_per_row_static", regions = "all", calibrate = dit.calibrate,
      calibration = { mode = "sequential" } }
    local report = assert(vise.quantize(model, fields))
    assert.equal(#model:layers(), report.quantized)
    assert.is_nil(rawget(model, "compute"))
    assert.not_equal(float, dit.answer(model))
    local other <close> = dit.open()
    local again = assert(vise.quantize(other, fields))
    assert.equal(dit.answer(other), dit.answer(model))
    assert.same(other.quantization.calibration, model.quantization.calibration)
    assert.equal("sequential", model.quantization.calibration.mode)
    assert.equal(report.quantized, again.quantized)
  end)

  it("stays below the bound that the plan names, with the statistics of one block", function()
    local method = { name = "heavy", needs = { "moments" }, make = function(weight, about)
      assert(about.moments)
      return { weight = core.encode(about.scheme, weight) }
    end }
    local peaks, bounds = {}, {}
    for _, mode in ipairs { "whole", "sequential" } do
      local model, report = quantized { quant_type = "int4_weight_only_g32", method = method,
        calibration = { mode = mode } }
      model:close()
      peaks[mode], bounds[mode] = report.peak_bytes, report.plan.statistics_bytes
      local bound = report.plan.memory_bytes + report.plan.workspace_bytes
      assert.is_true(report.peak_bytes <= bound, ("%d > %d"):format(report.peak_bytes, bound))
    end
    assert.is_true(peaks.sequential < peaks.whole / 2, peaks.sequential)
    assert.is_true(bounds.sequential < bounds.whole / 4, bounds.sequential)
  end)
end)

describe("GPTQ", function()
  it("asks for a calibration block by block by itself, and stays below the bound in every mode", function()
    local hashes = {}
    for _, mode in ipairs { "whole", "sequential", "true_sequential" } do
      local model, report = quantized { quant_type = "int3_weight_only_g32", method = "gptq",
        calibration = mode ~= "sequential" and { mode = mode } or { buffered = false } }
      assert.equal(mode, report.plan.mode)
      local bound = report.plan.memory_bytes + report.plan.workspace_bytes
      assert.is_true(report.peak_bytes <= bound, ("%s: %d > %d"):format(mode, report.peak_bytes, bound))
      hashes[mode] = model.quantization.calibration.statistics_xxh3_128
      model:close()
    end
    assert.not_equal(hashes.whole, hashes.sequential)
    assert.not_equal(hashes.true_sequential, hashes.sequential)
  end)
end)

describe("a calibration block by block that is impossible", function()
  local function refused(pattern, model, fields)
    fields.quant_type, fields.calibration = fields.quant_type or "svdq_int4_r2", { mode = "sequential" }
    assert.error_matches(function() vise.quantize(model, fields) end, pattern)
    for _, layer in ipairs(model:layers()) do assert.is_nil(layer.quantized) end
  end

  it("is refused by name", function()
    local path = tiny.write { config = {}, tensors = { ["a.0.weight"] = { 64, 64 } } }
    local bare <close> = assert(vise.open(path))
    refused('E%-SQ%-01: calibration.mode = "sequential": family weights gives a forward', bare, { calibrate = print })
    local model <close> = assert(vise.open(PATH))
    refused("E%-SQ%-01.*statistics from a file", model, { statistics = "x.safetensors" })
    refused("E%-SQ%-01.*few_shot", model, { quant_type = "svdq_int4_r2_dq", svdq = { smooth_strategy = "few_shot" },
      calibrate = sequential.calibrate, plan = { { "*.q_proj", "int8_per_row_static" } } })
    assert.error_matches(function() vise.config { quant_type = "int8_per_row", calibration = { mode = "twice" } } end,
      "E%-CF%-05: calibration.mode must be one of whole, sequential, true_sequential, got twice")
    core.disk.remove_tree(path)
  end)

  it("is refused for forwards that go on from a cache, and for none at all", function()
    local model <close> = assert(vise.open(PATH))
    local function try(calibrate)
      local ok, message, id = vise.quantize(model, sequential.with { calibrate = calibrate })
      assert.is_nil(ok)
      assert.is_nil(rawget(model, "compute"))
      return id .. ": " .. message
    end
    assert.error_matches(function()
      vise.quantize(model, sequential.with { calibrate = function(m) vise.compile(m, { 1, 403 }) end })
    end, "E%-CP%-04: the forwards of the model are recorded")
    assert.is_nil(rawget(model, "compute"))
    assert.matches("E-SQ-02: llama: forward 2 of the calibration is given a cache", try(function(m)
      assert(m:forward { 1, 403 })
      local cache <close> = assert(m:cache(8))
      m:forward({ 1, 403 }, { cache = cache }) -- what it says is not looked at
    end), 1, true)
    assert.matches("E-OB-10: calibration ran no forward of llama", try(function() end), 1, true)
    assert(vise.quantize(model, sequential.with { calibrate = function(m)
      assert(m:forward({ 1, 403, 407 }, { last = true }))
    end }))
  end)

  it("leaves the model and the memory as they were, however it ends", function()
    local model <close> = assert(vise.open(PATH))
    local function left(ends)
      collectgarbage()
      collectgarbage()
      local before, layers = core.memory().blocks, 0
      local method = { name = "ends", needs = { "range" }, make = function(weight, about)
        layers = layers + 1
        if layers == 18 then return ends() end
        return { weight = core.encode(about.scheme, weight) }
      end }
      local ok = pcall(function() assert(vise.quantize(model, sequential.with { method = method })) end)
      assert.is_false(ok)
      assert.equal(18, layers)
      for _, layer in ipairs(model:layers()) do
        assert.is_nil(layer.quantized)
        assert.equal(0, #layer.hooks)
      end
      assert.is_nil(rawget(model, "compute"))
      collectgarbage()
      collectgarbage()
      return core.memory().blocks - before
    end
    assert.equal(0, left(function() return nil, "enough" end))
    assert.equal(0, left(function() error "a mistake" end))
    assert.equal(0, left(function() error("E-RN-01: interrupted", 0) end)) -- as Ctrl-C arrives
  end)

  it("names the first layer whose output is not finite, and changes nothing", function()
    local path = sequential.copy_with(function(name, tensor)
      if name == "model.layers.2.mlp.up_proj.weight" then tensor:set(70, 3e38) end
    end)
    local model <close> = assert(vise.open(path))
    local ok, message, id = vise.quantize(model, sequential.with {})
    assert.same({ nil, "E-OB-11" }, { ok, id })
    assert.matches("layer model.layers.2.mlp", message, 1, true)
    for _, layer in ipairs(model:layers()) do
      assert.is_nil(layer.quantized)
      assert.is_nil(rawget(layer, "forward"))
      assert.equal(0, #layer.hooks)
    end
    core.disk.remove_tree(path)
  end)
end)

describe("weights that are not finite", function()
  local NAME = "model.layers.1.self_attn.k_proj"
  local path = sequential.copy_with(function(name, tensor)
    if name == NAME .. ".weight" then
      for _, at in ipairs { 64 + 7, 70, 2000 } do tensor:set(at, at == 70 and math.huge or 0 / 0) end
    end
  end)
  teardown(function() core.disk.remove_tree(path) end)

  it("are named with how many and where before anything starts", function()
    local model <close> = assert(vise.open(path))
    local called = false
    local ok, message, id = vise.quantize(model, { quant_type = "svdq_int4_r2",
      calibrate = function() called = true end })
    assert.same({ nil, "E-NU-20", false }, { ok, id, called })
    assert.equal(("layer %s: weight has 3 NaN or infinity, first at [2,6]"):format(NAME), message)
  end)

  it("leave their layer float, or count as 0, where on_nan says so", function()
    local model <close> = assert(vise.open(path))
    local report = assert(vise.quantize(model, { quant_type = "int8_per_row", on_nan = "skip" }))
    assert.equal(34, report.quantized)
    assert.is_nil(model:layer(NAME).quantized)
    assert.equal("weight has 3 NaN or infinity, first at [2,6]", report.plan:reasons()[1].reason)

    local zero <close> = assert(vise.open(path))
    local weight = zero:layer(NAME).weight
    assert(vise.quantize(zero, sequential.with { on_nan = "zero" }))
    assert.is_true(rawequal(weight, zero:layer(NAME).weight))
    local back <close> = zero:layer(NAME).quantized:dequantize()
    assert.is_nil(back:nonfinite())
    assert.equal("zero", zero.quantization.config.on_nan)
  end)
end)
