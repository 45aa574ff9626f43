local core = require "vise.core"
local support = require "support"

local nan, inf = 0 / 0, math.huge

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

local function vector(values) return core.tensor_of("f32", { #values }, values) end

describe("core.cross_entropy", function()
  it("adds up the nats of the targets", function()
    local n, v = 7, 50
    local logits = support.random({ n, v }, 1):mul(5)
    local targets = core.tensor_of("i64", { n }, { 0, 49, 3, 3, 20, 7, 8 })
    local x, t, want = logits:totable(), targets:totable(), 0
    for r = 1, n do
      local sum = 0
      for i = 1, v do sum = sum + math.exp(x[(r - 1) * v + i]) end
      want = want + math.log(sum) - x[(r - 1) * v + t[r] + 1]
    end
    local nats, rows = core.cross_entropy(logits, targets)
    assert.near(want, nats, 1e-12 * want)
    assert.equal(n, rows)
  end)

  it("neither overflows nor loses small probabilities", function()
    local target = core.tensor_of("i64", { 1 }, { 1 })
    local function nats(a, b)
      return (core.cross_entropy(core.tensor_of("f32", { 1, 2 }, { a, b }), target))
    end
    assert.near(6e38, nats(3e38, -3e38), 6e38 * 2 ^ -23) -- the logits are f32
    assert.near(math.exp(-30), nats(0, 30), 1e-15)
    assert.equal(inf, nats(0, -inf))
  end)

  it("lets NaN through", function()
    for place = 1, 3 do
      local logits = core.tensor("f32", { 1, 3 })
      logits:set(place, nan)
      local nats = core.cross_entropy(logits, core.tensor("i64", { 1 }))
      assert.is_true(nats ~= nats)
    end
  end)

  it("knows the loss of nothing", function()
    assert.same({ 0, 0 }, { core.cross_entropy(core.tensor("f32", { 0, 5 }), core.tensor("i64", { 0 })) })
  end)

  it("refuses what does not fit", function()
    local logits = support.random({ 2, 3 }, 1)
    local function with(dtype, shape, values)
      return function() core.cross_entropy(logits, core.tensor_of(dtype, shape, values)) end
    end
    refuses("E-TN-11: target 3 at place 2, expected 0 to 2", with("i64", { 2 }, { 0, 3 }))
    refuses("E-TN-11", with("i64", { 2 }, { 0, -1 }))
    refuses("E-TN-08: the target tensor", with("i64", { 3 }, { 0, 1, 2 }))
    refuses("E-TN-04", with("i32", { 2 }, { 0, 1 }))
    logits = core.tensor("f32", { 1, 0 })
    refuses("E-TN-11", with("i64", { 1 }, { 0 }))
  end)
end)

describe("core.top_p", function()
  -- Probabilities 0.5, 0.3, 0.15, 0.05 of ids 2, 0, 3, 1.
  local logits = vector { math.log(0.3), math.log(0.05), math.log(0.5), math.log(0.15) }

  local function pick(top_p, u, temperature)
    return core.top_p(logits, { top_p = top_p, u = u, temperature = temperature })
  end

  it("lets u choose among the ids by their probabilities", function()
    assert.same({ 2, 2, 0, 0, 3, 3, 1, 1 }, {
      pick(1, 0), pick(1, 0.49), pick(1, 0.51), pick(1, 0.79), pick(1, 0.81), pick(1, 0.94), pick(1, 0.96),
      pick(1, 1 - 2 ^ -53),
    })
  end)

  it("keeps the likeliest whose sum reaches top_p, and shares among those", function()
    assert.equal(2, pick(0.4, 0.99))
    assert.same({ 2, 0 }, { pick(0.6, 0.62), pick(0.6, 0.63) }) -- 0.5 / 0.8
    assert.equal(0, pick(0.79, 0.999))
    assert.equal(3, pick(0.81, 0.999))
  end)

  it("sharpens and flattens by the temperature", function()
    assert.equal(2, pick(1, 0.99, 0))
    assert.equal(2, pick(1, 0.97, 0.1)) -- 0.5^10 against 0.3^10
    assert.equal(0, pick(1, 0.49, 1e9)) -- all alike: a quarter each
    assert.equal(2, pick(1, 0.99, 1e-300))
  end)

  it("orders equal logits by their ids", function()
    local equal = core.tensor("f32", { 4 })
    assert.equal(0, core.top_p(equal, { temperature = 0 }))
    for id = 0, 3 do
      assert.equal(id, core.top_p(equal, { u = id / 4 }))
      assert.equal(id, core.top_p(equal, { u = id / 4 + 0.2 }))
    end
    assert.equal(1, core.top_p(equal, { top_p = 0.5, u = 0.99 }))
  end)

  it("never picks an excluded id", function()
    local some = vector { -inf, 1, -inf }
    for _, u in ipairs { 0, 0.5, 1 - 2 ^ -53 } do assert.equal(1, core.top_p(some, { u = u })) end
  end)

  it("says what is wrong with the logits", function()
    for _, bad in ipairs { nan, inf } do
      local id, message, code = core.top_p(vector { 1, bad, 2 })
      assert.is_nil(id)
      assert.matches("the logit of id 1 is", message, 1, true)
      assert.equal("E-NU-01", code)
    end
    refuses("E-TN-09", function() core.top_p(vector { -inf, -inf }) end)
    refuses("E-TN-09", function() core.top_p(core.tensor("f32", { 0 })) end)
  end)

  it("refuses options out of range", function()
    refuses("option 'u'", function() pick(1, 1) end)
    refuses("option 'top_p'", function() pick(0, 0) end)
    refuses("option 'temperature'", function() pick(1, 0, -1) end)
  end)
end)
