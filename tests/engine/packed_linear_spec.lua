local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local EPS = 2.0 ^ -24 -- half an f32 step at 1: one rounding

local function f32(x) return coding.round(x, "f32") end

local function rows_of(t)
  local rows, cols = t:shape()
  local flat, list = t:totable(), {}
  for r = 1, rows do list[r] = table.move(flat, (r - 1) * cols + 1, r * cols, 1, {}) end
  return list
end

local function int8(granularity)
  return { bits = 8, granularity = granularity, convention = "amax_half_step", scale_dtype = "f32" }
end

local function int4(group, convention, dtype)
  return { bits = 4, granularity = group and "group" or "row", group = group, convention = convention or "amax",
    scale_dtype = dtype or "bf16" }
end

local function narrow(bits, group, convention)
  local fields = int4(group, convention)
  fields.bits = bits
  return fields
end

local function float4(group, convention, second_dtype)
  return { element = "f4e2m1", granularity = "group", group = group, convention = convention, scale_dtype = "f8e4m3",
    second_dtype = second_dtype }
end

local function float8(granularity, block)
  return { element = "f8e4m3", granularity = granularity, block = block, convention = "amax", scale_dtype = "f32" }
end

local function pack(fields, w)
  local coded <close> = assert(core.encode(core.scheme(fields), w))
  return core.pack(coded)
end

local function product(x, packed, activation, bias, out)
  local rows <close>, message, id = core.rows(x, packed, { scheme = activation and core.scheme(activation) or nil })
  if not rows then return nil, message, id end
  return core.product(rows, packed, { bias = bias }, out)
end

