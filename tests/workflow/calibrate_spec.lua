local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local FIELDS = { quant_type = "svdq_int4_r4", regions = { "transformer_blocks.0.*" } }

-- Three calls of different sizes.
local function calibrate(model)
  for i, n in ipairs { 4, 1, 3 } do
    local noise, times, labels = dit.batch(n, i)
    assert(model:forward(noise, times, labels)):close()
  end
end

local function with(more)
  local fields = {}
  for k, v in pairs(FIELDS) do fields[k] = v end
  for k, v in pairs(more or {}) do fields[k] = v end
  return fields
end

-- What a model answers that was quantized so.
local function answer(more)
  local model = dit.open()
  assert(vise.quantize(model, with(more)))
  local bytes = dit.answer(model)
  model:close()
  return bytes
end

describe("calibration", function()
  it("gives the same bits for every threshold, streaming and buffered", function()
    local expected = answer { calibrate = calibrate }
    for _, calibration in ipairs {
      { flush_count = 1 }, { flush_count = 2 }, { flush_count = 1000 }, { flush_bytes = 1 },
      { flush_bytes = 700 }, { flush_bytes = 1 << 40 }, { flush_count = 2, flush_bytes = 1 << 40 },
      { buffered = true }, { buffered = true, flush_count = 1 }, { buffered = true, flush_count = 2 },
      { buffered = true, flush_bytes = 1 << 16 },
    } do
      assert.equal(expected, answer { calibrate = calibrate, calibration = calibration })
    end
  end)

  it("is the largest |x| of each channel over all rows: the definition in plain loops", function()
    local model = dit.open()
    local name, expected, rows = "transformer_blocks.1.ff.net.2", {}, 0
    local undo = model:layer(name):hook(function(_, x)
      local values, inputs = x:totable(), 512
      rows = rows + #values // inputs
      for i, v in ipairs(values) do
        local c = (i - 1) % inputs + 1
        expected[c] = math.max(expected[c] or 0, math.abs(v))
      end
    end)
    local watch <close> = vise.observe.attach(model, { name }, "channel_span", { buffered = true, sample = 16 })
    calibrate(model)
    undo()
    assert.equal(rows, watch:observer(name):count())
    assert.same(expected, watch:observer(name):result():totable())
    local kept = watch:sample(name):shape()
    assert.is_true(kept > 8 and kept <= 16)
    model:close()
  end)

  it("refuses options that are none", function()
    local model = dit.open()
    assert.error_matches(function()
      vise.observe.attach(model, { "*.to_q" }, "range", { flush = 1 })
    end, "E%-OB%-14.*unknown option 'flush'")
    assert.error_matches(function()
      vise.observe.attach(model, { "*.to_q" }, "range", { flush_count = 0 })
    end, "E%-OB%-14.*flush_count.*is 0")
    model:close()
  end)

  it("gets the model, the config and nothing private", function()
    local got
    local model = dit.open()
    local cfg = vise.config(with { calibrate = function(m, about)
      got = { m, about.config, about.component }
      calibrate(m)
    end })
    assert(vise.quantize(model, cfg))
    assert.equal(model, got[1])
    assert.equal(cfg, got[2])
    assert.is_nil(got[3])
    model:close()
  end)

  it("does not lose a failure of an observer that the callback overlooks", function()
    local model, armed = dit.open(), true
    -- The filter's hook stands before the observer's: the next allocation is the observer's own.
    local fields = with { calibration = { buffered = true }, filter = function(layer, name)
      if name:find "attn1.to_q" then
        layer:hook(function()
          if armed then core.fail_after(0) end
          armed = false
        end)
      end
      return true
    end, calibrate = function(m)
      local noise, times, labels = dit.batch(2)
      assert.is_nil(m:forward(noise, times, labels))
      core.fail_after(-1)
      calibrate(m)
    end }
    local report, message, id = vise.quantize(model, fields)
    core.fail_after(-1)
    assert.same({ nil, "E-MM-01" }, { report, id })
    assert.matches("layer transformer_blocks.0.attn1.to_q: no memory", message, 1, true)
    assert.is_nil(model:layer("transformer_blocks.0.attn1.to_q").quantized)
    model:close()
  end)
end)

