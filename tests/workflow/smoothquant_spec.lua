-- SmoothQuant, log-equalization: the published factors, in plain loops and double.

local core = require "vise.core"
local smoothquant = require "vise.algorithms.smoothquant"
local steps = require "workflow.support_steps"

local OUT, IN = 16, 64

local function bf16(values)
  return core.tensor_of("bf16", { #values }, values):to("f32"):totable()
end

-- max |W_oj| of several weights, and max |x_j|.
local function spans(list, channels)
  local found = {}
  for j = 1, channels do found[j] = 0 end
  for _, t in ipairs(list) do
    for k, v in ipairs(t:totable()) do
      local j = (k - 1) % channels + 1
      found[j] = math.max(found[j], math.abs(v))
    end
  end
  return found
end

-- The factors of a convention by its formula.
local FORMULAS = {
  paper = function(a, w, alpha) return math.max(a ^ alpha / math.max(w, 1e-5) ^ (1 - alpha), 1e-5) end,
  modelopt = function(a, w, alpha)
    return a < 2 ^ -31 and 1 or 1 / math.min(math.max(w ^ (1 - alpha) / a ^ alpha, 1e-4), 1e4)
  end,
}

describe("SmoothQuant", function()
  it("has the factors of its conventions to the bit, shared by layers with one input", function()
    for convention, formula in pairs(FORMULAS) do
      for _, alpha in ipairs { 0.5, 0.85, 1 } do
        local layer, weight, x = steps.case(OUT, IN, "int8_per_row")
        local other = steps.layer { weight = core.random(3):normal { 8, IN }, inputs = layer.inputs,
          type = "int8_per_row" }
        local a, w, want = spans({ x }, IN), spans({ weight, other.weight }, IN), {}
        for j = 1, IN do want[j] = formula(a[j], w[j], alpha) end
        steps.prepare("smoothquant", { alpha = alpha, convention = convention }, { layer, other })
        for _, l in ipairs { layer, other } do
          assert.same(bf16(want), l.parts.smooth:to("f32"):totable(), convention)
        end
      end
    end
  end)

  it("takes llm-compressor's spread of the rows, and its factor where a weight is 0", function()
    local x = core.tensor_of("f32", { 3, 4 }, { 1, -2, 0, 4, 3, 2, 0, 5, -1, 0, 0, 6 })
    local weight = core.tensor_of("f32", { 1, 4 }, { 0.5, -2, 1, 0 })
    local layer = steps.layer { weight = weight, x = x, type = "int8_per_row" }
    steps.prepare("smoothquant", { convention = "llm-compressor" }, { layer })
    -- spreads 4, 4, 0, 2; weights doubled 1, 4, 2, 0
    assert.same(bf16 { 2, 1, 1e-5, 2 }, layer.parts.smooth:to("f32"):totable())
  end)

  it("keeps what silent channels and weights of 0 are", function()
    assert.same({ 1 }, smoothquant.factors({ 0 }, { 1 }, 1, "modelopt"))
    assert.same({ 1e-5 }, smoothquant.factors({ 0 }, { 1 }, 0.5, "paper"))
    assert.near(1e5 ^ 0.5, smoothquant.factors({ 1 }, { 0 }, 0.5, "paper")[1], 1e-9)
  end)

  it("leaves the answers as they were before anything is rounded", function()
    local layer, weight, x = steps.case(OUT, IN, "int8_per_row")
    steps.prepare("smoothquant", nil, { layer })
    local s = layer.parts.smooth:to "f32"
    local got = core.linear(x:div(s), layer.weight)
    assert.is_true(core.compare(got, core.linear(x, weight)).rel_l2 < 1e-6)
    assert.is_true(core.compare(layer.samples, x:div(s)).rel_l2 < 1e-7)
  end)

  it("searches the alpha under which layers answer best", function()
    local trial = require "vise.algorithms.trial"
    for _, type in ipairs { "svdq_int4_r0", "int4_weight_only" } do
      local layer, weight, x = steps.case(OUT, IN, type)
      local a, w, best, least = spans({ x }, IN), spans({ weight }, IN), nil, math.huge
      for step = 0, 4 do
        local s = core.tensor_of("bf16", { IN }, smoothquant.factors(a, w, step / 4, "paper")):to "f32"
        local error = trial.error({ layer }, s)
        if error < least then best, least = step / 4, error end
      end
      steps.prepare("smoothquant", { search = 4 }, { layer })
      assert.equal(best, layer.notes.alpha, type)
    end
  end)

  it("makes activations and weights of W8A8 and W4A4 answer better", function()
    local function error_of(type, name)
      local layer, weight, x = steps.case(OUT, IN, type)
      if name then steps.prepare(name, nil, { layer }) end
      local coded = core.encode(layer.scheme, layer.weight)
      local seen = require("vise.algorithms.trial").as_coded(layer.samples, layer.type)
      return core.compare(core.linear(seen, coded:decode()), core.linear(x, weight)).rel_l2
    end
    for _, type in ipairs { "int8_per_row", "svdq_int4_r0" } do
      local plain = error_of(type)
      assert.is_true(error_of(type, "smoothquant") < plain, type)
      assert.is_true(error_of(type, "log_equalization") < plain, type)
    end
  end)

  it("refuses options that are none when the configuration is read", function()
    assert.error_matches(function() steps.step("smoothquant", { convention = "papper" }) end,
      "E%-CF%-05.*did you mean 'paper'")
    assert.error_matches(function() steps.step("smoothquant", { alpha = 1.5 }) end, "E%-CF%-05.*from 0 to 1")
  end)

  it("asks of calibration what its options need", function()
    assert.same({ "span" }, steps.step("smoothquant").needs)
    assert.same({ "span", "samples", "moments" }, steps.step("smoothquant", { search = 4 }).needs)
  end)
end)

describe("log-equalization", function()
  it("divides by a / log2(2 + a)", function()
    local layer, _, x = steps.case(OUT, IN, "int8_per_row")
    local want = {}
    for j, a in ipairs(spans({ x }, IN)) do want[j] = a / math.log(2 + a, 2) end
    steps.prepare("log_equalization", nil, { layer })
    assert.same(bf16(want), layer.parts.smooth:to("f32"):totable())
  end)
end)
