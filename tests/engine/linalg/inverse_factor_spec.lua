local core = require "vise.core"
local gptq = require "gptq"
local support = require "support"

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

local function moments(n, seed) return core.moments(support.random({ 2 * n + 3, n }, seed or n), 1 / (2 * n + 3)) end

-- || u' u (h + damping mean I) - I || / sqrt(n)
local function residual(h, u, damping)
  local n, mean = h:shape(), 0
  local damped = h:totable()
  for i = 0, n - 1 do mean = mean + damped[i * n + i + 1] / n end
  for i = 0, n - 1 do damped[i * n + i + 1] = damped[i * n + i + 1] + damping * mean end
  local product = core.matmul(core.matmul(u, u, { trans_a = true }), core.tensor_of("f32", { n, n }, damped))
  for i = 0, n - 1 do product:set(i * n + i + 1, product:get(i * n + i + 1) - 1) end
  return product:norm() / math.sqrt(n)
end

describe("core.inverse_factor", function()
  it("is that of plain double precision", function()
    for _, n in ipairs { 1, 2, 17, 40 } do
      local h, natural = moments(n), {}
      for i = 1, n do natural[i] = i end
      local want = gptq.factor(gptq.rows(h), 0.02, natural)
      for _, precision in ipairs { "f32", "f64" } do
        local got = gptq.rows(assert(core.inverse_factor(h, { damping = 0.02, precision = precision })))
        for i = 1, n do
          for j = 1, n do
            local allowed = precision == "f64" and 2 ^ -23 or 1e-5
            assert.is_true(math.abs(got[i][j] - want[i][j]) <= allowed * want[1][1])
          end
        end
      end
    end
  end)

  it("inverts matrices of every number of blocks", function()
    for _, n in ipairs { 255, 256, 257, 513, 800, 1100 } do
      local h = moments(n)
      local u = assert(core.inverse_factor(h))
      assert.is_true(residual(h, u, 0.01) <= 1e-5)
      local zeros, flat = 0, u:totable()
      for i = 1, n - 1 do
        for j = 1, i do if flat[i * n + j] == 0 then zeros = zeros + 1 end end
      end
      assert.equal(n * (n - 1) // 2, zeros)
    end
  end)

  it("takes columns in an order", function()
    local n, h = 40, moments(40)
    local order = core.column_order(h)
    local want = gptq.factor(gptq.rows(h), 0.01, order:totable())
    local got = gptq.rows(assert(core.inverse_factor(h, { order = order, precision = "f64" })))
    for i = 1, n do
      for j = 1, n do assert.is_true(math.abs(got[i][j] - want[i][j]) <= 2 ^ -23 * want[1][1]) end
    end
  end)

  it("leaves dead columns out", function()
    local n, flat = 20, moments(20):totable()
    for i = 1, n do flat[(i - 1) * n + 7], flat[6 * n + i] = 0, 0 end
    local u = assert(core.inverse_factor(core.tensor_of("f32", { n, n }, flat)))
    for i = 1, n do
      assert.equal(0, u:get((i - 1) * n + 7))
      assert.equal(0, u:get(6 * n + i))
      assert.equal(i == 7, u:get((i - 1) * n + i) == 0)
    end
    local live = {}
    for i = 1, n do for j = 1, n do if i ~= 7 and j ~= 7 then live[#live + 1] = flat[(i - 1) * n + j] end end end
    local alone = assert(core.inverse_factor(core.tensor_of("f32", { n - 1, n - 1 }, live)))
    assert.near(alone:get(1), u:get(1), 1e-5 * alone:get(1))
    assert.near(alone:get((n - 1) ^ 2 | 0), u:get(n * n), 1e-5 * u:get(n * n))
  end)

  it("makes the same bits for any number of threads", function()
    local before, h, bits = core.threads(), moments(600), {}
    for i, threads in ipairs { 1, 2, 5 } do
      core.threads(threads)
      bits[i] = assert(core.inverse_factor(h)):tobytes()
    end
    core.threads(before)
    assert.equal(bits[1], bits[2])
    assert.equal(bits[1], bits[3])
  end)

  it("names the column at which a matrix is not positive definite", function()
    for _, n in ipairs { 12, 300 } do
      local h = core.tensor("f32", { n, n })
      for i = 0, n - 1 do h:set(i * n + i + 1, i == 4 and -3 or 1) end
      for _, precision in ipairs { "f32", "f64" } do
        local u, message, id = core.inverse_factor(h, { precision = precision })
        assert.is_nil(u)
        assert.equal("E-NU-10", id)
        assert.matches("column 5: the matrix is not positive definite with damping 0.01", message, 1, true)
      end
      -- In another order it is still the fifth.
      local _, message = core.inverse_factor(h, { order = core.column_order(h) })
      assert.matches("column 5:", message, 1, true)
    end
  end)

  it("needs damping where inputs depend on each other", function()
    local x = support.random({ 5, 30 }, 3) -- fewer tokens than inputs
    local h = core.moments(x, 0.2)
    assert.equal("E-NU-10", select(3, core.inverse_factor(h, { damping = 0 })))
    assert.is_true(residual(h, assert(core.inverse_factor(h, { damping = 0.1 })), 0.1) < 1e-4)
  end)

  it("refuses what is no such matrix", function()
    refuses("expected a square matrix", function() core.inverse_factor(core.tensor("f32", { 3, 4 })) end)
    refuses("E-TN-04", function() core.inverse_factor(core.tensor("i8", { 3, 3 })) end)
    refuses("'precision' must be", function() core.inverse_factor(moments(3), { precision = "f16" }) end)
    refuses("unknown option 'damp'", function() core.inverse_factor(moments(3), { damp = 1 }) end)
    refuses("the order lacks column 2", function()
      core.inverse_factor(moments(3), { order = core.tensor_of("i32", { 3 }, { 1, 1, 3 }) })
    end)
    local h = moments(3)
    h:set(6, 0 / 0)
    local u, message, id = core.inverse_factor(h)
    assert.is_nil(u)
    assert.matches("row 2, column 3 of the matrix", message, 1, true)
    assert.equal("E-NU-01", id)
  end)

  it("leaks nothing, whichever allocation fails", function()
    local h = moments(300)
    for _, precision in ipairs { "f32", "f64" } do
      support.sweep(function() return core.inverse_factor(h, { precision = precision }) end)
    end
  end)
end)

describe("core.column_order", function()
  local function diagonal(values)
    local n = #values
    local h = core.tensor("f32", { n, n })
    for i, v in ipairs(values) do h:set((i - 1) * (n + 1) + 1, v) end
    return h
  end

  it("falls along the diagonal, the first of equals first", function()
    assert.same({ 2, 4, 1, 3, 5 }, core.column_order(diagonal { 3, 9, 1, 5, 1 }):totable())
  end)

  it("leaves groups together, by their largest column", function()
    assert.same({ 4, 3, 2, 1, 5 }, core.column_order(diagonal { 3, 5, 1, 9, 2 }, 2):totable())
    assert.same({ 5, 1, 2, 4, 3 }, core.column_order(diagonal { 9, 5, 1, 9, 10 }, 2):totable())
  end)
end)
