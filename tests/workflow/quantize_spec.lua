local core = require "vise.core"
local dit = require "workflow.support_dit"
local fail = require "vise.fail"
local vise = require "vise"

local LAYER = "transformer_blocks.3.attn1.to_v"

-- Every type, and how much of a bell-shaped weight its rounding may lose: 8 bits under 1 %, 8-bit floats
-- (a step of 1/16 at most, 1/8 to 1/16 of the value) under 4 %, 4 bits under 15 %.
local types = {
  { "int8_per_row", 0.01 }, { "int8_per_row_static", 0.01 }, { "int8_per_tensor", 0.02 },
  { "int8_per_tensor_static", 0.02 }, { "int8_weight_only", 0.01 }, { "int4_weight_only", 0.15 },
  { "int4_weight_only_g64", 0.15 }, { "w4a8", 0.2 }, { "w4a8_g32", 0.15 },
  { "float8_per_tensor", 0.04 }, { "float8_per_tensor_static", 0.04 },
  { "float8_per_row", 0.04 }, { "float8_per_row_static", 0.04 }, { "float8_per_block", 0.04 },
  { "float8_weight_only", 0.04 }, { "nvfp4", 0.15 }, { "nvfp4_weight_only", 0.15 }, { "svdq_int4_r0_dq", 0.15 },
  { "svdq_int4_r8_dq", 0.15 }, { "svdq_int4_r8", 0.15 }, { "svdq_nvfp4_r8_dq", 0.15 }, { "svdq_nvfp4_r8", 0.15 },
}

local function is_calibrated(name)
  return vise.quant_types.parse(name).calibrated ~= false
end

local function fields_of(name)
  return { quant_type = name, calibrate = is_calibrated(name) and dit.calibrate or nil }
end

