local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -23
local ORDERS = { 12, 20, 28, 36, 40, 52, 60, 108, 140, 156, 172 }

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

-- The matrix itself, unscaled: H times each unit vector, as rows, is its transpose.
local function matrix(n)
  local eye = core.tensor("f32", { n, n })
  for i = 0, n - 1 do eye:set(i * n + i + 1, 1) end
  local flat = core.hadamard(eye, n):totable()
  for i, v in ipairs(flat) do flat[i] = v * math.sqrt(n) end
  return flat
end

local function sylvester(i, j)
  local bits = i & j
  local odd = 0
  while bits > 0 do odd, bits = odd ~ (bits & 1), bits >> 1 end
  return odd == 1 and -1 or 1
end

describe("core.hadamard", function()
  for _, n in ipairs(ORDERS) do
    it("has a matrix of order " .. n, function()
      local h, signs, furthest = matrix(n), {}, 0
      for i, v in ipairs(h) do
        furthest = math.max(furthest, math.abs(math.abs(v) - 1))
        signs[i] = v > 0 and 1 or -1
      end
      assert.is_true(furthest <= 4 * EPS)
      local t = core.tensor_of("f32", { n, n }, signs) -- integers: products are exact
      local square = core.matmul(t, t, { trans_b = true }):totable()
      for i = 0, n - 1 do square[i * n + i + 1] = square[i * n + i + 1] - n end
      for i = 1, n * n do if square[i] ~= 0 then error(("element %d is not 0"):format(i)) end end
    end)
  end

  it("is Sylvester's for powers of two, in natural order", function()
    for _, n in ipairs { 1, 2, 4, 8, 16, 32, 64, 256, 512 } do
      local h, furthest = matrix(n), 0
      for i = 0, n - 1 do
        for j = 0, n - 1 do furthest = math.max(furthest, math.abs(sylvester(i, j) - h[i * n + j + 1])) end
      end
      assert.is_true(furthest <= 4 * EPS)
    end
  end)

  it("is the product of both for other sizes", function()
    local base, h, furthest = matrix(12), matrix(96), 0
    for i = 0, 95 do
      for j = 0, 95 do
        local want = base[i // 8 * 12 + j // 8 + 1] * sylvester(i % 8, j % 8)
        furthest = math.max(furthest, math.abs(want - h[i * 96 + j + 1]))
      end
    end
    assert.is_true(furthest <= 1e-5)
  end)

  it("comes back by its transpose, block by block, in place too", function()
    for _, n in ipairs { 2, 32, 4096, 24, 172, 11008 } do
      local x = support.random({ 2, 3, 2 * n }, n)
      local y = core.hadamard(x, n)
      assert.same({ x:shape() }, { y:shape() })
      assert.near(x:norm(), y:norm(), 1e-5 * x:norm())
      assert.is_true(core.compare(core.hadamard(y, n, { transpose = true }), x).rel_l2 <= 1e-6)
      local same = x:copy()
      assert.equal(same, core.hadamard(same, n, same))
      assert.equal(y:tobytes(), same:tobytes())
    end
  end)

  it("leaves products as they are when both sides are turned", function()
    local x, w = support.random({ 5, 60 }, 1), support.random({ 7, 60 }, 2)
    local plain = core.matmul(x, w, { trans_b = true })
    local turned = core.matmul(core.hadamard(x, 60), core.hadamard(w, 60), { trans_b = true })
    assert.is_true(core.compare(turned, plain).rel_l2 <= 1e-6)
  end)

  it("finds the largest block of a row", function()
    for inputs, size in pairs {
      [1] = 1, [7] = 1, [64] = 64, [96] = 96, [4096] = 4096, [11008] = 11008, [14336] = 14336, [5632] = 512,
      [13824] = 13824, [320] = 320, [172 * 3] = 172, [768] = 768, [100] = 20,
    } do
      assert.equal(size, core.hadamard_size(inputs), inputs)
    end
  end)

  it("refuses sizes that there are not", function()
    local x = support.random { 2, 24 }
    refuses("there is no Hadamard transform of 3", function() core.hadamard(x, 3) end)
    refuses("there is no Hadamard transform of 0", function() core.hadamard(x, 0) end)
    refuses("rows of 24 are not whole blocks of 16; the largest there is: 24", function() core.hadamard(x, 16) end)
    refuses("E-TN-04", function() core.hadamard(x:to "f16", 8) end)
    refuses("unknown option", function() core.hadamard(x, 8, { transposed = true }) end)
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x = support.random { 2, 24 }
    support.sweep(function() return core.hadamard(x, 24) end)
  end)
end)