describe("captured statistics", function()
  local folder, remove, path
  before_each(function()
    folder, remove = dit.folder()
    assert(core.disk.mkdir(folder))
    path = folder .. "/spans.safetensors"
  end)
  after_each(function() remove() end)

  local function capture(kind, options)
    local model = dit.open()
    local watch <close> = vise.observe.attach(model, { "transformer_blocks.0.attn1.*", "transformer_blocks.0.ff.*" },
      kind or "channel_span", options)
    calibrate(model)
    watch:detach()
    assert(watch:save(path))
    model:close()
  end

  local REGIONS = { "transformer_blocks.0.attn1.*", "transformer_blocks.0.ff.*" }

  it("stand in for the callback, bit for bit", function()
    capture()
    -- Spans alone: smoothing that is searched or balanced takes samples as well.
    local svdq = { smooth_strategy = "activation" }
    assert.equal(answer { regions = REGIONS, calibrate = calibrate, svdq = svdq },
      answer { regions = REGIONS, statistics = path, svdq = svdq })
  end)

  it("stand in for the callback of static types: ranges", function()
    capture "range"
    local fields = { quant_type = "int8_per_row_static", regions = REGIONS, statistics = path }
    local model, other = dit.open(), dit.open()
    local report = assert(vise.quantize(model, fields))
    assert.equal(6, report.observed)
    assert.equal("normal", report.layers[1].output_of)
    assert(vise.quantize(other, { quant_type = fields.quant_type, regions = REGIONS, calibrate = calibrate }))
    assert.equal(dit.answer(other), dit.answer(model))
    model:close()
    other:close()
  end)

  it("bring the rows on which outputs are measured", function()
    capture("channel_span", { sample = 64 }) -- as many as calibration keeps for this smoothing
    local svdq = { smooth_strategy = "activation" }
    local model, other = dit.open(), dit.open()
    local report = assert(vise.quantize(model, with { regions = REGIONS, statistics = path, svdq = svdq }))
    local direct = assert(vise.quantize(other, with { regions = REGIONS, calibrate = calibrate, svdq = svdq }))
    for i, layer in ipairs(report.layers) do
      assert.equal("calibration", layer.output_of)
      assert.equal(direct.layers[i].output_error, layer.output_error)
    end
    model:close()
    other:close()
  end)

  local function refused(id, words, fields)
    local model = dit.open()
    local report, message, got = vise.quantize(model, with(fields or { regions = REGIONS, statistics = path }))
    assert.is_nil(report)
    assert.equal(id, got, message)
    assert.matches(words, message, 1, true)
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
    model:close()
  end

  it("are refused when a layer is missing, misshapen, not finite or impossible", function()
    refused("E-FS-15", "spans.safetensors")
    capture("range")
    refused("E-OB-15", "has no tensor transformer_blocks.0.attn1.to_q.span")
    local name = "transformer_blocks.0.attn1.to_q"
    local fields = { regions = { name }, statistics = path }
    local function file(tensor, more)
      local entries = { { name .. ".span", tensor } }
      if more then entries[2] = { name .. ".sample", more } end
      assert(core.safetensors_write(path, entries, {}))
    end
    file(core.tensor("f32", { 64 }))
    refused("E-OB-13", "to_q.span is f32 [64], expected f32 [128]", fields)
    file(core.tensor("f16", { 128 }))
    refused("E-OB-13", "is f16 [128]", fields)
    local bad = core.tensor("f32", { 128 })
    bad:set(5, 0 / 0)
    file(bad)
    refused("E-OB-11", "element 5 is not finite", fields)
    bad:set(5, -1)
    file(bad)
    refused("E-OB-13", "element 5 is negative", fields)
    file(core.tensor("f32", { 128 }), core.tensor("f32", { 2, 64 }))
    refused("E-OB-13", "to_q.sample is f32 [2, 64], expected f32 [rows, 128]", fields)
  end)

  it("quantize bare weights, which have no forward, to the same tensors", function()
    capture()
    local files = {}
    for i, how in ipairs { "model", "bare" } do
      local model = how == "model" and dit.open()
        or assert(vise.open(dit.path .. "/diffusion_pytorch_model.fp16.safetensors", {}))
      if how == "bare" then
        model:close()
        -- A copy outside the model's folder, so that no config.json lies beside it.
        local bytes = assert(io.open(dit.path .. "/diffusion_pytorch_model.fp16.safetensors", "rb")):read "a"
        local copy = folder .. "/weights.safetensors"
        assert(io.open(copy, "wb")):write(bytes):close()
        model = assert(vise.open(copy))
        assert.equal("weights", model.family)
      end
      local out = folder .. "/" .. how
      assert(vise.quantize(model, with { regions = REGIONS, statistics = path, save_to = out }))
      local handle = assert(core.safetensors_open(out .. "/svdq_int4_r4.safetensors"))
      files[i] = {}
      for _, name in ipairs(handle:names()) do files[i][name] = handle:tensor(name):tobytes() end
      handle:close()
      model:close()
    end
    assert.same(files[1], files[2])
  end)

  it("are needed for bare weights of a calibrated type: a forward there is none", function()
    local bytes = assert(io.open(dit.path .. "/diffusion_pytorch_model.fp16.safetensors", "rb")):read "a"
    local copy = folder .. "/weights.safetensors"
    assert(io.open(copy, "wb")):write(bytes):close()
    local model <close> = assert(vise.open(copy))
    local report, message, id = vise.quantize(model, { quant_type = "svdq_int4_r4", calibrate = function(m)
      return m:forward()
    end })
    assert.same({ nil, "E-MD-16" }, { report, id })
    assert.matches("cannot run", message, 1, true)
    report = assert(vise.quantize(model, { quant_type = "int8_weight_only" }))
    assert.equal("normal", report.layers[1].output_of)
  end)
end)
