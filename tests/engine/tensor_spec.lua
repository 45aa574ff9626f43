local core = require "vise.core"
local support = require "support"

local DTYPES = { "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8", "u8", "i32", "i64" }

local function counting(dtype, shape, n)
  local values = {}
  for i = 1, n do values[i] = i end
  return core.tensor_of(dtype, shape, values)
end

describe("a tensor", function()
  it("starts at zero and knows its shape", function()
    local t <close> = core.tensor("f32", { 2, 3 })
    assert.same({ 2, 3 }, { t:shape() })
    assert.equal(2, #t)
    assert.equal(6, t:count())
    assert.equal(24, t:bytes())
    assert.same({ 0, 0, 0, 0, 0, 0 }, t:totable())
    assert.equal("tensor f32 2x3", tostring(t))
  end)

  it("may have no dimension, a dimension of zero, or eight", function()
    local scalar <close> = core.tensor_of("f64", {}, { 2.5 })
    assert.same({ 1, 2.5 }, { scalar:count(), scalar:get(1) })
    local empty <close> = core.tensor("f32", { 3, 0, 2 })
    assert.same({ 0, 0 }, { empty:count(), empty:bytes() })
    assert.same({}, empty:totable())
    local deep <close> = core.tensor("i8", { 1, 2, 1, 2, 1, 2, 1, 2 })
    assert.equal(16, deep:count())
  end)

  it("of very many rows of nothing is copied at once", function()
    assert.equal(0, core.tensor("f32", { 1 << 59, 0 }):copy():count())
    assert.equal(0, core.tensor("f16", { 1 << 59, 0 }):to("f32"):count())
  end)

  it("holds each dtype's small whole numbers exactly", function()
    for _, dtype in ipairs(DTYPES) do
      local t <close> = counting(dtype, { 2, 4 }, 8)
      assert.equal(dtype, t:dtype())
      assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, t:totable())
    end
  end)

  it("takes raw bytes and gives them back", function()
    local t <close> = core.tensor_of("i32", { 2 }, string.pack("<i4i4", -1, 77))
    assert.same({ -1, 77 }, t:totable())
    assert.equal(string.pack("<i4i4", -1, 77), t:tobytes())
    assert.error_matches(function() core.tensor_of("i32", { 2 }, "abc") end, "wrong number of bytes")
  end)

  it("keeps every bit of an i64", function()
    local values = { math.maxinteger, math.mininteger, (1 << 53) + 1 }
    local t <close> = core.tensor_of("i64", { 3 }, values)
    assert.same(values, t:totable())
    local column = core.tensor_of("i64", { 2, 2 }, { math.maxinteger, 1, math.mininteger, 2 }):columns(1)
    assert.same({ math.maxinteger, math.mininteger }, column:totable())
    column:set(2, (1 << 53) + 1)
    assert.equal((1 << 53) + 1, column:get(2))
  end)

  it("rounds to nearest even and saturates on the way to integers", function()
    local x <close> = core.tensor_of("f32", { 8 }, { 0.5, 1.5, 2.5, -0.5, -1.5, 300, -300, 0 / 0 })
    local i8 <close> = x:to "i8"
    local u8 <close> = x:to "u8"
    assert.same({ 0, 2, 2, 0, -2, 127, -128, 0 }, i8:totable())
    assert.same({ 0, 2, 2, 0, 0, 255, 0, 0 }, u8:totable())
  end)

  it("is converted the same whatever it lies in, every element by the definition", function()
    local all = support.random({ 40, 3000 }, 1)
    local view = all:columns(7, 2990)
    local one = core.tensor("f32", { 1 })
    for _, dtype in ipairs { "f64", "f16", "bf16", "f8e4m3", "i8" } do
      local got = view:to(dtype)
      assert.equal(view:copy():to(dtype):tobytes(), got:tobytes())
      assert.equal(view:to(dtype, core.tensor(dtype, { 40, 2984 })):tobytes(), got:tobytes())
      for i = 1, got:count(), 997 do
        one:set(1, view:get(i))
        assert.equal(one:to(dtype):get(1), got:get(i))
      end
      assert.equal(got:copy():to("f32"):tobytes(), got:to("f32"):tobytes())
    end
  end)

  it("rounds an f64 once", function()
    -- A little above the middle between two values: an f32 in between would be the middle.
    local above = { f16 = 11, bf16 = 8, f8e4m3 = 4, f8e5m2 = 3 }
    for dtype, digits in pairs(above) do
      local middle = 1 + 2 ^ -digits
      local x = core.tensor_of("f64", { 4 }, { middle + 2 ^ -40, middle, middle - 2 ^ -40, -middle - 2 ^ -40 })
      local up = 1 + 2 ^ (1 - digits)
      assert.same({ up, 1, 1, -up }, x:to(dtype):totable())
    end
    local edge = core.tensor_of("f64", { 4 }, { 2 ^ -25 + 2 ^ -70, 2 ^ -25, 1e300, -1e-300 })
    assert.same({ 2 ^ -24, 0, math.huge, 0 }, edge:to "f16":totable())
  end)

  it("finds the first number that is not finite, of any float dtype", function()
    for _, dtype in ipairs { "f64", "f32", "f16", "bf16", "f8e5m2" } do
      local t <close> = core.tensor_of(dtype, { 4 }, { 0, 1, math.huge, 0 / 0 })
      assert.equal(3, t:nonfinite())
      local head <close> = t:rows(1, 2)
      assert.is_nil(head:nonfinite())
    end
  end)

  it("raises on a size or a name that makes no sense", function()
    assert.error_matches(function() core.tensor("f32", { 1 << 40, 1 << 40 }) end, "E%-TN%-01")
    assert.error_matches(function() core.tensor("f32", { -1 }) end, "E%-TN%-01")
    assert.error_matches(function() core.tensor("f32", { 1, 1, 1, 1, 1, 1, 1, 1, 1 }) end, "at most 8")
    assert.error_matches(function() core.tensor("f33", { 1 }) end, "no dtype 'f33'")
    assert.error_matches(function() core.tensor("f32", { 1.5 }) end, "table of integers")
    assert.error_matches(function() core.tensor_of("f32", { 2 }, { 1 }) end, "wrong number of values")
    assert.error_matches(function() core.tensor_of("f32", { 1 }, { "x" }) end, "values are numbers")
  end)

  it("raises on an index outside of it", function()
    local t <close> = core.tensor("f32", { 2 })
    for _, i in ipairs { 0, 3, -1, math.maxinteger } do
      assert.error_matches(function() t:get(i) end, "index out of range")
      assert.error_matches(function() t:set(i, 1) end, "index out of range")
    end
  end)
end)

