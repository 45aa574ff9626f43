-- Numbers that JSON has no word for.

local core = require "vise.core"
local finite = require "vise.finite"

local NAN = 0 / 0

describe("vise.finite", function()
  it("knows which values are finite numbers", function()
    for _, v in ipairs { 0, -1.5, math.mininteger, 1e308, 5e-324 } do assert.is_true(finite.is(v), tostring(v)) end
    for _, v in ipairs { NAN, -NAN, math.huge, -math.huge, "1", true } do
      assert.is_false(finite.is(v), tostring(v))
    end
    assert.is_false(finite.is(nil))
  end)

  it("gives null or a word for those that are not, and every other value as it is", function()
    assert.equal(core.null, finite.or_null(NAN))
    assert.equal(core.null, finite.or_null(-math.huge))
    assert.equal("nan", finite.or_word(NAN))
    assert.equal("nan", finite.or_word(-NAN)) -- which tostring may call "-nan"
    assert.equal("inf", finite.or_word(math.huge))
    assert.equal("-inf", finite.or_word(-math.huge))
    for _, v in ipairs { 3, 2.5, "inf", false } do
      assert.equal(v, finite.or_null(v))
      assert.equal(v, finite.or_word(v))
    end
    assert.is_nil(finite.or_word(nil))
  end)
end)
