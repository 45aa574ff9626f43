local core = require "vise.core"
local support = require "support"

local nan, inf = 0 / 0, math.huge

local function f32(x) return (string.unpack("f", string.pack("f", x))) end

local function vector(values) return core.tensor_of("f32", { #values }, values) end

-- The sum, difference, product and quotient of two f32 in double, rounded once to f32, is the
-- f32 result: 53 bits are more than twice 24 and two.  So the oracle is exact.
local oracle = {
  add = function(a, b) return f32(a + b) end,
  sub = function(a, b) return f32(a - b) end,
  mul = function(a, b) return f32(a * b) end,
  div = function(a, b) return f32(a / b) end,
}

local function same(want, got)
  assert.equal(#want, #got)
  local wrong
  for i = 1, #want do
    local equal = want[i] == got[i] or (want[i] ~= want[i] and got[i] ~= got[i])
    wrong = wrong or (not equal and ("element %d is %s, expected %s"):format(i, got[i], want[i]))
  end
  assert.is_nil(wrong or nil)
end

describe("arithmetic", function()
  for name, f in pairs(oracle) do
    it(name .. " works on tensors of the same shape, whatever their size", function()
      for _, n in ipairs { 1, 7, 255, 256, 257, 1023, 33000 } do
        local a, b = support.random({ n }, n), support.random({ n }, n + 1)
        local x, y, want = a:totable(), b:totable(), {}
        for i = 1, n do want[i] = f(x[i], y[i]) end
        same(want, a[name](a, b):totable())
      end
    end)

    it(name .. " repeats a shorter operand over the leading dimensions", function()
      for _, n in ipairs { 1, 3, 64, 300, 1025 } do
        local a, b = support.random({ 2, 5, n }, n), support.random({ n }, n + 1)
        local x, y, want = a:totable(), b:totable(), {}
        for i = 1, #x do want[i] = f(x[i], y[(i - 1) % n + 1]) end
        same(want, a[name](a, b):totable())
        same(want, a[name](a, support.random({ 5, n }, 9):sub(support.random({ 5, n }, 9)):add(b)):totable())
      end
    end)

    it(name .. " takes a number", function()
      local a = support.random({ 3, 100 }, 4)
      local want = {}
      for i, v in ipairs(a:totable()) do want[i] = f(v, f32(0.3)) end
      same(want, a[name](a, 0.3):totable())
    end)

    it(name .. " follows IEEE at the edges", function()
      local x = { 0, 0, 1, -1, inf, inf, nan, 3e38, 1e-45, -0.0 }
      local y = { 0, 1, 0, 0, inf, -inf, 1, 3e38, 2, 5 }
      local want = {}
      for i = 1, #x do want[i] = f(f32(x[i]), f32(y[i])) end
      local a = vector(x)
      same(want, a[name](a, vector(y)):totable())
    end)
  end

  it("axpy rounds the product, then the sum", function()
    local a, x = support.random({ 4, 70 }, 1), support.random({ 70 }, 2)
    local av, xv, want = a:totable(), x:totable(), {}
    for i = 1, #av do want[i] = f32(av[i] + f32(f32(1.7) * xv[(i - 1) % 70 + 1])) end
    same(want, a:axpy(1.7, x):totable())
  end)

  it("clamp keeps what lies between, and NaN", function()
    local got = vector({ -inf, -2, -1, 0.5, 1, 2, inf, nan }):clamp(-1, 1)
    same({ -1, -1, -1, 0.5, 1, 1, 1, nan }, got:totable())
    assert.error_matches(function() vector({ 1 }):clamp(2, 1) end, "upper bound", 1, true)
  end)

  it("writes into its own operand, and into a tensor that it is given", function()
    local a = support.random({ 3, 400 }, 1)
    local want = a:add(a):totable()
    local out = core.tensor("f32", { 3, 400 })
    assert.equal(out, a:add(a, out))
    same(want, out:totable())
    local b = support.random({ 3, 400 }, 2)
    local sum = a:add(b):totable()
    a:add(b, b) -- over the second operand
    same(sum, b:totable())
    a:add(a, a)
    same(want, a:totable())
  end)

  it("treats empty tensors as finished", function()
    local a = core.tensor("f32", { 0, 3 })
    assert.equal(0, a:add(core.tensor("f32", { 3 })):count())
    assert.equal(0, core.tensor("f32", { 3, 0 }):mul(core.tensor("f32", { 0 })):count())
    assert.equal(0, a:add(1):count())
  end)

  it("refuses what does not fit", function()
    local a = support.random({ 2, 3 }, 1)
    local function refuses(id, f) assert.error_matches(f, id, 1, true) end
    refuses("E-TN-08: the second operand is f32 2", function() a:add(support.random({ 2 }, 1)) end)
    refuses("E-TN-08", function() a:add(support.random({ 1, 2, 3 }, 1)) end)
    refuses("E-TN-04", function() a:add(core.tensor("f16", { 2, 3 })) end)
    refuses("E-TN-04", function() a:to("f64"):add(1) end)
    refuses("E-TN-06", function() a:columns(1, 2):add(1) end)
    refuses("E-TN-07", function() a:add(1, core.tensor("f32", { 3, 2 })) end)
    -- The first row is read again after it was written.
    refuses("E-TN-12", function() a:add(a:rows(1):reshape { 3 }, a) end)
    local b = support.random({ 3, 3 }, 1)
    refuses("E-TN-12", function() b:rows(1, 2):add(1, b:rows(2, 3)) end)
  end)
end)
