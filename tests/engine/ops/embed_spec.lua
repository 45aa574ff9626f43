local core = require "vise.core"
local support = require "support"

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

describe("core.embedding", function()
  it("picks rows by ids from 0, of either integer type", function()
    local t = support.random({ 5, 3 }, 1)
    local v = t:totable()
    for _, dtype in ipairs { "i64", "i32" } do
      local got = core.embedding(t, core.tensor_of(dtype, { 2, 2 }, { 4, 0, 2, 2 }))
      assert.same({ 2, 2, 3 }, { got:shape() })
      local want = { v[13], v[14], v[15], v[1], v[2], v[3], v[7], v[8], v[9], v[7], v[8], v[9] }
      assert.same(want, got:totable())
    end
  end)

  it("reads tables of every float dtype, strided ones too", function()
    local ids = core.tensor_of("i64", { 3 }, { 1, 3, 1 })
    for _, dtype in ipairs { "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2" } do
      local t = support.random({ 4, 6 }, 1):to(dtype)
      assert.same(core.embedding(t:to "f32", ids):totable(), core.embedding(t, ids):totable())
      local part = t:columns(3, 5)
      assert.same(core.embedding(part:to "f32", ids):totable(), core.embedding(part, ids):totable())
    end
  end)

  it("takes one id, and none", function()
    local t = support.random({ 4, 2 }, 1)
    assert.same({ 2 }, { core.embedding(t, core.tensor("i64", {})):shape() })
    assert.equal(0, core.embedding(t, core.tensor("i64", { 0 })):count())
    assert.equal(0, core.embedding(core.tensor("f32", { 0, 2 }), core.tensor("i64", { 0 })):count())
  end)

  it("names an id outside the table", function()
    local t = support.random({ 4, 2 }, 1)
    local function with(id) return core.tensor_of("i64", { 3 }, { 0, 1, id }) end
    refuses("E-TN-11: id 4 at place 3, expected 0 to 3", function() core.embedding(t, with(4)) end)
    refuses("E-TN-11: id -1 at place 3", function() core.embedding(t, with(-1)) end)
    refuses("E-TN-11", function() core.embedding(t, with(math.maxinteger)) end)
  end)

  it("refuses what does not fit", function()
    local t, ids = support.random({ 4, 2 }, 1), core.tensor("i64", { 1 })
    refuses("E-TN-04: the id tensor", function() core.embedding(t, support.random({ 2 }, 1)) end)
    refuses("E-TN-04: the table", function() core.embedding(core.tensor("i8", { 4, 2 }), ids) end)
    refuses("E-TN-08", function() core.embedding(t:reshape { 8 }, ids) end)
    refuses("E-TN-08: the ids have 8 dimensions", function()
      core.embedding(t, core.tensor("i64", { 1, 1, 1, 1, 1, 1, 1, 1 }))
    end)
    refuses("E-TN-12", function() core.embedding(t, ids, t:rows(1)) end)
    refuses("E-TN-12", function() core.embedding(t, ids, ids:cast("f32", { 1, 2 })) end)
  end)
end)
