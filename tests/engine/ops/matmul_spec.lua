local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -23
local nan = 0 / 0

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

-- Checks elements of got = op(a) op(b)' + bias, where a(i, p) and b(j, p) give the factors and
-- k products are added: each addition and each product rounds once, k + 1 times |terms| eps.
local function check(got, rows, cols, k, a, b, bias)
  local values = got:totable()
  assert.equal(rows * cols, #values)
  local step = math.max(1, rows * cols // 500) -- about 500 elements, the corners among them
  for at = 0, rows * cols - 1, step do
    local e = at + step >= rows * cols and rows * cols - 1 or at
    local i, j = e // cols, e % cols
    local sum, size = bias and bias[j + 1] or 0, bias and math.abs(bias[j + 1]) or 0
    for p = 0, k - 1 do
      local term = a(i, p) * b(j, p)
      sum, size = sum + term, size + math.abs(term)
    end
    assert.near(sum, values[e + 1], (k + 1) * EPS * size)
  end
end

local function row_major(t, cols)
  local v = t:totable()
  return function(i, p) return v[i * cols + p + 1] end
end

local function transposed(t, cols)
  local v = t:totable()
  return function(i, p) return v[p * cols + i + 1] end
end

describe("core.matmul", function()
  it("multiplies in all four transpositions and across tiles and steps", function()
    for _, size in ipairs { { 1, 1, 1 }, { 2, 3, 5 }, { 16, 65, 7 }, { 17, 64, 3 }, { 257, 300, 33 },
      { 3, 5, 4500 }, { 9, 7, 4500 } } do
      local m, n, k = table.unpack(size)
      local a, at = support.random({ m, k }, 1), support.random({ k, m }, 2)
      local b, bt = support.random({ k, n }, 3), support.random({ n, k }, 4)
      check(core.matmul(a, b), m, n, k, row_major(a, k), transposed(b, n))
      check(core.matmul(a, bt, { trans_b = true }), m, n, k, row_major(a, k), row_major(bt, k))
      check(core.matmul(at, b, { trans_a = true }), m, n, k, transposed(at, m), transposed(b, n))
      check(core.matmul(at, bt, { trans_a = true, trans_b = true }), m, n, k, transposed(at, m),
        row_major(bt, k))
    end
  end)

  it("gives zeros for a sum of nothing, and nothing for no rows", function()
    local out = core.tensor("f32", { 3, 4 }):add(7)
    core.matmul(core.tensor("f32", { 3, 0 }), core.tensor("f32", { 0, 4 }), nil, out)
    assert.equal(0, out:norm())
    assert.equal(0, core.matmul(core.tensor("f32", { 0, 5 }), core.tensor("f32", { 5, 4 })):count())
    assert.equal(0, core.matmul(core.tensor("f32", { 5, 0 }), core.tensor("f32", { 5, 4 }),
      { trans_a = true }):count())
  end)

  it("does not read what the output held", function()
    local out = core.tensor("f32", { 20, 4 }):add(nan)
    core.matmul(core.tensor("f32", { 20, 3 }), core.tensor("f32", { 3, 4 }), nil, out)
    assert.equal(0, out:norm())
  end)

  it("refuses what does not fit", function()
    local a = support.random({ 2, 3 }, 1)
    refuses("E-TN-08: cannot multiply f32 2x3 and f32 2x3", function() core.matmul(a, a) end)
    refuses("E-TN-08", function() core.matmul(a, a:reshape { 6 }) end)
    refuses("E-TN-04", function() core.matmul(a, a:to "f64") end)
    local square = support.random({ 3, 3 }, 1)
    refuses("E-TN-12", function() core.matmul(square, a, { trans_b = true }, a:reshape { 3, 2 }) end)
  end)
end)

describe("core.linear", function()
  it("is x w' + bias for few rows and many, inputs across steps, outputs across tiles and steps", function()
    for _, size in ipairs { { 1, 1, 1 }, { 1, 70, 2100 }, { 8, 65, 5 }, { 9, 3, 1025 }, { 257, 259, 40 } } do
      local rows, out, k = table.unpack(size)
      local x, w = support.random({ rows, k }, 1), support.random({ out, k }, 2)
      local bias = support.random({ out }, 3)
      local a, b = row_major(x, k), row_major(w, k)
      check(core.linear(x, w), rows, out, k, a, b)
      check(core.linear(x, w, bias), rows, out, k, a, b, bias:totable())
    end
  end)

  it("gives the bits of a converted weight for every float dtype", function()
    for _, rows in ipairs { 3, 30 } do
      local x, bias = support.random({ rows, 1100 }, 1), support.random({ 70 }, 3)
      for _, dtype in ipairs { "f64", "f16", "bf16", "f8e4m3", "f8e5m2" } do
        local w, b = support.random({ 70, 1100 }, 2):to(dtype), bias:to(dtype)
        local want = core.linear(x, w:to "f32", b:to "f32")
        assert.is_true(want:tobytes() == core.linear(x, w, b):tobytes(), dtype)
      end
    end
  end)

  it("reads strided weights in place", function()
    for _, rows in ipairs { 2, 20 } do
      local x, w = support.random({ rows, 30 }, 1), support.random({ 12, 90 }, 2)
      local part = w:columns(31, 60)
      local want = core.linear(x, part:copy())
      assert.is_true(want:tobytes() == core.linear(x, part):tobytes())
      local half = w:to("f16"):columns(31, 60)
      assert.is_true(core.linear(x, half:copy()):tobytes() == core.linear(x, half):tobytes())
    end
  end)

  it("keeps the leading dimensions", function()
    local w = support.random({ 4, 6 }, 2)
    local x = support.random({ 2, 3, 5, 6 }, 1)
    local y = core.linear(x, w)
    assert.same({ 2, 3, 5, 4 }, { y:shape() })
    assert.is_true(y:tobytes() == core.linear(x:reshape { 30, 6 }, w):tobytes())
    assert.same({ 4 }, { core.linear(support.random({ 6 }, 1), w):shape() })
  end)

  it("gives the bias for a sum of nothing, and nothing for no rows or outputs", function()
    local bias = support.random({ 3 }, 1)
    for _, dtype in ipairs { "f32", "f16" } do
      local y = core.linear(core.tensor("f32", { 1, 0 }), core.tensor(dtype, { 3, 0 }), bias)
      assert.same(bias:totable(), y:totable())
      core.linear(core.tensor("f32", { 1, 0 }), core.tensor(dtype, { 3, 0 }), nil, y)
      assert.equal(0, y:norm())
      assert.equal(0, core.linear(core.tensor("f32", { 0, 5 }), core.tensor(dtype, { 3, 5 })):count())
      assert.equal(0, core.linear(core.tensor("f32", { 2, 5 }), core.tensor(dtype, { 0, 5 })):count())
    end
  end)

  it("lets NaN and infinity of one row stay in that row", function()
    for _, rows in ipairs { 3, 20 } do
      local x = support.random({ rows, 5 }, 1)
      x:set(7, nan) -- row 2
      local y = core.linear(x, support.random({ 4, 5 }, 2))
      assert.equal(5, y:nonfinite())
      assert.is_nil(y:rows(3, rows):nonfinite())
    end
  end)

  it("converts a panel at a time", function()
    local w, x = core.tensor("f16", { 2048, 4096 }), core.tensor("f32", { 16, 4096 })
    local y = core.tensor("f32", { 16, 2048 })
    collectgarbage()
    collectgarbage()
    core.reset_peak()
    local before = core.memory().bytes
    core.linear(x, w, nil, y)
    -- 256 x 1,024 f32 and a cache line for each thread; all of it converted would be 32 MiB
    assert.is_true(core.memory().peak - before <= core.threads() * (2 ^ 20 + 64))
  end)

  it("refuses what does not fit", function()
    local x, w = support.random({ 2, 3 }, 1), support.random({ 4, 3 }, 2)
    refuses("E-TN-08: the input is f32 2x3", function() core.linear(x, w:reshape { 3, 4 }) end)
    refuses("E-TN-08", function() core.linear(x, w:reshape { 12 }) end)
    refuses("E-TN-04", function() core.linear(x, core.tensor("i8", { 4, 3 })) end)
    refuses("E-TN-08: the bias is f32 3", function() core.linear(x, w, support.random({ 3 }, 1)) end)
    refuses("E-TN-04", function() core.linear(x, w, core.tensor("i32", { 4 })) end)
    refuses("E-TN-07", function() core.linear(x, w, nil, core.tensor("f32", { 2, 5 })) end)
    local square = support.random({ 3, 3 }, 1)
    refuses("E-TN-12", function() core.linear(square, w:rows(1, 3), nil, square) end)
  end)

  it("refuses sizes beyond what BLAS counts with", function()
    local a = core.tensor("f32", { 0, 1 << 31 })
    refuses("E-NU-04", function() core.matmul(a, core.tensor("f32", { 1 << 31, 0 })) end)
    refuses("E-NU-04", function() core.linear(a, core.tensor("f32", { 0, 1 << 31 })) end)
    -- So many tiles that their number overflows.
    refuses("E-TN-01", function()
      core.linear(core.tensor("f32", { 1 << 59, 0 }), core.tensor("f8e4m3", { (1 << 31) - 1, 0 }))
    end)
  end)
end)

describe("core.matmul_rule", function()
  it("says how products are cut", function()
    assert.matches("256 x 256", core.matmul_rule(), 1, true)
  end)
end)
