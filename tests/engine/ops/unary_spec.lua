local core = require "vise.core"
local support = require "support"

local nan, inf = 0 / 0, math.huge

local function vector(values) return core.tensor_of("f32", { #values }, values) end

-- The number that f32 has for a double.
local function f32(v) return (string.unpack("f", string.pack("f", v))) end

-- Half to even, in double.
local function rint(v)
  local below = math.floor(v)
  local rest = v - below
  if rest == 0.5 then return below % 2 == 0 and below or below + 1 end
  return rest < 0.5 and below or below + 1
end

describe("functions of elements", function()
  local SIZES = { 1, 63, 64, 65, 16384, 16391, 40000 } -- around the tiles

  it("give magnitudes, signs and rounded values as plain loops do", function()
    for _, n in ipairs(SIZES) do
      local t = support.random({ n }, n):mul(4)
      local values = t:totable()
      local abs, sign, round, wrong = t:abs():totable(), t:sign():totable(), t:round():totable(), 0
      for i, v in ipairs(values) do
        local ok = abs[i] == math.abs(v) and sign[i] == (v > 0 and 1 or v < 0 and -1 or 0) and round[i] == rint(v)
        if not ok then wrong = wrong + 1 end
      end
      assert.equal(0, wrong)
    end
  end)

  it("round ties to even", function()
    assert.same({ 0, 2, 2, -0.0, -2, -2 }, vector({ 0.5, 1.5, 2.5, -0.5, -1.5, -2.5 }):round():totable())
  end)

  it("compute powers in double and round them once", function()
    local t = support.random({ 1000 }, 3):abs()
    for _, exponent in ipairs { -0.3, 0.5, 2, 0 } do
      local got = t:power(exponent):totable()
      for i, v in ipairs(t:totable()) do assert.equal(f32(v ^ exponent), got[i]) end
    end
    assert.equal(inf, vector({ 0 }):power(-0.3):get(1))
  end)

  it("leave NaN what it is", function()
    for _, name in ipairs { "abs", "sign", "round" } do
      local v = vector({ nan })
      v = v[name](v):get(1)
      assert.is_true(v ~= v, name)
    end
  end)

  it("work in place", function()
    local t = vector { -1.5, 2 }
    t:abs(t)
    t:power(2, t)
    assert.same({ 2.25, 4 }, t:totable())
  end)

  it("refuse what is not f32", function()
    assert.error_matches(function() core.tensor("i32", { 2 }):abs() end, "E%-TN%-04")
  end)

  it("leak nothing, whichever allocation fails", function()
    local t <close> = vector { 1, 2 }
    assert.is_true(support.sweep(function() return t:power(2) end) > 0)
  end)
end)
