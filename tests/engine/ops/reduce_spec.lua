local core = require "vise.core"
local support = require "support"

local nan, inf = 0 / 0, math.huge

local function vector(values) return core.tensor_of("f32", { #values }, values) end

describe("reductions", function()
  it("agree with plain loops", function()
    for _, n in ipairs { 1, 7, 8, 9, 1000, 65536, 65543 } do
      local t = support.random({ n }, n)
      local sum, squares, lo, hi, at = 0, 0, inf, -inf, nil
      for i, v in ipairs(t:totable()) do
        sum, squares, lo = sum + v, squares + v * v, math.min(lo, v)
        if v > hi then hi, at = v, i end
      end
      -- Sums of n values below 1 in double, in two orders: n^2 eps at most, far less in fact.
      local tolerance = n * 2 ^ -48
      assert.near(sum, t:sum(), tolerance)
      assert.near(sum / n, t:mean(), tolerance)
      assert.near(math.sqrt(squares), t:norm(), tolerance)
      assert.equal(lo, t:min())
      assert.equal(hi, t:max())
      assert.equal(at, t:argmax())
    end
  end)

  it("sum in double what f32 would lose", function()
    local t = vector { 2 ^ 30, 1, -2 ^ 30, 3e38, -3e38 }
    assert.equal(1, t:rows(1, 3):sum())
    assert.equal(0, t:rows(4, 5):sum())
    assert.near(3e38 * math.sqrt(2), t:rows(4, 5):norm(), 1e32)
  end)

  it("let NaN through, wherever it stands", function()
    local n = 70000
    for _, place in ipairs { 1, 2, 65536, 65537, n } do
      local t = core.tensor("f32", { n })
      t:set(place, nan)
      for _, name in ipairs { "sum", "mean", "min", "max", "norm" } do
        local v = t[name](t)
        assert.is_true(v ~= v, name)
      end
      assert.equal(place, t:argmax())
    end
  end)

  it("give infinity its place", function()
    local t = vector { 1, -inf, inf, 2 }
    assert.equal(-inf, t:min())
    assert.equal(inf, t:max())
    assert.equal(3, t:argmax())
    assert.equal(inf, t:norm())
  end)

  it("take the first of equals", function()
    assert.equal(2, vector({ 1, 5, 5 }):argmax())
    assert.equal(1, vector({ -inf, -inf }):argmax())
  end)

  it("know the sum of nothing, and refuse its mean", function()
    local t = core.tensor("f32", { 0 })
    assert.equal(0, t:sum())
    assert.equal(0, t:norm())
    for _, name in ipairs { "mean", "min", "max", "argmax" } do
      assert.error_matches(function() t[name](t) end, "E-TN-09: f32 0 has no elements", 1, true)
    end
  end)
end)

describe("core.compare", function()
  it("measures one tensor against another", function()
    local a, b = support.random({ 3, 23000 }, 1), support.random({ 3, 23000 }, 2)
    local x, y = a:totable(), b:totable()
    local abs, d2, top, a2, b2, ab = 0, 0, 0, 0, 0, 0
    for i = 1, #x do
      local d = math.abs(x[i] - y[i])
      abs, d2, top = abs + d, d2 + d * d, math.max(top, d)
      a2, b2, ab = a2 + x[i] ^ 2, b2 + y[i] ^ 2, ab + x[i] * y[i]
    end
    local got = core.compare(a, b)
    assert.near(abs / #x, got.mae, 1e-12)
    assert.near(math.sqrt(d2 / #x), got.rmse, 1e-12)
    assert.equal(top, got.max_abs)
    assert.near(math.sqrt(d2 / b2), got.rel_l2, 1e-12)
    assert.near(ab / math.sqrt(a2 * b2), got.cosine, 1e-12)
    assert.near(10 * math.log(b2 / d2, 10), got.sqnr, 1e-9)
  end)

  it("calls equal tensors equal, zeros too", function()
    for _, t in ipairs { vector { 1, 2, 3 }, core.tensor("f32", { 4 }) } do
      local got = core.compare(t, t)
      assert.same({ 0, 0, 0, 0, inf }, { got.mae, got.rmse, got.max_abs, got.rel_l2, got.sqnr })
      assert.near(1, got.cosine, 1e-15)
    end
  end)

  it("survives a truth of zeros", function()
    local got = core.compare(vector { 3, 4 }, vector { 0, 0 })
    assert.near(5e12, got.rel_l2, 1)
    assert.equal(0, got.cosine)
    assert.equal(-inf, got.sqnr)
  end)

  it("lets NaN through in every figure", function()
    local n = 65537
    local a, b = core.tensor("f32", { n }):add(1), core.tensor("f32", { n }):add(1)
    a:set(n, nan)
    for name, v in pairs(core.compare(a, b)) do assert.is_true(v ~= v, name) end
    for name, v in pairs(core.compare(b, a)) do assert.is_true(v ~= v, name) end
  end)

  it("refuses different shapes, and nothing", function()
    local a = core.tensor("f32", { 2, 3 })
    assert.error_matches(function() core.compare(a, core.tensor("f32", { 3, 2 })) end, "E-TN-08", 1, true)
    local none = core.tensor("f32", { 0 })
    assert.error_matches(function() core.compare(none, none) end, "E-TN-09", 1, true)
  end)
end)