describe("a view", function()
  it("keeps storage alive and sees what is written", function()
    local view
    do
      local t <close> = counting("f32", { 4, 2 }, 8)
      view = t:rows(3, 4)
      t:set(5, 42)
    end
    collectgarbage()
    assert.same({ 42, 6, 7, 8 }, view:totable())
    view:close()
  end)

  it("of columns walks over the row stride", function()
    local t <close> = counting("f32", { 3, 4 }, 12)
    local middle <close> = t:columns(2, 3)
    assert.same({ 2, 3, 6, 7, 10, 11 }, middle:totable())
    local corner <close> = middle:rows(2, 3)
    assert.same({ 6, 7, 10, 11 }, corner:totable())
    corner:set(4, -1)
    assert.equal(-1, t:get(11))
    local copy <close> = middle:copy()
    assert.same({ 2, 3, 6, 7, 10, -1 }, copy:totable())
  end)

  it("of columns cannot be reshaped or read as bytes before it is copied", function()
    local t <close> = counting("f32", { 3, 4 }, 12)
    local middle <close> = t:columns(2, 3)
    assert.error_matches(function() middle:reshape { 6 } end, "E%-TN%-03")
    assert.error_matches(function() middle:tobytes() end, "copy it first")
  end)

  it("in another shape has the same elements; -1 is what is left", function()
    local t <close> = counting("i32", { 2, 6 }, 12)
    local r <close> = t:reshape { 3, -1 }
    assert.same({ 3, 4 }, { r:shape() })
    assert.same(t:totable(), r:totable())
    assert.error_matches(function() t:reshape { 5 } end, "E%-TN%-03")
    assert.error_matches(function() t:reshape { 5, -1 } end, "E%-TN%-03")
    assert.error_matches(function() t:reshape { -1, -1 } end, "E%-TN")
  end)

  it("takes rows of another, converted", function()
    local t, x = counting("f32", { 4, 3 }, 12), core.tensor_of("i32", { 1, 2, 3 }, { 7, 7, 7, 8, 8, 8 })
    assert.equal(t, t:put(x, { position = 1 }))
    assert.same({ 1, 2, 3, 7, 7, 7, 8, 8, 8, 10, 11, 12 }, t:totable())
    t:put(t:rows(4))
    assert.same({ 10, 11, 12 }, t:rows(1):totable())
    assert.error_matches(function() t:put(x, { position = 3 }) end, "E%-TN%-02")
    assert.error_matches(function() t:put(x, { position = 1 << 39 }) end, "E%-TN%-02")
    assert.error_matches(function() t:put(x, { position = -1 }) end, "option 'position'")
    assert.error_matches(function() t:put(x:reshape { 3, 2 }) end, "E%-TN")
    assert.error_matches(function() t:put(t:rows(1, 2), { position = 1 }) end, "E%-TN%-12")
    assert.error_matches(function() counting("i32", { 12 }, 12):put(x) end, "E%-TN")
  end)

  it("of another dtype has the same bytes", function()
    local t <close> = counting("i32", { 2, 6 }, 12)
    local bytes <close> = t:cast("u8", { 48 })
    assert.equal(t:tobytes(), bytes:tobytes())
    local part <close> = bytes:rows(5, 12)
    local again <close> = part:cast("i32", { 1, 2 })
    assert.same({ 2, 3 }, again:totable())
    again:set(1, 9)
    assert.equal(9, t:get(2))
    assert.error_matches(function() bytes:cast("i32", { 11 }) end,
      "E%-TN%-03: cannot take the bytes of u8 48 for i32 11")
    assert.error_matches(function() t:columns(1, 3):cast("u8", { 24 }) end, "E%-TN%-03: .* a strided view")
    assert.error_matches(function() bytes:cast("i32", { -1 }) end, "E%-TN%-01")
    assert.error_matches(function() bytes:rows(3, 6):cast("i32", { 1 }) end, "E%-TN%-03: .* the middle of an element")
  end)

  it("outside of the tensor raises", function()
    local t <close> = core.tensor("f32", { 4, 2 })
    assert.error_matches(function() t:rows(1, 5) end, "E%-TN%-02")
    assert.error_matches(function() t:rows(1, math.maxinteger) end, "E%-TN%-02")
    assert.error_matches(function() t:columns(2, 3) end, "E%-TN%-02")
    assert.error_matches(function() t:rows(0) end, "no such range")
    local none <close> = t:rows(3, 2)
    assert.equal(0, none:count())
  end)
end)

