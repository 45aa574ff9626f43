-- The few-shot controller: a float model that quantizes itself after its first forwards.

local core = require "vise.core"
local few_shot = require "vise.few_shot"
local observe = require "vise.observe"
local support = require "workflow.support_dit"
local vise = require "vise"

local TYPE = "svdq_int4_r4_dq"

local function config(more)
  local cfg = { quant_type = TYPE, svdq = { smooth_strategy = "few_shot", few_shot_steps = 2, refine_iters = 0 } }
  for key, value in pairs(more or {}) do
    if key == "svdq" then
      for k, v in pairs(value) do cfg.svdq[k] = v end
    else
      cfg[key] = value
    end
  end
  return cfg
end

local function hooks(model)
  local n = 0
  for _, layer in ipairs(model:layers()) do n = n + #layer.hooks end
  return n
end

describe("few-shot", function()
  it("answers in float until the count is full, then is quantized and stays so", function()
    local float, model = support.open(), support.open()
    local want = support.answer(float)
    local armed = assert(vise.quantize(model, config()))
    assert.equal("armed", armed.state)
    assert.equal(support.layers, armed.observed)
    assert.equal(support.layers, hooks(model))
    assert.equal(want, support.answer(model))
    assert.equal(1, armed.forwards)
    assert.is_nil(model.quantization)
    assert.equal(want, support.answer(model)) -- the forward that completes the count
    assert.equal("quantized", armed.state)
    assert.equal(2, armed.forwards)
    assert.is_true(armed.seconds > 0)
    assert.equal(support.layers, armed.report.quantized)
    assert.equal(0, hooks(model))
    assert.is_nil(rawget(model, "forward"))
    assert.is_nil(model.few_shot)
    assert.are_not.equal(want, support.answer(model))
    assert.equal(2, armed.forwards)
    float:close()
    model:close()
  end)

  it("smooths by the relaxed spans of what flowed, and keeps the plain factors", function()
    local model, watched = support.open(), support.open()
    local name = "transformer_blocks.2.ff.net.0.proj"
    local watch <close> = observe.attach(watched, { name }, "channel_span")
    support.answer(watched)
    support.answer(watched)
    local span = watch:observer(name):result():totable()
    assert(vise.quantize(model, config { svdq = { few_shot_relax_strategy = "top", few_shot_relax_factor = 4 } }))
    support.answer(model)
    support.answer(model)
    local q = model:layer(name).quantized
    local weight = core.observer("channel_span", { channels = #span })
    weight:update(watched:layer(name).weight:to "f32")
    local w = weight:result():totable()
    local smooth, original = q.smooth:totable(), q.smooth_original:totable()
    local sorted = table.move(span, 1, #span, 1, {})
    table.sort(sorted)
    local at = 0.75 * (#span - 1) -- position of the quantile
    local low = math.floor(at)
    local tau = sorted[low + 1] + (at - low) * (sorted[low + 2] - sorted[low + 1])
    for i = 1, #span do
      -- f16 rounds by 2^-11.
      local plain = math.sqrt(span[i] / w[i])
      assert.near(plain, original[i], plain * 2 ^ -11)
      assert.near(plain * (span[i] >= tau and 2 or 1), smooth[i], 2 * plain * 2 ^ -11)
    end
    model:close()
    watched:close()
  end)

  it("counts forwards that succeed, over all runs", function()
    local model = support.open()
    local armed = assert(vise.quantize(model, config()))
    local noise, times, labels = support.batch(2)
    assert(model:forward(noise, times, labels)):close()
    assert.is_false((pcall(model.forward, model, core.tensor("f32", { 2, 3, 28, 28 }), times, labels)))
    assert.is_false((pcall(model.forward, model, nil)))
    assert.equal(1, armed.forwards)
    support.calibrate(model)
    assert.equal("quantized", armed.state)
    model:close()
  end)

  it("saves when it quantizes, and not before", function()
    local folder, remove = support.folder()
    local model = support.open()
    assert(vise.quantize(model, config { save_to = folder }))
    support.answer(model)
    assert.is_falsy(core.disk.exists(folder))
    support.answer(model)
    assert.equal("folder", core.disk.exists(folder))
    local again = assert(vise.load(support.open(), folder))
    assert.equal(support.answer(model), support.answer(again))
    local name = "transformer_blocks.0.attn1.to_q"
    assert.equal(model:layer(name).quantized.smooth_original:tobytes(),
      again:layer(name).quantized.smooth_original:tobytes())
    remove()
    again:close()
    model:close()
  end)

  it("calls back once each, a name once, and warns of one that fails", function()
    local model, calls = support.open(), {}
    local armed = assert(vise.quantize(model, config { svdq = { few_shot_steps = 1 } }))
    local function note(what)
      return function(m) calls[#calls + 1] = what .. (m == model and m.quantization and "!" or "?") end
    end
    armed:after(note "a"):after(note "b", "named"):after(function() error "broken" end, "third")
    armed:after(note "c", "named")
    support.answer(model)
    support.answer(model)
    assert.same({ "a!", "c!" }, calls)
    assert.equal(1, #armed.warnings)
    assert.matches("third failed: .*broken", armed.warnings[1])
    assert.error_matches(function() armed:after(note "d") end, "E%-OB%-17: the model is quantized")
    model:close()
  end)

  it("can be disarmed, once, and leaves the model as it was", function()
    local model = support.open()
    local want = support.answer(model)
    local armed = assert(vise.quantize(model, config()))
    support.answer(model)
    assert.is_true(armed:disarm())
    assert.is_false(armed:disarm())
    assert.equal("disarmed", armed.state)
    assert.equal(0, hooks(model))
    assert.is_nil(rawget(model, "forward"))
    assert.equal(want, support.answer(model))
    assert.equal(want, support.answer(model))
    assert.error_matches(function() armed:after(print) end, "E%-OB%-17")
    -- and can be armed again
    assert(vise.quantize(model, config { svdq = { few_shot_steps = 1 } }))
    support.answer(model)
    assert.is_table(model.quantization)
    model:close()
  end)

  it("is not armed twice", function()
    local model = support.open()
    local armed = assert(vise.quantize(model, config()))
    assert.error_matches(function() vise.quantize(model, config()) end,
      "E%-OB%-16: the model is armed already and has seen 0 of 2 forwards")
    assert.error_matches(function() vise.quantize(model, { quant_type = "int8_per_row" }) end, "E%-OB%-16")
    assert.is_true(armed:disarm())
    model:close()
  end)

  it("cleans up when quantizing fails, by the world or by a mistake", function()
    for _, case in ipairs { "world", "mistake" } do
      local model = support.open()
      local want = support.answer(model)
      local armed = assert(few_shot.arm(model, { names = { "*.attn1.to_q" }, steps = 1, finish = function()
        if case == "mistake" then error("E-CF-06: wrong", 0) end
        return nil, "disk full", "E-FS-01"
      end }))
      local noise, times, labels = support.batch(1)
      local ok, y, message, id = pcall(model.forward, model, noise, times, labels)
      assert.equal(case == "world", ok)
      if ok then
        assert.same({ nil, "disk full", "E-FS-01" }, { y, message, id })
      else
        assert.equal("E-CF-06: wrong", y)
      end
      assert.equal("failed", armed.state)
      assert.equal(0, hooks(model))
      assert.equal(want, support.answer(model))
      model:close()
    end
  end)

  it("names the layers that nothing flowed into", function()
    local model = support.open()
    assert(vise.quantize(model, { quant_type = TYPE, regions = { "transformer_blocks.0.norm1.*" },
      svdq = { smooth_strategy = "few_shot" } }))
    local forward = model.forward
    model:layer("transformer_blocks.0.norm1.linear").forward = function(self, x)
      return core.linear(x, self.weight, self.bias) -- past the hooks
    end
    local noise, times, labels = support.batch(1)
    local y, message, id = forward(model, noise, times, labels)
    assert.is_nil(y)
    assert.equal("E-OB-10", id)
    assert.matches("transformer_blocks.0.norm1.linear", message, 1, true)
    model:close()
  end)
end)
