-- AWQ: scales by its formula in plain loops, its search by its own errors, and the clip search.

local core = require "vise.core"
local awq = require "vise.algorithms.awq"
local steps = require "workflow.support_steps"

local OUT, IN, GROUP = 12, 64, 32

-- mean over rows of |W| / (largest of its group + 1e-6)
local function weight_mean(w, rows)
  local means = {}
  for j = 0, IN - 1 do
    local sum = 0
    for r = 0, rows - 1 do
      local largest, first = 0, j // GROUP * GROUP
      for k = first, first + GROUP - 1 do largest = math.max(largest, math.abs(w[r * IN + k + 1])) end
      sum = sum + math.abs(w[r * IN + j + 1]) / (largest + 1e-6)
    end
    means[j + 1] = sum / rows
  end
  return means
end

local function by_formula(x, w, r, duo)
  local s, most, least = {}, 0, math.huge
  for j = 1, #x do
    s[j] = math.max(duo and x[j] ^ r / (w[j] ^ (1 - r) + 1e-4) or x[j] ^ r, 1e-4)
    most, least = math.max(most, s[j]), math.min(least, s[j])
  end
  for j = 1, #x do s[j] = s[j] / math.sqrt(most * least) end
  return s
end

-- Of rounding W diag(s), by the moments.
local function error_of(layer, s)
  local scales = core.tensor_of("bf16", { IN }, s):to "f32"
  local back = core.encode(layer.scheme, layer.weight:mul(scales)):decode():div(scales)
  return layer:energy(back:sub(layer.weight))
end

describe("AWQ", function()
  it("weighs the weights of all layers given an input against their groups", function()
    local layer, weight = steps.case(OUT, IN)
    local got, want = awq.weight_mean { layer }, weight_mean(weight:totable(), OUT)
    for j = 1, IN do assert.near(1, got[j] / want[j], 1e-6) end -- f32 quotients
    local both = core.random(2):normal { 5, IN }
    local two = steps.layer { weight = both, inputs = layer.inputs }
    local rows = table.move(both:totable(), 1, 5 * IN, OUT * IN + 1, weight:totable())
    got, want = awq.weight_mean { layer, two }, weight_mean(rows, OUT + 5)
    for j = 1, IN do assert.near(1, got[j] / want[j], 1e-6) end
  end)

  it("has the published scales", function()
    local x, w = { 0.01, 1, 25, 3 }, { 0.3, 0.2, 0.9, 0 }
    for _, duo in ipairs { false, true } do
      for _, r in ipairs { 0, 0.35, 0.95 } do assert.same(by_formula(x, w, r, duo), awq.scales(x, w, r, duo)) end
    end
    assert.same({ 1, 1, 1, 1 }, awq.scales(x, w, 0, false))
  end)

  it("keeps channels that never speak finite", function()
    for _, duo in ipairs { false, true } do
      for _, s in ipairs(awq.scales({ 0, 0, 1 }, { 0, 1, 0.5 }, 0.5, duo)) do
        assert.is_true(s > 0 and s < math.huge)
      end
    end
    assert.same({ 1, 1 }, awq.scales({ math.huge, 1 }, { 1, 1 }, 0.5, false))
  end)

  it("takes the best of its grid", function()
    for name, duos in pairs { off = { false }, on = { true }, both = { false, true } } do
      local layer, weight = steps.case(OUT, IN)
      local x, w = layer.mean:totable(), weight_mean(weight:totable(), OUT)
      local best, least = nil, math.huge
      for _, duo in ipairs(duos) do
        for i = 0, 9 do
          local error = error_of(layer, by_formula(x, w, i / 10, duo))
          if error < least then best, least = i / 10, error end
        end
      end
      steps.prepare("awq", { grid = 10, duo = name }, { layer })
      assert.equal(best, layer.notes.ratio, name)
    end
  end)

  it("is rounding with a grid of ratio 0 alone", function()
    local layer, weight = steps.case(OUT, IN)
    steps.prepare("awq", { grid = 1, duo = "off" }, { layer })
    assert.same(weight:totable(), layer.weight:totable())
  end)

  it("answers better than rounding, for one layer and for layers together, and where activations are coded", function()
    local trial = require "vise.algorithms.trial"
    for _, type in ipairs { "int4_weight_only", "w4a8_g32", "svdq_int4_r0" } do
      local layer = steps.case(OUT, IN, type)
      local other = steps.layer { weight = core.random(3):normal { 8, IN }, inputs = layer.inputs, type = type }
      local _, choice = awq.search({ layer, other }, { grid = 20, duo = "both" })
      assert.equal(trial.error { layer, other }, choice.plain)
      assert.is_true(choice.error < 0.95 * choice.plain, ("%s: %g of %g"):format(type, choice.error, choice.plain))
    end
  end)
end)

describe("AWQ's clip search", function()
  local function errors(layer, weight)
    return steps.loss(layer, core.encode(layer.scheme, weight))
  end

  it("cuts outputs' groups where that helps, and nothing else", function()
    local layer, weight = steps.case(OUT, IN, "svdq_int4_r0")
    for r = 0, OUT - 1, 2 do weight:set(r * IN + 7, 1.2) end -- a weight that spoils its group's scale
    layer = steps.layer { weight = weight, inputs = layer.inputs, type = "svdq_int4_r0" }
    steps.prepare("awq_clip", nil, { layer })
    assert.is_true(layer.notes.clipped > 0)
    local before, after = core.encode(layer.scheme, weight):decode(), core.encode(layer.scheme, layer.weight):decode()
    assert.is_true(layer:energy(after:sub(weight)) < layer:energy(before:sub(weight)))
    -- Every output's group is cut at its own limit: all above it stands at it, the rest is what it was.
    local was, is = weight:totable(), layer.weight:totable()
    for first = 1, OUT * IN, 64 do
      local top = 0
      for k = first, first + 63 do top = math.max(top, math.abs(is[k])) end
      for k = first, first + 63 do
        local want = math.max(-top, math.min(top, was[k]))
        assert.near(want, is[k], 1e-6 * top)
      end
    end
  end)

  it("leaves queries, keys and what is on its grid alone", function()
    local layer, weight = steps.case(OUT, IN, "svdq_int4_r0")
    for _, name in ipairs { "model.q_proj", "attn.to_key" } do
      local named = steps.layer { weight = weight, inputs = layer.inputs, type = "svdq_int4_r0", name = name }
      steps.prepare("awq_clip", nil, { named })
      assert.same(weight:totable(), named.weight:totable())
    end
    local grid = core.encode(layer.scheme, weight):decode()
    layer:replace(grid:copy())
    steps.prepare("awq_clip", nil, { layer })
    assert.equal(0, layer.notes.clipped)
    assert.same(grid:totable(), layer.weight:totable())
    assert.equal(0, errors(layer, layer.weight))
  end)

  it("takes zeros and silent inputs", function()
    local layer = steps.layer { weight = core.tensor("f32", { 3, 40 }), x = core.tensor("f32", { 9, 40 }) }
    steps.prepare("awq_clip", nil, { layer })
    assert.is_nil(layer.weight:nonfinite())
  end)
end)
