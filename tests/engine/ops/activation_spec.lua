local core = require "vise.core"
local support = require "support"

local EPS, TINY = 2 ^ -23, 2 ^ -126
local nan, inf = 0 / 0, math.huge

local function vector(values) return core.tensor_of("f32", { #values }, values) end

-- A sweep of magnitudes, both signs.
local function samples()
  local v = { 0, -0.0 }
  for e = -40, 6 do
    for _, m in ipairs { 1, 1.37, 1.9 } do
      v[#v + 1] = m * 2.0 ^ e
      v[#v + 1] = -m * 2.0 ^ e
    end
  end
  return vector(v)
end

local function tanh(x)
  if x > 20 then return 1 elseif x < -20 then return -1 end
  local e = math.exp(2 * x)
  return (e - 1) / (e + 1)
end

describe("core.softmax", function()
  it("gives exp(x - max) / sum along the last dimension", function()
    for _, cols in ipairs { 1, 2, 9, 300 } do
      local x = support.random({ 2, 3, cols }, cols):mul(10)
      local values, got = x:totable(), core.softmax(x):totable()
      for r = 0, 5 do
        local sum, max = 0, -inf
        for i = 1, cols do max = math.max(max, values[r * cols + i]) end
        for i = 1, cols do sum = sum + math.exp(values[r * cols + i] - max) end
        for i = 1, cols do
          local want = math.exp(values[r * cols + i] - max) / sum
          -- 8 eps is the kernel's contract; x - max rounds in f32: 20 eps / 2 in the exponent.
          assert.near(want, got[r * cols + i], (8 + 10) * EPS * want + 8 * EPS * TINY)
        end
      end
    end
  end)

  it("does not overflow, and excludes minus infinity", function()
    assert.same({ 1, 0 }, core.softmax(vector { 3e38, -3e38 }):totable())
    assert.same({ 0.5, 0.5 }, core.softmax(vector { 1e30, 1e30 }):totable())
    assert.same({ 1, 0 }, core.softmax(vector { 0, -inf }):totable())
  end)

  it("works in place and on nothing", function()
    local x = support.random({ 5, 40 }, 1)
    local want = core.softmax(x):tobytes()
    core.softmax(x, x)
    assert.is_true(want == x:tobytes())
    assert.equal(0, core.softmax(core.tensor("f32", { 3, 0 })):count())
    assert.equal(0, core.softmax(core.tensor("f32", { 0, 3 })):count())
  end)
end)

describe("core.silu", function()
  it("is x / (1 + exp(-x))", function()
    local x = samples()
    local got = core.silu(x):totable()
    for i, v in ipairs(x:totable()) do
      local want = v / (1 + math.exp(-v))
      assert.near(want, got[i], 8 * EPS * (math.abs(want) + TINY))
    end
  end)
end)

describe("core.silu_mul", function()
  it("has the bits of silu and a product after it, wherever the output goes", function()
    for _, n in ipairs { 0, 1, 63, 64, 65, 33001 } do
      local gate, up = support.random({ n }, 1):mul(9), support.random({ n }, 2)
      local want = core.silu(gate):mul(up):tobytes()
      assert.is_true(want == core.silu_mul(gate, up):tobytes())
      local over_gate, over_up = gate:copy(), up:copy()
      core.silu_mul(over_gate, up, over_gate)
      core.silu_mul(gate, over_up, over_up)
      assert.is_true(want == over_gate:tobytes())
      assert.is_true(want == over_up:tobytes())
    end
  end)

  it("refuses a factor of another shape or dtype, and an output that overlaps", function()
    local x = support.random({ 2, 6 }, 1)
    local function refuses(text, f) assert.error_matches(f, text, 1, true) end
    refuses("E-TN-08: the factor", function() core.silu_mul(x, x:reshape { 12 }) end)
    refuses("E-TN-04: the factor", function() core.silu_mul(x, x:to "f16") end)
    local both = support.random({ 3, 6 }, 1)
    local first, last = both:rows(1, 2), both:rows(2, 3)
    refuses("E-TN-12: the output overlaps the factor", function() core.silu_mul(x, first, last) end)
    refuses("E-TN-12: the output overlaps the input", function() core.silu_mul(first, x, last) end)
  end)
end)

describe("core.gelu", function()
  it("follows the tanh formula", function()
    local x = samples()
    local got = core.gelu(x, "tanh"):totable()
    for i, v in ipairs(x:totable()) do
      local want = v / 2 * (1 + tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ^ 3)))
      assert.near(want, got[i], 8 * EPS * math.abs(v))
    end
  end)

  it("follows the error function", function()
    -- erf by its series, 2/sqrt(pi) sum (-1)^n z^(2n+1) / (n! (2n+1)); good below 3 in double.
    local function erf(z)
      local term, sum = z, z
      for n = 1, 80 do
        term = -term * z * z / n
        sum = sum + term / (2 * n + 1)
      end
      return 2 / math.sqrt(math.pi) * sum
    end
    local values = {}
    for i = -40, 40 do values[#values + 1] = i / 10 end
    local x = vector(values)
    local got = core.gelu(x, "erf"):totable()
    for i, v in ipairs(x:totable()) do
      local want = v / 2 * (1 + erf(v / math.sqrt(2)))
      -- The kernel's contract; the series loses digits where terms of up to exp(8) cancel.
      assert.near(want, got[i], 8 * EPS * math.abs(want) + 1e-11)
    end
    assert.same({ 0, 100 }, core.gelu(vector { -100, 100 }, "erf"):totable())
  end)

  it("knows no other kind", function()
    assert.error_matches(function() core.gelu(vector { 1 }, "fast") end, "invalid option 'fast'", 1, true)
  end)
end)

describe("silu and gelu", function()
  it("let NaN through and take sizes across tiles, in place too", function()
    for _, f in ipairs {
      core.silu,
      function(x, out) return core.gelu(x, "tanh", out) end,
      function(x, out) return core.gelu(x, "erf", out) end,
    } do
      local x = support.random({ 33001 }, 1)
      x:set(5, nan)
      local y = f(x)
      assert.equal(5, y:nonfinite())
      assert.equal(f(x:rows(32990, 33001)):get(12), y:get(33001))
      x:set(5, 1)
      local want = f(x):tobytes()
      f(x, x)
      assert.is_true(want == x:tobytes())
      assert.equal(0, f(core.tensor("f32", { 0 })):count())
    end
  end)
end)
