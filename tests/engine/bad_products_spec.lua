-- Products of packed weights where something is at its edge: sizes of one and none, rows that do
-- not lie together, numbers that are none.

local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local EPS = 2.0 ^ -24 -- half an f32 step at 1: one rounding

local function int(bits, granularity, group, convention)
  return { bits = bits, granularity = granularity, group = group, convention = convention or "amax",
    scale_dtype = "f32" }
end

local function float8(granularity)
  return { element = "f8e4m3", granularity = granularity, convention = "amax", scale_dtype = "f32" }
end

local function float4(group)
  return { element = "f4e2m1", granularity = "group", group = group, convention = "nvfp4" }
end

-- Each: weights; activations or, for weights alone, nil.  `group` is NULL where there is no room
-- for groups.
local function pairs_of(group)
  local list = {
    { int(8, "row"), int(8, "token") },
    { int(8, "tensor"), int(8, "tensor") },
    { int(4, "row"), int(8, "token") },
    { float8 "row", float8 "token" },
    { int(8, "row") },
    { int(4, "row", nil, "minmax_float_zero") },
    { float8 "row" },
  }
  if group then
    table.move({
      { int(4, "group", group), int(4, "group", group) },
      { int(4, "group", group, "minmax_int_zero"), int(8, "token") },
      { float4(group), float4(group) },
      { int(4, "group", group, "minmax_float_zero") },
      { float4(group) },
    }, 1, 5, #list + 1, list)
  end
  return list
end

local function pack(scheme, w)
  local coded <close> = assert(core.encode(core.scheme(scheme), w))
  return core.pack(coded)
end

local function product(x, packed, activation, bias)
  local rows <close>, message, id = core.rows(x, packed, { scheme = activation and core.scheme(activation) })
  if not rows then return nil, message, id end
  return core.product(rows, packed, { bias = bias })
end

-- Calls f on every backend.
local function on_backends(f)
  local before <const> = core.backend()
  finally(function() core.backend(before) end)
  for _, name in ipairs(coding.backends()) do
    core.backend(name)
    f(name)
  end
end

-- y = x w' in double, with the numbers that both sides are coded as, and what of it may differ:
-- two roundings to decode a factor, one of each product and sum, two a group, in any order.
local function assert_product(got, x, w, pair, where)
  local rows, cols = x:shape()
  local outputs = w:shape()
  local coded <close> = core.encode(core.scheme(pair[1]), w)
  local a = (pair[2] and core.simulate(core.scheme(pair[2]), x) or x):totable()
  local b = coded:decode():totable()
  got = got:totable()
  for r = 0, rows - 1 do
    for c = 0, outputs - 1 do
      local sum, size = 0, 0
      for k = 1, cols do
        local p, q = a[r * cols + k], b[c * cols + k]
        -- A zero point is a term of its own, here of values up to 2.
        sum, size = sum + p * q, size + math.abs(p) * (math.abs(q) + 2)
      end
      local error = math.abs(got[r * outputs + c + 1] - sum)
      assert(error <= (3 * cols + 8) * EPS * size, ("%s: off by %g at %d, %d"):format(where, error, r, c))
    end
  end
end

describe("a product", function()
  it("of one input, one output or one row is right", function()
    on_backends(function(backend)
      for _, size in ipairs { { 1, 1, 1 }, { 1, 1, 40 }, { 1, 40, 1 }, { 13, 1, 1 }, { 13, 1, 40 }, { 13, 40, 1 },
        { 1, 40, 33 }, { 2, 33, 5 } } do
        local m, n, k = table.unpack(size)
        local x, w = support.random({ m, k }, 3), support.random({ n, k }, 4)
        for _, pair in ipairs(pairs_of(k > 16 and 16 or k)) do
          local packed <close> = pack(pair[1], w)
          local where = ("%s, %d x %d x %d on %s"):format(packed, m, n, k, backend)
          assert_product(product(x, packed, pair[2]), x, w, pair, where)
        end
      end
    end)
  end)

  it("of nothing is empty, and without inputs the bias", function()
    on_backends(function()
      for _, pair in ipairs(pairs_of()) do
        local packed <close> = pack(pair[1], support.random { 3, 8 })
        assert.same({ 0, 3 }, { product(core.tensor("f32", { 0, 8 }), packed, pair[2]):shape() })
        assert.same({ 4, 0, 3 }, { product(core.tensor("f32", { 4, 0, 8 }), packed, pair[2]):shape() })
        local none <close> = pack(pair[1], core.tensor("f32", { 0, 8 }))
        assert.same({ 2, 0 }, { product(support.random { 2, 8 }, none, pair[2]):shape() })
        local bare <close> = pack(pair[1], core.tensor("f32", { 3, 0 }))
        local bias = core.tensor_of("f32", { 3 }, { 1, 2, 3 })
        assert.same({ 1, 2, 3, 1, 2, 3 }, product(core.tensor("f32", { 2, 0 }), bare, pair[2], bias):totable())
      end
    end)
  end)

  it("of rows that do not lie together is that of a copy", function()
    on_backends(function()
      local view = support.random({ 14, 50 }):columns(6, 38)
      for _, pair in ipairs(pairs_of(11)) do
        local packed <close> = pack(pair[1], support.random({ 35, 33 }, 2))
        assert.equal(product(view:copy(), packed, pair[2]):tobytes(), product(view, packed, pair[2]):tobytes())
      end
    end)
  end)

  it("names NaN and infinity where activations are coded, else keeps them in their row", function()
    on_backends(function()
      for _, pair in ipairs(pairs_of(8)) do
        local packed <close> = pack(pair[1], support.random({ 35, 24 }, 2))
        local x = support.random { 14, 24 }
        local want = product(x, packed, pair[2]):totable()
        for value, name in pairs { [math.huge] = "infinity", [-math.huge] = "-infinity", nan = "NaN" } do
          x:set(24 * 9 + 5, value == "nan" and 0 / 0 or value)
          local got, message, id = product(x, packed, pair[2])
          if pair[2] then
            assert.same({ nil, "E-SC-04", ("row 10, column 5 is %s, expected a finite number"):format(name) },
              { got, id, message })
          else
            for i, v in ipairs(got:totable()) do
              local own = (i - 1) // 35 == 9
              assert(own and (v ~= v or math.abs(v) == math.huge) or not own and v == want[i], i)
            end
          end
        end
      end
    end)
  end)

  it("refuses weights with NaN or infinity by name", function()
    for _, pair in ipairs(pairs_of(8)) do
      local w = support.random { 3, 8 }
      w:set(11, 0 / 0)
      local coded, message, id = core.encode(core.scheme(pair[1]), w)
      assert.same({ nil, "E-SC-04", "row 2, column 3 is NaN, expected a finite number" }, { coded, id, message })
    end
  end)

  it("of subnormal activations is as small, and finite", function()
    on_backends(function(backend)
      for _, pair in ipairs(pairs_of(8)) do
        local packed <close> = pack(pair[1], support.random({ 35, 24 }, 2))
        for _, m in ipairs { 1, 14 } do
          local x = support.random({ m, 24 }):mul(2.0 ^ -100):mul(2.0 ^ -32)
          for _, v in ipairs(product(x, packed, pair[2]):totable()) do
            -- At most 24 products of values below 1 and 2^-132, which a step of a code may double.
            assert(math.abs(v) <= 48 * 2.0 ^ -132, ("%s: %g on %s"):format(packed, v, backend))
          end
        end
      end
    end)
  end)

  it("of more than 2^31 elements is counted, or refused by name", function()
    local eight = core.scheme(int(8, "row"))
    assert.is_true(core.packed_bytes(eight, { 1 << 20, 1 << 14 }) > 1 << 34)
    for _, shape in ipairs { { 1 << 31, 1 << 20 }, { 1 << 40, 1 << 30 } } do
      assert.error_matches(function() core.packed_bytes(eight, shape) end, "E%-TN%-01: .* too large")
    end
    local packed <close> = pack(int(8, "row"), support.random { 3, 8 })
    assert.error_matches(function() packed:workspace(1 << 62, core.scheme(int(8, "token"))) end, "E%-TN%-01")
  end)
end)