describe("out =", function()
  it("is filled and returned", function()
    local t <close> = counting("f32", { 2, 2 }, 4)
    local out <close> = core.tensor("f16", { 2, 2 })
    assert.equal(out, t:to("f16", out))
    assert.same({ 1, 2, 3, 4 }, out:totable())
  end)

  it("of another shape or dtype raises", function()
    local t <close> = counting("f32", { 2, 2 }, 4)
    local out <close> = core.tensor("f16", { 4 })
    assert.error_matches(function() t:to("f16", out) end, "E%-TN%-07")
    assert.error_matches(function() t:copy(out) end, "E%-TN%-07")
  end)

  it("that overlaps the input raises", function()
    local t <close> = counting("f32", { 4, 2 }, 8)
    assert.error_matches(function() t:rows(2, 4):copy(t:rows(1, 3)) end, "E%-TN%-12")
    assert.error_matches(function() t:columns(1):copy(t:rows(1, 2):reshape { 4, 1 }) end, "E%-TN%-12")
    assert.equal(t, t:copy(t))
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, t:totable())
  end)
end)

describe("closing", function()
  it("may happen twice, and before collection", function()
    collectgarbage()
    local live = core.memory().blocks
    local t = core.tensor("i8", { 8 })
    t:close()
    t:close()
    assert.is_true(t:closed())
    assert.equal(live, core.memory().blocks)
    assert.equal("tensor (closed)", tostring(t))
    assert.error_matches(function() t:get(1) end, "tensor is closed")
  end)

  it("by a finalizer during a call is an error, not a crash", function()
    for _, name in ipairs { "rows", "totable", "copy" } do
      local t = core.tensor("f32", { 4, 2 })
      local ok, message = support.during(function() t:close() end, t[name], t, name == "rows" and 1 or nil)
      assert.is_false(ok)
      assert.matches("tensor is closed", message, 1, true)
    end
  end)

  it("comes in time for memory the collector does not own", function()
    collectgarbage()
    local base, peak = core.memory().bytes, 0
    for _ = 1, 400 do
      core.tensor("f32", { 1 << 18 }) -- 1 MiB each, dropped at once
      peak = math.max(peak, core.memory().bytes - base)
    end
    assert.is_true(peak < 100 << 20, ("%d MiB piled up"):format(peak >> 20))
  end)
end)

describe("running out of memory", function()
  it("leaks nothing, whichever allocation fails", function()
    local t <close> = counting("f32", { 3, 4 }, 12)
    local makers = {
      function() return core.tensor("f32", { 2 }) end,
      function() return core.tensor_of("f32", { 2 }, { 1, 2 }) end,
      function() return (t:to "f16") end,
      function() return (t:copy()) end,
    }
    for _, make in ipairs(makers) do assert.is_true(support.sweep(make) >= 1) end
  end)
end)