-- The integer products as engine/products.h defines them.  A double holds sum * scale exactly, so
-- that rounding acc + sum * scale once is the fma.  Returns the product, and with the bias.
local function product_by_hand(x, w, weight, activation, bias)
  local a, b = coding.encode(activation, rows_of(x)), coding.encode(weight, rows_of(w))
  -- Codes of f4e2m1 are twice the values; the other half is in the scales.
  local twice_a, twice_b = activation.element and 2 or 1, weight.element and 2 or 1
  local plain, biased = {}, {}
  for i, p in ipairs(a.codes) do
    for j, q in ipairs(b.codes) do
      local cols, acc = #p, 0
      for first = 1, cols, b.run do
        local sum, g = 0, (first - 1) // b.run + 1
        local step = b.step[j][g]
        for k = first, math.min(first + b.run - 1, cols) do
          sum = sum + twice_a * p[k] * twice_b * (q[k] - (step.zero or 0))
        end
        local scale = step.scale
        if activation.group then scale = f32(a.step[i][g].scale / twice_a * scale) end
        acc = weight.bits == 8 and f32(f32(sum) * f32(a.step[i][1].scale * scale)) or f32(f32(sum) * scale + acc)
      end
      if weight.bits ~= 8 and not activation.group then acc = f32(acc * (a.step[i][1].scale / twice_a)) end
      if a.step[i][1].upper then acc = f32(acc * a.step[i][1].upper) end
      if weight.element then acc = f32(acc * ((b.step[j][1].upper or 1) / 2)) end
      plain[#plain + 1] = acc
      biased[#biased + 1] = f32(acc + bias:get(j))
    end
  end
  return plain, biased
end

-- Each: weights, activations.
local function integer_pairs(cols)
  local list = {
    { int8 "row", int8 "token" },
    { int8 "tensor", int8 "tensor" },
    { int8 "row", int8 "tensor" },
    { int4(nil), int8 "token" },
    { int4(nil, "minmax_int_zero", "f16"), int8 "token" },
    { int4(nil), { bits = 4, granularity = "tensor", convention = "amax" } },
  }
  for _, g in ipairs { 1, 3, 8, 16, 64, 70 } do
    if g <= cols then
      list[#list + 1] = { int4(g), int4(g, "amax_reciprocal") }
      list[#list + 1] = { int4(g), int8 "token" }
      list[#list + 1] = { int4(g, "minmax_int_zero"), int4(g) }
      list[#list + 1] = { narrow(3, g, "minmax_int_zero"), int8 "token" }
      list[#list + 1] = { narrow(2, g), narrow(3, g) }
      list[#list + 1] = { float4(g, "nvfp4"), float4(g, "nvfp4") }
      list[#list + 1] = { float4(g, "svdq_nvfp4_stored", "bf16"), float4(g, "amax_reciprocal") }
      list[#list + 1] = { float4(g, "nvfp4"), int8 "token" }
      list[#list + 1] = { int4(g), float4(g, "svdq_nvfp4_stored", "f32") }
    end
  end
  return list
end

-- Pairs whose product is float, and weights alone.
local function float_pairs(cols)
  local list = {
    { float8 "tensor", float8 "tensor" },
    { float8 "row", float8 "token" },
    { float8("block", { 2, 5 }), float8("block", { 1, 5 }) },
    { float8("block", { 16, 128 }), float8 "token" },
    { int8 "row" },
    { float8 "row" },
    { int4(nil, "minmax_float_zero") },
  }
  for _, g in ipairs { 1, 3, 16, 32 } do
    if g <= cols then
      for _, c in ipairs { "amax", "minmax_float_zero", "minmax_int_zero" } do list[#list + 1] = { int4(g, c) } end
      list[#list + 1] = { narrow(2, g, "minmax_int_zero") }
      list[#list + 1] = { narrow(3, g, "minmax_float_zero") }
      list[#list + 1] = { float4(g, "nvfp4") }
      list[#list + 1] = { float4(g, "svdq_nvfp4_stored") }
    end
  end
  return list
end

describe("core.product", function()
  for _, size in ipairs { { 1, 1, 1 }, { 3, 33, 7 }, { 9, 32, 64 }, { 2, 70, 129 }, { 66, 5, 12 }, { 1, 3, 1030 } } do
    local m, n, k = table.unpack(size)
    it(("multiplies code by code, %d x %d x %d, to the bit"):format(m, n, k), function()
      local x, w, bias = support.random({ m, k }, 3), support.random({ n, k }, 4), support.random({ n }, 5)
      for _, pair in ipairs(integer_pairs(k)) do
        local weight, activation = table.unpack(pair)
        local packed <close> = pack(weight, w)
        local plain, biased = product_by_hand(x, w, weight, activation, bias)
        for _, backend in ipairs(coding.backends()) do
          local before = core.backend()
          core.backend(backend)
          local what = tostring(packed) .. " by " .. tostring(core.scheme(activation)) .. " on " .. backend
          assert.same(plain, product(x, packed, activation):totable(), what)
          assert.same(biased, product(x, packed, activation, bias):totable(), what)
          core.backend(before)
        end
      end
    end)

    it(("multiplies floats, %d x %d x %d, as the decoded matrices"):format(m, n, k), function()
      local x, w, bias = support.random({ m, k }, 3), support.random({ n, k }, 4), support.random({ n }, 5)
      for i, pair in ipairs(float_pairs(k)) do
        local weight, activation = table.unpack(pair)
        local coded <close> = core.encode(core.scheme(weight), w)
        local packed <close> = core.pack(coded)
        local a = rows_of(activation and core.simulate(core.scheme(activation), x) or x)
        local b = rows_of(coded:decode())
        local with = i % 2 == 1 and bias or nil
        local got = product(x, packed, activation, with):totable()
        for r = 1, m do
          for c = 1, n do
            local sum = with and bias:get(c) or 0
            local terms = math.abs(sum)
            for p = 1, k do
              -- A zero point is a term of its own, of values up to 2.
              local size_b = math.abs(b[c][p]) + (weight.convention:find "minmax" and 2 or 0)
              sum, terms = sum + a[r][p] * b[c][p], terms + math.abs(a[r][p]) * size_b
            end
            -- Each factor is decoded in two roundings, each product and each sum is one, in any
            -- order, and each group two.
            local error = math.abs(got[(r - 1) * n + c] - sum)
            assert(error <= (2 * k + 8) * EPS * terms, ("%s: %g at %d, %d"):format(coded, error, r, c))
          end
        end
      end
    end)
  end

  it("gives the same bits with any number of threads, and integers on every backend and in any block", function()
    -- 260 rows are two blocks of strips, 40 weights two panels.
    local x, w = support.random({ 260, 20 }, 1), support.random({ 40, 20 }, 2)
    for _, pair in ipairs { { int8 "row", int8 "token" }, { int8 "row", int8 "tensor" },
      { int4(16), int4(16, "amax_reciprocal") }, { float4(4, "nvfp4"), float4(4, "nvfp4") },
      { float8 "row", float8 "token" }, { int4(4, "minmax_float_zero") } } do
      local packed <close> = pack(pair[1], w)
      local exact = pair[2] and pair[1].element ~= "f8e4m3"
      local first = {}
      coding.everywhere(function(where)
        local y <close> = product(x, packed, pair[2])
        local group, bits = exact and "all" or core.backend(), y:tobytes()
        first[group] = first[group] or bits
        assert(bits == first[group], where .. tostring(packed))
      end)
      if exact and pair[2].granularity == "token" or pair[2] and pair[2].bits == 4 then
        local tail <close> = x:rows(251, 260)
        local y <close> = product(tail, packed, pair[2])
        assert.equal(first.all:sub(-#y:tobytes()), y:tobytes())
      end
    end
  end)

  it("multiplies packed floats", function()
    local x, w = support.random({ 14, 19 }, 1), support.random({ 40, 19 }, 2)
    for _, dtype in ipairs { "f32", "f16", "bf16" } do
      local stored = w:to(dtype)
      local packed <close> = core.pack_floats(stored)
      local got, want = product(x, packed), core.linear(x, stored, nil)
      assert.is_true(core.compare(got, want).max_abs <= 2 * 19 * 19 * EPS)
    end
  end)

  it("adds a low-rank branch of the input as it came, before the bias", function()
    for _, size in ipairs { { 1, 1, 1, 1 }, { 14, 33, 40, 7 }, { 260, 70, 64, 33 }, { 3, 5, 8, 0 } } do
      local m, n, k, rank = table.unpack(size)
      local x, w, smooth = support.random({ m, k }, 1), support.random({ n, k }, 2), support.random({ k }, 3)
      local down, up = support.random({ rank, k }, 4):to "bf16", support.random({ n, rank }, 5):to "f16"
      local bias, scheme = support.random({ n }, 6):to "f16", core.scheme(int8 "token")
      local packed <close> = pack(int4(nil), w)
      local rows <close> = core.rows(x, packed,
        { scheme = scheme, smooth = smooth, down = core.pack_floats(down) })
      local got = core.product(rows, packed, { up = core.pack_floats(up), bias = bias })
      local inner = core.linear(x, down, nil)
      local want = product(x:div(smooth), packed, int8 "token"):add(core.linear(inner, up, nil)):add(bias:to "f32")
      -- Terms of the branch are below rank * k; the sums are taken in another order.
      assert.is_true(core.compare(got, want).max_abs <= 4 * (rank + k + 4) * EPS * (rank * k + k * 4 + 1), m)
      local plain <close> = core.product(rows, packed)
      assert.equal(product(x:div(smooth), packed, int8 "token"):tobytes(), plain:tobytes())
    end
  end)

  it("shares rows between weights of the same layout", function()
    local x = support.random({ 5, 30 }, 1)
    local q, k = pack(int4(10), support.random({ 33, 30 }, 2)), pack(int4(10), support.random({ 4, 30 }, 3))
    local rows <close> = core.rows(x, q, { scheme = core.scheme(int4(10)) })
    assert.equal(product(x, k, int4(10)):tobytes(), core.product(rows, k):tobytes())
    local others = { pack(int4(5), support.random { 4, 30 }), pack(int8 "row", support.random { 4, 30 }),
      pack(int4(10), support.random { 4, 31 }), pack(int4(10, "minmax_float_zero"), support.random { 4, 30 }),
      core.pack_floats(support.random { 4, 30 }) }
    for _, other in ipairs(others) do
      assert.error_matches(function() core.product(rows, other) end,
        "E%-SC%-10: grouped rows with 30 columns in groups of 10 do not go with")
    end
    rows:close()
    -- The integer product knows no zero points.
    core.rows(x, pack(int8 "row", support.random { 4, 30 }), { scheme = core.scheme(int8 "token") }, rows)
    for _, convention in ipairs { "minmax_int_zero", "minmax_float_zero" } do
      local other <close> = pack({ bits = 8, granularity = "row", convention = convention }, support.random { 4, 30 })
      assert.error_matches(function() core.product(rows, other) end, "E%-SC%-10: int8 rows with 30 columns")
    end
  end)

  it("gives zero for zero activations, and the bias alone", function()
    local w, bias = support.random { 3, 8 }, support.random { 3 }
    local x = core.tensor("f32", { 2, 8 })
    for _, list in ipairs { integer_pairs(8), float_pairs(8) } do
      for _, pair in ipairs(list) do
        local packed <close> = pack(pair[1], w)
        local y = product(x, packed, pair[2], bias):totable()
        for i, v in ipairs(y) do assert.equal(bias:get((i - 1) % 3 + 1), v) end
      end
    end
    local none = pack(int8 "row", core.tensor("f32", { 3, 0 }))
    for _, activation in ipairs { int8 "token", false } do
      local y = product(core.tensor("f32", { 2, 0 }), none, activation, core.tensor_of("f32", { 3 }, { 1, 2, 3 }))
      assert.same({ 1, 2, 3, 1, 2, 3 }, y:totable())
    end
  end)

  it("keeps the leading dimensions, and takes every float bias", function()
    local packed = pack(int8 "row", support.random { 3, 8 })
    local x = support.random { 2, 5, 8 }
    assert.same({ 2, 5, 3 }, { product(x, packed, int8 "token"):shape() })
    assert.same({ 3 }, { product(x:reshape({ 10, 8 }):rows(1):reshape { 8 }, packed, int8 "token"):shape() })
    assert.same({ 0, 3 }, { product(core.tensor("f32", { 0, 8 }), packed, int8 "token"):shape() })
    assert.same({ 2, 0 }, { product(x:rows(1):reshape({ 5, 8 }):rows(1, 2),
      core.pack_floats(core.tensor("f32", { 0, 8 }))):shape() })
    for _, dtype in ipairs { "f16", "bf16" } do
      local bias = support.random({ 3 }):to(dtype)
      assert.equal(product(x, packed, int8 "token", bias:to "f32"):tobytes(),
        product(x, packed, int8 "token", bias):tobytes())
    end
  end)

  it("writes into `out`", function()
    local x = support.random { 3, 8 }
    local packed = pack(int8 "row", support.random { 8, 8 })
    local want = product(x, packed, int8 "token")
    local out, bias = support.random { 3, 8 }, support.random { 8 }
    assert.equal(out, product(x, packed, int8 "token", nil, out))
    assert.equal(want:tobytes(), out:tobytes())
    assert.equal(x, product(x, packed, int8 "token", nil, x)) -- the rows have been read
    assert.equal(want:tobytes(), x:tobytes())
    local row, wrong = bias:reshape { 1, 8 }, core.tensor("f32", { 8, 3 })
    assert.error_matches(function() product(row, packed, int8 "token", bias, row) end,
      "E%-TN%-12: the output overlaps the bias")
    assert.error_matches(function() product(x, packed, int8 "token", nil, wrong) end, "E%-TN%-07")
  end)

  it("refuses parts that do not go together", function()
    local x, packed = support.random { 2, 12 }, pack(int8 "row", support.random { 4, 12 })
    local function with(options)
      return function()
        core.product(core.rows(x, packed, { down = core.pack_floats(support.random { 3, 12 }) }), packed, options)
      end
    end
    assert.error_matches(with { up = core.pack_floats(support.random { 4, 2 }) },
      "E%-SC%-10: `up` is f32 4 x 2, expected floats of 4 x 3")
    assert.error_matches(with { up = packed }, "E%-SC%-10: `up` is int8 4 x 12, expected floats of 4 x 3")
    assert.error_matches(with { bias = support.random { 5 } }, "E%-SC%-10: the bias is f32 5, expected 4 elements")
    assert.error_matches(with { bias = core.tensor("i8", { 4 }) }, "E%-TN%-04: the bias is i8 4")
    assert.error_matches(with { down = packed }, "unknown option 'down'")
    assert.error_matches(with { up = x }, "option 'up' must be an open packed weight")
    assert.error_matches(with { bias = 3 }, "option 'bias' must be an open tensor")
    local closed = core.rows(x, packed)
    closed:close()
    assert.error_matches(function() core.product(closed, packed) end, "rows are closed")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x, bias = support.random { 2, 8 }, support.random { 3 }
    local packed <close> = pack(int4(4), support.random { 3, 8 })
    local down <close> = core.pack_floats(support.random { 2, 8 })
    local up <close> = core.pack_floats(support.random { 3, 2 })
    local rows <close> = core.rows(x, packed, { scheme = core.scheme(int4(4)), down = down })
    -- The result's two blocks, and scratch for the branch.
    assert.equal(2, support.sweep(function() return core.product(rows, packed, { bias = bias }) end))
    assert.equal(3, support.sweep(function() return core.product(rows, packed, { up = up }) end))
  end)
end)
