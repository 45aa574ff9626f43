local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -23

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

local function f32(x) return (string.unpack("f", string.pack("f", x))) end

describe("core.rope", function()
  local function check(tokens, heads, dh, theta, position)
    local x = support.random({ 2, tokens, heads * dh }, 1)
    local values = x:totable()
    local got = core.rope(x, { heads = heads, theta = theta, position = position }):totable()
    for head = 0, 2 * tokens * heads - 1 do
      local t = position + head // heads % tokens
      for i = 0, dh // 2 - 1 do
        local frequency = 1 / theta ^ (2 * i / dh)
        local a, b = values[head * dh + i + 1], values[head * dh + dh // 2 + i + 1]
        local c, s = math.cos(t * frequency), math.sin(t * frequency)
        -- The frequency carries 3 roundings, its product with t one more.
        local tolerance = EPS * (4 * t * frequency + 6)
        assert.near(a * c - b * s, got[head * dh + i + 1], tolerance)
        assert.near(b * c + a * s, got[head * dh + dh // 2 + i + 1], tolerance)
      end
    end
  end

  it("rotates the halves of each head by position and frequency", function()
    check(1, 1, 2, 10000, 0)
    check(5, 3, 8, 10000, 0)
    check(4, 2, 6, 500000, 300)
  end)

  it("leaves position 0 alone", function()
    local x = support.random({ 3, 1, 12 }, 1)
    assert.same(x:totable(), core.rope(x, { heads = 2 }):totable())
  end)

  it("turns one token at a time as it turns all", function()
    local x = support.random({ 1, 6, 8 }, 1)
    local all = core.rope(x, { heads = 2 })
    local fifth = core.rope(x:reshape({ 6, 8 }):rows(5):reshape { 1, 1, 8 }, { heads = 2, position = 4 })
    assert.same(all:reshape({ 6, 8 }):rows(5):totable(), fifth:totable())
  end)

  it("works in place and on nothing", function()
    local x = support.random({ 2, 3, 8 }, 1)
    local want = core.rope(x, { heads = 2 }):tobytes()
    core.rope(x, { heads = 2 }, x)
    assert.is_true(want == x:tobytes())
    for _, shape in ipairs { { 0, 3, 8 }, { 2, 0, 8 }, { 2, 3, 0 } } do
      assert.equal(0, core.rope(core.tensor("f32", shape), { heads = 2 }):count())
    end
  end)

  it("refuses heads that do not fit", function()
    local x = support.random({ 1, 2, 6 }, 1)
    refuses("number of heads is missing", function() core.rope(x, {}) end)
    refuses("E-TN-10: 2 heads of an even size", function() core.rope(x, { heads = 2 }) end)
    refuses("E-TN-08", function() core.rope(x:reshape { 2, 6 }, { heads = 1 }) end)
  end)
end)

describe("core.sinusoid", function()
  local function check(values, opt)
    local n, half = #values, opt.dim // 2
    local got = core.sinusoid(core.tensor_of("f32", { n }, values), opt):totable()
    local cos_at, sin_at = half, 0
    if opt.cos_first then cos_at, sin_at = 0, half end
    for r, v in ipairs(values) do
      for i = 0, half - 1 do
        local period = opt.max_period or 10000
        local angle = f32(v) * math.exp(-math.log(period) * i / (half - (opt.shift or 0)))
        local at = (r - 1) * opt.dim + i + 1
        -- The exponent, up to log(period), carries 3 roundings; exp and the product one each.
        local tolerance = EPS * (angle * (2 * math.log(period) + 2) + 1)
        assert.near(math.cos(angle), got[at + cos_at], tolerance)
        assert.near(math.sin(angle), got[at + sin_at], tolerance)
      end
    end
  end

  it("gives sines and cosines of falling frequencies", function()
    check({ 0, 1, 17.5, 999 }, { dim = 256, cos_first = true, shift = 1 })
    check({ 3 }, { dim = 64 })
    check({ 0.25, 7 }, { dim = 2, max_period = 100 })
  end)

  it("rounds the angle to f32 before it takes the sine, as the trained models had it", function()
    -- 999 exp(-log(10000) 1/127): f32 arithmetic lands 3.4e-5 from the exact angle, or on it;
    -- what must hold is that sine and cosine belong to one f32 angle.
    local got = core.sinusoid(core.tensor_of("f32", { 1 }, { 999 }), { dim = 256, shift = 1 })
    for i = 1, 128 do
      local s, c = got:get(i), got:get(128 + i)
      assert.near(1, s * s + c * c, 2 * EPS)
    end
    local frequency = f32(math.exp(f32(f32(f32(-math.log(10000)) * 1) / 127)))
    assert.near(math.sin(f32(999 * frequency)), got:get(2), EPS)
  end)

  it("refuses odd sizes and shifts past the half", function()
    local v = core.tensor_of("f32", { 1 }, { 1 })
    refuses("E-TN-10", function() core.sinusoid(v, { dim = 7 }) end)
    refuses("E-TN-10", function() core.sinusoid(v, {}) end)
    refuses("E-TN-10", function() core.sinusoid(v, { dim = 2, shift = 1 }) end)
    refuses("E-TN-08", function() core.sinusoid(v:reshape { 1, 1 }, { dim = 2 }) end)
    assert.equal(0, core.sinusoid(core.tensor("f32", { 0 }), { dim = 8 }):count())
  end)
end)

describe("core.add_positions", function()
  it("adds the row of each token's place", function()
    for _, dtype in ipairs { "f32", "f16", "bf16" } do
      local x, table32 = support.random({ 2, 3, 700 }, 1), support.random({ 9, 700 }, 2)
      local table16 = table32:to(dtype)
      local rows, values = table16:to("f32"):totable(), x:totable()
      local got = core.add_positions(x, table16, { position = 4 }):totable()
      for b = 0, 1 do
        for t = 0, 2 do
          for i = 1, 700 do
            local at = (b * 3 + t) * 700 + i
            assert.equal(f32(values[at] + rows[(4 + t) * 700 + i]), got[at])
          end
        end
      end
    end
  end)

  it("works in place and on nothing", function()
    local x, rows = support.random({ 2, 3, 8 }, 1), support.random({ 3, 8 }, 2)
    local want = core.add_positions(x, rows):tobytes()
    assert.is_true(want == core.add_positions(x, rows, {}, x):tobytes())
    assert.equal(0, core.add_positions(core.tensor("f32", { 2, 0, 8 }), rows):count())
  end)

  it("refuses a table that ends too early or has another width", function()
    local x = support.random({ 1, 3, 8 }, 1)
    refuses("E-TN-11: 3 tokens from position 3, the table has 5", function()
      core.add_positions(x, support.random({ 5, 8 }, 2), { position = 3 })
    end)
    refuses("E-TN-08", function() core.add_positions(x, support.random({ 5, 6 }, 2)) end)
    refuses("E-TN-12", function()
      local rows = x:reshape { 3, 8 }
      core.add_positions(x, rows, {}, x)
    end)
  end)
end)
