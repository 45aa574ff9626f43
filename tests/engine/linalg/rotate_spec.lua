-- core.rotate, held against the definition in plain loops of doubles.

local core = require "vise.core"
local support = require "support"

-- Rows of a matrix as lists.
local function rows_of(t)
  local rows, columns = t:shape()
  local flat, list = t:totable(), {}
  for r = 1, rows do list[r] = table.move(flat, (r - 1) * columns + 1, r * columns, 1, {}) end
  return list
end

local function f64(rows)
  local flat = {}
  for _, row in ipairs(rows) do table.move(row, 1, #row, #flat + 1, flat) end
  return core.tensor_of("f64", { #rows, #rows[1] }, flat)
end

local function transposed(rows)
  local out = {}
  for c = 1, #rows[1] do
    out[c] = {}
    for r = 1, #rows do out[c][r] = rows[r][c] end
  end
  return out
end

-- The sign at (i, j), from 0, of the Walsh-Hadamard matrix: the parity of the bits that both have.
local function walsh(i, j)
  local both, sign = i & j, 1
  while both > 0 do both, sign = both >> 1, both & 1 == 1 and -sign or sign end
  return sign
end

-- Q of n numbers: W (x) M in blocks.
local function dense(n, block, m, matrix)
  local q, size = {}, block // m
  for i = 0, n - 1 do
    q[i + 1] = {}
    for j = 0, n - 1 do
      local inside = i // block == j // block
      local a, b = i % block, j % block
      q[i + 1][j + 1] = inside and walsh(a // m, b // m) / math.sqrt(size) * matrix[a % m + 1][b % m + 1] or 0
    end
  end
  return q
end

local function vector_times(x, q, n)
  local y = {}
  for j = 1, n do
    y[j] = 0
    for i = 1, n do y[j] = y[j] + x[i] * q[i][j] end
  end
  return y
end

-- What a row becomes.
local function expected(x, n, q, diagonal, options)
  local v, mean = {}, 0
  for i = 1, n do mean = mean + x[i] / n end
  for i = 1, n do v[i] = options.center and x[i] - mean or x[i] end
  if options.transpose then
    v = vector_times(v, transposed(q), n)
    for i = 1, n do v[i] = v[i] * diagonal[i] end
    return v
  end
  for i = 1, n do v[i] = v[i] * diagonal[i] end
  return vector_times(v, q, n)
end

local function random(rows, columns, seed)
  return rows_of(support.random({ rows, columns }, seed))
end

local function same(want, got)
  for r, row in ipairs(want) do
    -- A few dozen roundings of numbers below 10.
    for c, value in ipairs(row) do assert.near(value, got[r][c], 1e-13) end
  end
end

describe("core.rotate", function()
  it("is its definition, for rows and columns of any number", function()
    for _, case in ipairs { { 8, 8, 1 }, { 24, 12, 3 }, { 24, 6, 3 }, { 5, 1, 1 }, { 6, 6, 6 } } do
      local n, block, m = table.unpack(case)
      local matrix = m > 1 and random(m, m, 3) or { { 1 } }
      local q = dense(n, block, m, matrix)
      local diagonal = random(1, n, 5)[1]
      for _, o in ipairs { {}, { transpose = true }, { center = true } } do
        for _, count in ipairs { 1, 16, 17 } do
          local x, want = random(count, n, 7), {}
          for r, row in ipairs(x) do want[r] = expected(row, n, q, diagonal, o) end
          local w, options = f64(x), { block = block, transpose = o.transpose, center = o.center }
          local d, base = core.tensor_of("f64", { n }, diagonal), m > 1 and f64(matrix) or nil
          assert.equal(w, core.rotate(w, options, d, base))
          same(want, rows_of(w))
          local columns = f64(transposed(x))
          options.columns = true
          core.rotate(columns, options, d, base)
          same(want, transposed(rows_of(columns)))
        end
      end
    end
  end)

  it("works on a view, and leaves the rest alone", function()
    local whole = f64(random(4, 10, 1))
    local before, x = rows_of(whole), {}
    for r = 1, 4 do x[r] = table.move(before[r], 3, 6, 1, {}) end
    local alone, view <close> = f64(x), whole:columns(3, 6)
    for _, w in ipairs { view, alone } do
      core.rotate(w, { block = 4 })
      core.rotate(w, { block = 2, columns = true })
    end
    local after, want = rows_of(whole), rows_of(alone)
    for r = 1, 4 do
      assert.same(want[r], table.move(after[r], 3, 6, 1, {}))
      for _, c in ipairs { 1, 2, 7, 10 } do assert.equal(before[r][c], after[r][c]) end
    end
  end)

  it("gives the same bits for one thread and for two", function()
    local threads, seen = core.threads(), {}
    for n = 1, 2 do
      core.threads(n)
      seen[n] = core.rotate(f64(random(50, 32, 9)), { block = 32 }):tobytes()
    end
    core.threads(threads)
    assert.equal(seen[1], seen[2])
  end)

  it("takes what is empty", function()
    assert.equal(0, core.rotate(core.tensor("f64", { 0, 4 }), { block = 4 }):count())
  end)

  it("refuses what does not fit", function()
    local w = f64(random(2, 12, 1))
    local function refuses(text, ...)
      local args = table.pack(...)
      assert.error_matches(function() core.rotate(table.unpack(args, 1, args.n)) end, text, 1, true)
    end
    refuses("E-TN-10: rotate: a block of 5 over a matrix of 1 does not fit vectors of 12", w, { block = 5 })
    refuses("E-TN-10", w, { block = 12 }) -- 12 is no power of two
    refuses("E-TN-10", w, {})
    refuses("E-TN-10", w, { block = 4 }, nil, f64(random(3, 3, 1)))
    refuses("E-TN-08: rotate: a diagonal of 3 for vectors of 12", w, { block = 4 }, core.tensor("f64", { 3 }))
    refuses("E-TN-08: rotate: matrix is not square", w, { block = 4 }, nil, f64(random(2, 3, 1)))
    refuses("E-TN-08: rotate: w has 1 dimensions", w:reshape { 24 }, { block = 4 })
    refuses("E-TN-04: rotate: w is f32, expected f64", w:to "f32", { block = 4 })
    refuses("E-TN-04", w, { block = 4 }, core.tensor("f32", { 12 }))
    refuses("block", w, { block = 0 })
  end)

  it("gives everything back when memory runs out", function()
    local w = f64(random(20, 16, 1))
    assert.is_true(support.sweep(function() return (core.rotate(w, { block = 16 })) end) > 0)
  end)
end)