describe("vise.quantize", function()
  for _, entry in ipairs(types) do
    local name, limit = table.unpack(entry)
    it("does " .. name .. ": counts, errors and bytes as planned", function()
      local model = dit.open()
      local plan = vise.plan(model, fields_of(name))
      collectgarbage()
      collectgarbage()
      local held = core.memory().bytes
      local report = assert(vise.quantize(model, fields_of(name)))
      assert.equal(dit.layers, report.quantized)
      assert.equal(is_calibrated(name) and dit.layers or 0, report.observed)
      local memory = 0
      for _, layer in ipairs(report.layers) do
        memory = memory + model:layer(layer.name).quantized:bytes()
        assert.is_true(layer.weight_error > 0 and layer.weight_error < limit, layer.name .. " " .. layer.weight_error)
      end
      assert.equal(plan.memory_bytes, memory)
      assert.equal(plan.disk_bytes, report.disk_bytes)
      collectgarbage()
      collectgarbage()
      -- The allocator agrees: what it counts is the plan's bytes, less the bias (13,824 bytes, which
      -- stay in the mapped file), plus the handles of at most 8 tensors a layer (64 bytes each).
      local counted = core.memory().bytes - held
      assert.is_true(counted >= plan.memory_bytes - 13824, name .. " " .. counted)
      assert.is_true(counted <= plan.memory_bytes - 13824 + dit.layers * 8 * 64, name .. " " .. counted)
      assert.is_true(report.peak_bytes <= plan.memory_bytes + plan.workspace_bytes + (1 << 22))
      model:close()
    end)
  end

  -- Layers of their own, so that nothing else hides what one needs: the square one is the dearest.
  for _, precision in ipairs { "low", "medium", "high" } do
    it("stays within the planned memory with " .. precision .. " precision, whatever the rank", function()
      for _, case in ipairs { { LAYER, 8 }, { LAYER, 128 }, { "transformer_blocks.0.ff.net.2", 32 } } do
        local model = dit.open()
        collectgarbage()
        collectgarbage()
        local report = assert(vise.quantize(model, { quant_type = ("svdq_int4_r%d_dq"):format(case[2]),
          regions = { case[1] }, svdq = { calibrate_precision = precision } }))
        local bound = report.plan.memory_bytes + report.plan.workspace_bytes
        assert.is_true(report.peak_bytes <= bound, ("%d > %d"):format(report.peak_bytes, bound))
        model:close()
      end
    end)
  end

  it("plans for the layer that needs most, wherever it stands", function()
    local model = dit.open()
    local alone = vise.plan(model, { quant_type = "int8_per_row", regions = { "*.0.ff.net.0.proj" } })
    local among = vise.plan(model, { quant_type = "int8_per_row", regions = { "*.0.ff.net.0.proj", "proj_out_2" } })
    assert.equal(alone.workspace_bytes, among.workspace_bytes)
    model:close()
  end)

  it("leaves excluded layers bit-identical, and answers as float when all but one are excluded", function()
    local model = dit.open()
    local before = model:layer(LAYER).weight:tobytes()
    assert(vise.quantize(model, { quant_type = "int8_per_row", exclude = { "*.to_v" } }))
    assert.equal(before, model:layer(LAYER).weight:tobytes())
    assert.is_nil(model:layer(LAYER).quantized)
    assert.is_table(model:layer("transformer_blocks.3.attn1.to_q").quantized)
    model:close()
  end)

  it("changes nothing when calibration fails, whatever way", function()
    local model = dit.open()
    local float = dit.answer(model)
    local cfg = { quant_type = "svdq_int4_r8" }

    cfg.calibrate = function() end
    local report, message, id = vise.quantize(model, cfg)
    assert.is_nil(report)
    assert.equal("E-OB-10", id)
    assert.matches("calibration reached 0 of 36 layers; nothing flowed into transformer_blocks.0.attn1.to_q",
      message, 1, true)

    cfg.calibrate = function() error "mine" end
    assert.error_matches(function() vise.quantize(model, cfg) end, "mine")

    cfg.calibrate = function() return fail.fail("E-DT-01", "no data") end
    report, message, id = vise.quantize(model, cfg)
    assert.same({ nil, "no data", "E-DT-01" }, { report, message, id })

    cfg.calibrate = function() return io.open "/nowhere" end -- nil, message, a number
    report, message, id = vise.quantize(model, cfg)
    assert.same({ nil, "/nowhere: No such file or directory", "E-OB-12" }, { report, message, id })

    for _, linear in ipairs(model:layers()) do
      assert.is_nil(linear.quantized)
      assert.equal(0, #linear.hooks)
    end
    assert.equal(float, dit.answer(model))
    model:close()
  end)

  it("takes whatever a calibration returns that did its work, and leaves no hook behind", function()
    local model = dit.open()
    local report = assert(vise.quantize(model, { quant_type = "svdq_int4_r2", regions = { LAYER },
      calibrate = function(m)
        dit.calibrate(m)
        return 1, 2, 3
      end }))
    assert.equal(1, report.quantized)
    assert.equal(0, #model:layer(LAYER).hooks)
    model:close()
  end)

  it("hands precision and seed on to the decomposition", function()
    local answers = {}
    for i, svdq in ipairs { {}, { seed = 1 }, { calibrate_precision = "medium" } } do
      local model = dit.open()
      assert(vise.quantize(model, { quant_type = "svdq_int4_r8_dq", regions = { LAYER }, svdq = svdq }))
      answers[i] = dit.answer(model)
      model:close()
    end
    assert.not_equal(answers[1], answers[2])
    assert.not_equal(answers[1], answers[3])
  end)

  it("reports the memory of its own call, whatever was held before", function()
    local model = dit.open()
    do
      local large <close> = core.tensor("f32", { 1 << 22 })
      large:set(1, 1)
    end
    local report = assert(vise.quantize(model, { quant_type = "int8_weight_only", regions = { LAYER } }))
    assert.is_true(report.peak_bytes < 1 << 22, report.peak_bytes)
    model:close()
  end)

  it("names the layer whose calibration is not finite", function()
    local model = dit.open()
    local report, message, id = vise.quantize(model, { quant_type = "svdq_int4_r8", calibrate = function(m)
      local noise, times, labels = dit.batch(1)
      noise:set(1, 0 / 0)
      return m:forward(noise, times, labels)
    end })
    assert.is_nil(report)
    assert.equal("E-OB-11", id)
    assert.matches("layer transformer_blocks.0.attn1.to_q: input channel 1 is not finite", message, 1, true)
    model:close()
  end)

  it("notices that the model's file changes under it, and changes nothing", function()
    local path = os.tmpname() .. ".safetensors"
    local source = assert(io.open("recipes/quickstart/models/stories260K/model.safetensors", "rb"))
    assert(io.open(path, "wb")):write(source:read "a"):close()
    source:close()
    local model = assert(vise.open(path))
    local touched = false
    local report, message, id = vise.quantize(model, { quant_type = "int8_weight_only", filter = function()
      if not touched then assert(io.open(path, "ab")):write("more"):close() end
      touched = true
      return true
    end })
    assert.same({ nil, "E-HF-12" }, { report, id })
    assert.matches("changed while being read", message, 1, true)
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
    model:close()
    os.remove(path)
  end)

  it("refuses a model that is quantized already", function()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    assert.error_matches(function() vise.quantize(model, { quant_type = "int8_per_row" }) end, "E%-PL%-04")
    model:close()
  end)

  it("gives the same bits for any number of threads", function()
    local answers, before = {}, core.threads()
    for _, threads in ipairs { 1, 2, 3 } do
      core.threads(threads)
      local model = dit.open()
      assert(vise.quantize(model, { quant_type = "svdq_int4_r8", calibrate = dit.calibrate }))
      answers[threads] = dit.answer(model)
      model:close()
    end
    core.threads(before)
    assert.equal(answers[1], answers[2])
    assert.equal(answers[1], answers[3])
  end)

  it("leaks nothing and changes nothing, whichever allocation fails", function()
    local model = dit.open()
    local cfg = { quant_type = "svdq_int4_r2_dq", regions = { LAYER } }
    local other = dit.open() -- with all its memory it has to work, or the sweep would never end
    assert(vise.quantize(other, cfg))
    other:close()
    -- Every third one: a call makes a few hundred.
    local n, done = 0, nil
    while not done do
      collectgarbage()
      local live = core.memory().blocks
      core.fail_after(n)
      local ok, result = pcall(vise.quantize, model, cfg)
      core.fail_after(-1)
      done = ok and result
      if not done then
        assert.is_nil(model:layer(LAYER).quantized)
        collectgarbage()
        collectgarbage()
        assert.equal(live, core.memory().blocks)
      end
      n = n + 3
    end
    assert.is_true(n > 30)
    model:close()
  end)
end)
