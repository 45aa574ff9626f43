local core = require "vise.core"
local support = require "support"

local nan = 0 / 0

-- The number that f32 has for a double.
local function f32(v) return (string.unpack("f", string.pack("f", v))) end

-- Each column by plain loops, in double.
local function by_hand(t, rows, cols)
  local x, all = t:totable(), { sum = {}, mean = {}, min = {}, max = {}, norm = {} }
  for c = 1, cols do
    local sum, squares, lo, hi = 0, 0, math.huge, -math.huge
    for r = 0, rows - 1 do
      local v = x[r * cols + c]
      sum, squares, lo, hi = sum + v, squares + v * v, math.min(lo, v), math.max(hi, v)
    end
    all.sum[c], all.mean[c], all.min[c], all.max[c] = f32(sum), f32(sum / rows), lo, hi
    all.norm[c] = f32(math.sqrt(squares))
  end
  return all
end

describe("fold", function()
  it("agrees with plain loops to the bit", function()
    for _, shape in ipairs { { 1, 1 }, { 5, 31 }, { 7, 32 }, { 300, 33 }, { 64, 100 } } do
      local t = support.random(shape, shape[1])
      for what, wanted in pairs(by_hand(t, shape[1], shape[2])) do assert.same(wanted, t:fold(what):totable()) end
    end
  end)

  it("takes all dimensions but the last together", function()
    local t = support.random({ 3, 4, 5 }, 1)
    local flat <close> = t:reshape { 12, 5 }
    assert.same(flat:fold("sum"):totable(), t:fold("sum"):totable())
    assert.same(t:reshape({ 60 }):totable(), t:reshape({ 60 }):fold("sum"):totable())
  end)

  it("lets NaN through in its own channel", function()
    for _, row in ipairs { 1, 2, 3 } do
      local t = support.random({ 3, 4 }, 1)
      t:set((row - 1) * 4 + 2, nan)
      for _, what in ipairs { "sum", "mean", "min", "max", "norm" } do
        local got = t:fold(what):totable()
        assert.is_true(got[2] ~= got[2] and got[1] == got[1], what)
      end
    end
  end)

  it("sums no rows to 0, and has no mean of them", function()
    local none = core.tensor("f32", { 0, 3 })
    assert.same({ 0, 0, 0 }, none:fold("sum"):totable())
    assert.error_matches(function() none:fold "mean" end, "E%-TN%-09")
  end)

  it("refuses other reductions, dtypes and single numbers", function()
    assert.error_matches(function() core.tensor("f32", { 2 }):fold "median" end, "invalid option 'median'")
    assert.error_matches(function() core.tensor("i32", { 2 }):fold "sum" end, "E%-TN%-04")
    assert.error_matches(function() core.tensor("f32", {}):fold "sum" end, "E%-TN%-08")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t <close> = support.random({ 4, 4 }, 1)
    assert.is_true(support.sweep(function() return t:fold "sum" end) > 0)
  end)
end)
