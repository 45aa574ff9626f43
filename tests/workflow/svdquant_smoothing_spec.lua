-- Smoothing and relaxation against the golden vectors of the published recipe.

local core = require "vise.core"
local relax = require "vise.algorithms.relax"
local samples = require "vise.algorithms.samples"
local smoothing = require "vise.algorithms.smoothing"
local smoothing_search = require "vise.algorithms.smoothing_search"
local support = require "support"

local function spans(list)
  return core.tensor_of("f32", { #list }, list)
end

local function factors(strategy, w, a, more)
  local opt = { strategy = strategy, storage = "bf16", alpha = 0.5 }
  for key, value in pairs(more or {}) do opt[key] = value end
  local smooth, original = smoothing.factors(spans(w), a and spans(a), opt)
  return smooth and smooth:totable(), original and original:totable()
end

describe("smoothing", function()
  local W = { 0.01, 0.25, 1, 4, 100, 0 }

  it("gives the golden vectors of weight and weight_inv", function()
    assert.same({ 4, 2, 1, 0.5, 0.25, 1 }, factors("weight", W))
    assert.same({ 0.25, 0.5, 1, 2, 4, 1 }, factors("weight_inv", W))
  end)

  it("takes roots of both spans, with 1 where nothing can be said", function()
    -- Zero spans, dead channels, and ratios that f16 cannot hold: 1e30 / 1e-30 and its inverse.
    local a, w = { 4, 0, 1, 1e30, 1e-30, 9 }, { 1, 1, 0, 1e-30, 1e30, 1 }
    assert.same({ 2, 1, 1, 1, 1, 3 }, factors("activation", w, a, { storage = "f16" }))
    assert.is_nil(factors("identity", w))
  end)

  it("takes the exponents that are asked for", function()
    assert.same({ 16, 1 }, factors("activation", { 4, 4 }, { 16, 1 }, { alpha = 1 }))
    assert.same({ 4, 0.25 }, factors("activation", { 1, 16 }, { 16, 16 }, { alpha = 0.5, beta = 1 }))
    assert.same({ 4, 4 }, factors("activation", { 1, 16 }, { 16, 16 }, { alpha = 0.5, beta = 0 }))
  end)

  it("relaxes the spans of few_shot, and gives the plain factors beside them", function()
    local smooth, original = factors("few_shot", { 1, 1, 1, 1 }, { 1, 1, 1, 64 },
      { relax = { strategy = "top", factor = 4, top_ratio = 0.1 } })
    assert.same({ 1, 1, 1, 16 }, smooth) -- grows by sqrt(4)
    assert.same({ 1, 1, 1, 8 }, original)
  end)
end)

describe("relaxation", function()
  local A = { 1, 2, 3, 4, 5, 6, 7, 16 }
  -- Figures as published, to four digits.
  local golden = {
    fixed = { 1, 1, 1, 1, 1, 1, 1, 1 },
    top = { 1, 1, 1, 1, 1, 1, 2.5, 2.5 },
    auto = { 1, 1.2857, 1.5714, 1.8571, 2.1429, 2.4286, 2.5, 2.5 },
    stable_auto = { 1, 1.375, 1.5625, 1.9375, 2.125, 2.5, 2.5, 2.5 },
    power = { 1, 1.0544, 1.2177, 1.4898, 1.8707, 2.3605, 2.5, 2.5 },
    log = { 1, 1.6505, 1.9694, 2.1826, 2.3429, 2.4715, 2.5, 2.5 },
    rank = { 1, 1.2857, 1.5714, 1.8571, 2.1429, 2.4286, 2.5, 2.5 },
  }

  local function multipliers(a, strategy, factor, top_ratio)
    return relax.multipliers(a, { strategy = strategy, factor = factor or 2.5, top_ratio = top_ratio or 0.25 })
  end

  for strategy, want in pairs(golden) do
    it("gives the golden vector of " .. strategy, function()
      local got = multipliers(A, strategy)
      assert.equal(#want, #got)
      for i = 1, #want do assert.near(want[i], got[i], 5e-5) end
    end)

    it("stays between 1 and the factor, and never falls with the span: " .. strategy, function()
      for seed = 1, 5 do
        local a = support.random({ 33 }, seed):totable()
        for i, v in ipairs(a) do a[i] = v * v end
        table.sort(a)
        for _, ratio in ipairs { 0.01, 0.25, 1 } do
          local m = multipliers(a, strategy, 3, ratio)
          for i = 1, #m do
            assert.is_true(m[i] >= 1 and m[i] <= 3)
            assert.is_true(i == 1 or m[i] >= m[i - 1])
          end
        end
      end
    end)

    it("takes no channel and one channel: " .. strategy, function()
      assert.same({}, multipliers({}, strategy))
      assert.equal(1, #multipliers({ 3 }, strategy))
    end)
  end

  it("takes all channels whole when the quantile is no larger than the least", function()
    for _, strategy in ipairs { "auto", "stable_auto", "power", "log", "rank" } do
      assert.same({ 2.5, 2.5, 2.5, 2.5 }, multipliers({ 3, 3, 3, 3 }, strategy))
    end
    for _, strategy in ipairs { "auto", "stable_auto", "power", "log", "rank" } do
      assert.same({ 2.5, 2.5, 2.5 }, multipliers({ 1, 2, 3 }, strategy, 2.5, 1))
    end
  end)

  it("leaves spans alone that have no order or no end", function()
    for _, strategy in ipairs { "auto", "stable_auto", "power", "log", "rank" } do
      assert.same({ 1, 1, 1 }, multipliers({ 1, 0 / 0, 3 }, strategy))
      assert.same({ 1, 1, 1 }, multipliers({ 1, math.huge, math.huge }, strategy))
    end
  end)

  it("orders equal spans by their channel", function()
    local m = multipliers({ 2, 1, 2, 1 }, "rank", 4, 0.25)
    -- Places 3, 1, 4, 2 of 4: 2/3, 0, 1, 1/3 over 0.75, at most 1.
    for i, want in ipairs { 1 + 3 * 8 / 9, 1, 4, 1 + 3 * 4 / 9 } do assert.near(want, m[i], 1e-12) end
  end)
end)

describe("searched smoothing", function()
  it("tries the 39 candidates of a grid of 20, the mildest first", function()
    local list = smoothing_search.candidates(20)
    assert.equal(39, #list)
    assert.same({ { 0, 0 }, { 0.05, 0 }, { 0.05, 0.95 } }, { list[1], list[2], list[3] })
    assert.same({ 0.95, 0 }, list[38])
    assert.same({ { 0, 0 } }, smoothing_search.candidates(1))
  end)

  it("takes the candidate with the least error, the first of equal ones", function()
    local w, x = support.random({ 4, 8 }, 1), support.random({ 16, 8 }, 2)
    local wanted, calls = core.linear(x, w), 0
    -- Answers that are wrong by a known amount: less at candidates 3 and 5.
    local wrong = { 5, 4, 2, 3, 2, 9, 9 }
    local smooth, info = smoothing_search.best(w, spans { 1, 2, 3, 4, 5, 6, 7, 8 }, x, "bf16", 4, function()
      calls = calls + 1
      return wanted:mul(1 + wrong[calls])
    end)
    assert.equal(7, calls)
    assert.same({ 0.25, 0.75 }, { info.alpha, info.beta })
    assert.near(2, info.error, 1e-6)
    assert.near(5, info.plain, 1e-6)
    assert.equal(8, #smooth)
  end)
end)

describe("samples", function()
  local function collect(limit, batches)
    local s <close> = samples.new(limit)
    local n = 0
    for _, size in ipairs(batches) do
      local values = {}
      for i = 1, size do
        values[i] = n
        n = n + 1
      end
      s:update(core.tensor_of("f32", { size, 1 }, values))
    end
    return s:result():totable()
  end

  it("keeps every token while there is room", function()
    assert.same({ 0, 1, 2 }, collect(4, { 3 }))
    assert.same({ 0, 1, 2, 3 }, collect(4, { 2, 2 }))
  end)

  it("spreads over all that came, whatever the batches", function()
    assert.same({ 0, 2, 4 }, collect(4, { 5 }))
    assert.same({ 0, 4, 8, 12 }, collect(4, { 16 }))
    assert.same({ 0, 4, 8, 12 }, collect(4, { 1, 2, 3, 4, 5, 1 }))
    assert.same({ 0 }, collect(1, { 7 }))
  end)

  it("takes tokens of any batch shape", function()
    local s <close> = samples.new(8)
    s:update(core.tensor_of("f32", { 2, 2, 1 }, { 1, 2, 3, 4 }))
    assert.same({ 1, 2, 3, 4 }, s:result():totable())
  end)
end)
