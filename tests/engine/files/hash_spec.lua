local core = require "vise.core"
local support = require "support"

describe("core.xxh3", function()
  it("is XXH3-128 with its published values", function()
    assert.equal("99aa06d3014798d86001c324468d497f", core.xxh3 "")
    assert.equal("06b05ab6733a618578af5f94892f3950", core.xxh3 "abc")
  end)

  it("hashes a tensor as its bytes, strided or not", function()
    local t = support.random { 37, 111 }
    assert.equal(core.xxh3(t:tobytes()), core.xxh3(t))
    for _, range in ipairs { { 1, 1 }, { 5, 104 }, { 1, 111 }, { 3, 2 } } do
      local view = t:columns(range[1], range[2])
      assert.equal(core.xxh3(view:copy():tobytes()), core.xxh3(view))
    end
    assert.equal(core.xxh3 "", core.xxh3(core.tensor("f32", { 0, 4 })))
    assert.equal(core.xxh3 "\0\0\0\0", core.xxh3(core.tensor("f32", {})))
  end)

  it("sees a single changed bit", function()
    local a, b = ("x"):rep(1000), ("x"):rep(999) .. "y"
    assert.not_equal(core.xxh3(a), core.xxh3(b))
  end)
end)
