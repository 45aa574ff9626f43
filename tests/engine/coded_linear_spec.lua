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

local function int4(group, convention)
  return { bits = 4, granularity = group and "group" or "row", group = group,
    convention = convention or "amax", scale_dtype = "bf16" }
end

-- The integer products as engine/kernels.h defines them.  A double holds sum * scale exactly,
-- so that rounding acc + sum * scale once is the fma.  Returns the product, and with the bias.
local function product_by_hand(x, w, weight, activation, bias)
  local a, b = coding.encode(activation, rows_of(x)), coding.encode(weight, rows_of(w))
  local plain, biased = {}, {}
  for i, p in ipairs(a.codes) do
    for j, q in ipairs(b.codes) do
      local cols, acc = #p, 0
      for first = 1, cols, b.run do
        local sum, g = 0, (first - 1) // b.run + 1
        for k = first, math.min(first + b.run - 1, cols) do sum = sum + p[k] * q[k] end
        local scale = f32((a.step[i][g] or a.step[i][1]).scale * b.step[j][g].scale)
        acc = weight.bits == 8 and f32(f32(sum) * scale) or f32(f32(sum) * scale + acc)
      end
      plain[#plain + 1] = acc
      biased[#biased + 1] = f32(acc + bias:get(j))
    end
  end
  return plain, biased
end

-- Each: weights, activations.
local function pairs_for(cols)
  local list = {
    { int8 "row", int8 "token" },
    { int8 "tensor", int8 "tensor" },
    { int8 "row", int8 "tensor" },
    { int4(nil), int8 "token" },
    { int4(nil), { bits = 4, granularity = "tensor", convention = "amax" } },
  }
  for _, g in ipairs { 1, 3, 8, 64, 70 } do
    if g <= cols then
      list[#list + 1] = { int4(g), int4(g, "amax_reciprocal") }
      list[#list + 1] = { int4(g), int8 "token" }
    end
  end
  return list
end

local function pack(fields, w)
  local coded <close> = core.encode(core.scheme(fields), w)
  return core.pack(coded)
end

describe("core.integer_linear", function()
  for _, size in ipairs { { 1, 1, 1 }, { 3, 33, 7 }, { 9, 32, 64 }, { 2, 70, 129 }, { 66, 5, 12 }, { 1, 3, 1030 } } do
    local m, n, k = table.unpack(size)
    it(("multiplies code by code, %d x %d x %d, to the bit"):format(m, n, k), function()
      local x, w, bias = support.random({ m, k }, 3), support.random({ n, k }, 4), support.random({ n }, 5)
      for _, pair in ipairs(pairs_for(k)) do
        local weight, activation = table.unpack(pair)
        local packed <close> = pack(weight, w)
        local scheme = core.scheme(activation)
        local plain, biased = product_by_hand(x, w, weight, activation, bias)
        for _, backend in ipairs(coding.backends()) do
          local before = core.backend()
          core.backend(backend)
          assert.same(plain, core.integer_linear(x, packed, scheme):totable(), tostring(packed) .. backend)
          assert.same(biased, core.integer_linear(x, packed, scheme, bias):totable(), tostring(packed) .. backend)
          core.backend(before)
        end
      end
    end)
  end

  it("agrees with the decoded matrices multiplied in double", function()
    local x, w = support.random({ 5, 100 }, 7), support.random({ 9, 100 }, 8)
    for _, pair in ipairs(pairs_for(100)) do
      local weight, activation = core.scheme(pair[1]), core.scheme(pair[2])
      local cw <close> = core.encode(weight, w)
      local cx <close> = core.encode(activation, x)
      local a, b = rows_of(cx:decode()), rows_of(cw:decode())
      local got = core.integer_linear(x, core.pack(cw), activation):totable()
      for i = 1, 5 do
        for j = 1, 9 do
          local sum, size = 0, 0
          for k = 1, 100 do
            sum, size = sum + a[i][k] * b[j][k], size + math.abs(a[i][k] * b[j][k])
          end
          -- Each decoded factor carries one rounding and each group's product three more;
          -- adding up to 100 groups adds one each.
          assert.is_true(math.abs(got[(i - 1) * 9 + j] - sum) <= (2 + 3 + 100) * EPS * size)
        end
      end
    end
  end)

  it("gives the same bits on every backend, with any number of threads and in any block", function()
    -- 1,030 rows are two blocks of activations, several tiles each.
    local x, w = support.random({ 1030, 20 }, 1), support.random({ 40, 20 }, 2)
    for _, pair in ipairs { { int8 "row", int8 "token" }, { int8 "row", int8 "tensor" },
      { int4(16), int4(16, "amax_reciprocal") } } do
      local packed <close> = pack(pair[1], w)
      local scheme = core.scheme(pair[2])
      local first
      coding.everywhere(function(where)
        local y <close> = core.integer_linear(x, packed, scheme)
        local bits = y:tobytes()
        first = first or bits
        assert(bits == first, where)
      end)
      if pair[2].granularity ~= "tensor" then
        local tail <close> = x:rows(1021, 1030)
        local y <close> = core.integer_linear(tail, packed, scheme)
        assert.equal(first:sub(-#y:tobytes()), y:tobytes())
      end
    end
  end)

  it("takes the one scale of the activations that it is given, and clips", function()
    local w = support.random { 3, 8 }
    local packed <close> = pack(int8 "tensor", w)
    local scheme = core.scheme(int8 "tensor")
    local x = support.random { 5, 8 }
    local own = core.encode(scheme, x):tensors().scale:get(1)
    assert.equal(core.integer_linear(x, packed, scheme):tobytes(),
      core.integer_linear(x, packed, scheme, nil, nil, own):tobytes())
    -- With half of it the codes are those of what is clipped to the range of the codes.
    local clipped = x:clamp(-128 * own / 2, 127 * own / 2)
    local a, b = core.simulate(scheme, clipped, nil, own / 2), core.encode(scheme, w):decode()
    local want, got = core.linear(a, b, nil):totable(), core.integer_linear(x, packed, scheme, nil, nil, own / 2)
    -- Values below 8 * 128: the integer product is rounded three times, the float one at most 16.
    for i, v in ipairs(got:totable()) do assert.near(want[i], v, 20 * EPS * 8) end
  end)

  it("refuses a scale where there is none to give, and finds NaN although it need not look", function()
    local packed, token = pack(int8 "row", support.random { 4, 12 }), core.scheme(int8 "token")
    local x = support.random { 2, 12 }
    assert.error_matches(function() core.integer_linear(x, packed, token, nil, nil, 1) end,
      "E%-SC%-12: a scale is given, but int8 token")
    assert.error_matches(function() core.integer_linear(x, packed, core.scheme(int8 "tensor"), nil, nil, 0) end,
      "E%-SC%-12: the given scale is 0")
    x:set(13, math.huge)
    local y, message, id = core.integer_linear(x, packed, core.scheme(int8 "tensor"), nil, nil, 1)
    assert.same({ nil, "E-SC-04", "row 2, column 1 is infinity, expected a finite number" }, { y, id, message })
  end)

  it("gives zero for zero activations, and the bias alone", function()
    local w, bias = support.random { 3, 8 }, support.random { 3 }
    local x = core.tensor("f32", { 2, 8 })
    for _, pair in ipairs(pairs_for(8)) do
      local packed <close> = pack(pair[1], w)
      local y = core.integer_linear(x, packed, core.scheme(pair[2]), bias):totable()
      for i, v in ipairs(y) do assert.equal(bias:get((i - 1) % 3 + 1), v) end
    end
  end)

  it("keeps the leading dimensions, reads strided rows and every float bias", function()
    local w = support.random { 3, 8 }
    local packed = pack(int8 "row", w)
    local token = core.scheme(int8 "token")
    local x = support.random { 2, 5, 8 }
    local y = core.integer_linear(x, packed, token)
    assert.same({ 2, 5, 3 }, { y:shape() })
    assert.same({ 3 }, { core.integer_linear(x:reshape({ 10, 8 }):rows(1):reshape { 8 }, packed, token):shape() })
    local wide = support.random { 4, 12 }
    local view = wide:columns(3, 10)
    assert.equal(core.integer_linear(view:copy(), packed, token):tobytes(),
      core.integer_linear(view, packed, token):tobytes())
    for _, dtype in ipairs { "f16", "bf16" } do
      local bias = support.random({ 3 }):to(dtype)
      assert.equal(core.integer_linear(view, packed, token, bias:to "f32"):tobytes(),
        core.integer_linear(view, packed, token, bias):tobytes())
    end
    assert.same({ 0, 3 }, { core.integer_linear(core.tensor("f32", { 0, 8 }), packed, token):shape() })
  end)

  it("writes into `out`, also over its own input", function()
    local w, x = support.random { 8, 8 }, support.random { 3, 8 }
    local packed, token = pack(int8 "row", w), core.scheme(int8 "token")
    local want = core.integer_linear(x, packed, token)
    assert.equal(x, core.integer_linear(x, packed, token, nil, x))
    assert.equal(want:tobytes(), x:tobytes())
    local big = support.random { 4, 8 }
    assert.error_matches(function()
      core.integer_linear(big:rows(1, 3), packed, token, nil, big:rows(2, 4))
    end, "E%-TN%-12")
    assert.error_matches(function()
      core.integer_linear(x, packed, token, nil, core.tensor("f32", { 8, 3 }))
    end, "E%-TN%-07")
  end)

  it("takes the workspace it says, whatever the number of rows", function()
    local w = support.random { 40, 20 }
    for _, pair in ipairs { { int8 "row", int8 "token" }, { int4(16), int4(16, "amax_reciprocal") } } do
      local packed <close> = pack(pair[1], w)
      local scheme = core.scheme(pair[2])
      for _, rows in ipairs { 1, 7, 1024, 1500 } do
        local x <close> = support.random { rows, 20 }
        local y <close> = core.tensor("f32", { rows, 40 })
        core.reset_peak()
        local before = core.memory().bytes
        core.integer_linear(x, packed, scheme, nil, y)
        assert.equal(packed:workspace(rows), core.memory().peak - before)
      end
      assert.equal(packed:workspace(1024), packed:workspace(1 << 40))
    end
  end)

  it("refuses pairs of schemes without an integer kernel, naming both", function()
    local w, x = support.random { 4, 12 }, support.random { 2, 12 }
    local eight, four = pack(int8 "row", w), pack(int4(4), w)
    local refused = {
      { eight, int4(4) },
      { four, int4(3) },
      { pack(int4(nil), w), int4(4) },
      { eight, int8 "row" },
      { eight, { bits = 8, granularity = "block", block = { 1, 4 }, convention = "amax" } },
      { eight, { bits = 8, granularity = "token", convention = "minmax_int_zero" } },
    }
    for _, case in ipairs(refused) do
      assert.error_matches(function() core.integer_linear(x, case[1], core.scheme(case[2])) end,
        "E%-SC%-08: no integer kernel for weights in int%d.* with activations in u?int%d")
    end
  end)

  it("refuses shapes that do not go together", function()
    local packed, token = pack(int8 "row", support.random { 4, 12 }), core.scheme(int8 "token")
    assert.error_matches(function() core.integer_linear(support.random { 2, 11 }, packed, token) end,
      "E%-SC%-10: the input is f32 2x11, expected 12 columns for weights of 4 x 12")
    local single = pack(int8 "row", support.random { 4, 1 })
    assert.error_matches(function() core.integer_linear(core.tensor("f32", {}), single, token) end,
      "E%-SC%-10: the input is f32 scalar, expected 1 columns")
    local x = support.random { 2, 12 }
    assert.error_matches(function() core.integer_linear(x, packed, token, support.random { 5 }) end,
      "E%-SC%-10: the bias is f32 5, expected 4 elements")
    assert.error_matches(function() core.integer_linear(x, packed, token, core.tensor("i8", { 4 })) end,
      "E%-TN%-04: the bias is i8 4")
    assert.error_matches(function() core.integer_linear(x:to "f64", packed, token) end,
      "E%-TN%-04: the input is f64 2x12")
  end)

  it("names the NaN among the activations, counting rows from the first", function()
    local packed = pack(int8 "row", support.random { 1, 2 })
    local x = support.random { 1500, 2 }
    x:set(2 * 1300 + 2, 0 / 0)
    for _, granularity in ipairs { "token", "tensor" } do
      local y, message, id = core.integer_linear(x, packed, core.scheme(int8(granularity)))
      assert.is_nil(y)
      assert.equal("E-SC-04", id)
      assert.matches("row 1301, column 2 is NaN", message, 1, true)
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x, bias = support.random { 2, 8 }, support.random { 3 }
    local packed <close> = pack(int8 "row", support.random { 3, 8 })
    local token, tensor = core.scheme(int8 "token"), core.scheme(int8 "tensor")
    -- The result's two blocks, the coded activations, and the ranges of a shared step.
    assert.equal(3, support.sweep(function() return core.integer_linear(x, packed, token, bias) end))
    assert.equal(4, support.sweep(function() return core.integer_linear(x, packed, tensor, bias) end))
  end)
end)

describe("core.decoded_linear", function()
  local function schemes(cols)
    local list = {}
    for _, convention in ipairs { "amax_half_step", "amax", "minmax_float_zero", "minmax_int_zero" } do
      for _, bits in ipairs { 4, 8 } do
        list[#list + 1] = { bits = bits, granularity = "row", convention = convention, scale_dtype = "f16" }
        list[#list + 1] = { bits = bits, granularity = "group", group = math.min(cols, 9),
          convention = convention, scale_dtype = "bf16" }
      end
    end
    list[#list + 1] = { element = "f8e4m3", granularity = "row", convention = "amax" }
    list[#list + 1] = { element = "f8e4m3", granularity = "block", block = { 32, 40 }, convention = "amax" }
    for _, convention in ipairs { "nvfp4", "svdq_nvfp4" } do
      list[#list + 1] = { element = "f4e2m1", granularity = "group", group = math.min(cols, 16),
        convention = convention }
    end
    return list
  end

  for _, size in ipairs { { 1, 1, 1 }, { 3, 33, 7 }, { 9, 70, 64 }, { 2, 5, 1030 }, { 515, 2, 3 } } do
    local m, n, k = table.unpack(size)
    it(("multiplies by the decoded weights, %d x %d x %d"):format(m, n, k), function()
      local x, w, bias = support.random({ m, k }, 3), support.random({ n, k }, 4), support.random({ n }, 5)
      local a = rows_of(x)
      for i, fields in ipairs(schemes(k)) do
        local coded <close> = core.encode(core.scheme(fields), w)
        local b = rows_of(coded:decode())
        local with = i % 2 == 1 and bias or nil
        local got = core.decoded_linear(x, coded, with):totable()
        for r = 1, m do
          for c = 1, n do
            local sum = with and bias:get(c) or 0
            local terms = math.abs(sum)
            for p = 1, k do
              sum, terms = sum + a[r][p] * b[c][p], terms + math.abs(a[r][p] * b[c][p])
            end
            -- One rounding for each product and each sum, in any order, and one for the bias.
            local error = math.abs(got[(r - 1) * n + c] - sum)
            assert(error <= (2 * k + 2) * EPS * terms, ("%s: %g at %d, %d"):format(coded, error, r, c))
          end
        end
      end
    end)
  end

  it("gives the same bits for any number of threads", function()
    local x, w = support.random({ 600, 40 }, 1), support.random({ 100, 40 }, 2)
    local coded <close> = core.encode(core.scheme { bits = 4, granularity = "group", group = 32,
      convention = "minmax_float_zero", scale_dtype = "bf16" }, w)
    for _, backend in ipairs(coding.backends()) do
      local first
      coding.everywhere(function(where)
        if core.backend() ~= backend then return end
        local y <close> = core.decoded_linear(x, coded)
        first = first or y:tobytes()
        assert(y:tobytes() == first, where)
      end)
    end
  end)

  it("writes over what `out` held", function()
    local coded = core.encode(core.scheme(int8 "row"), support.random { 5, 12 })
    local x, out = support.random { 2, 12 }, support.random { 2, 5 }
    local want = core.decoded_linear(x, coded)
    assert.equal(out, core.decoded_linear(x, coded, nil, out))
    assert.equal(want:tobytes(), out:tobytes())
  end)

  it("takes no memory beside the result", function()
    local coded = core.encode(core.scheme(int8 "row"), support.random { 70, 600 })
    local x, y, bias = support.random { 3, 600 }, core.tensor("f32", { 3, 70 }), support.random({ 70 }):to "f16"
    core.reset_peak()
    local before = core.memory().bytes
    core.decoded_linear(x, coded, bias, y)
    assert.equal(before, core.memory().peak)
  end)

  it("gives the bias alone for weights without inputs", function()
    local coded = core.encode(core.scheme(int8 "row"), core.tensor("f32", { 3, 0 }))
    local out = support.random { 2, 3 }
    local y = core.decoded_linear(core.tensor("f32", { 2, 0 }), coded, core.tensor_of("f32", { 3 }, { 1, 2, 3 }), out)
    assert.same({ 1, 2, 3, 1, 2, 3 }, y:totable())
  end)

  it("refuses shapes, dtypes and outputs that do not go together", function()
    local coded = core.encode(core.scheme(int8 "row"), support.random { 12, 12 })
    local x = support.random { 2, 12 }
    assert.error_matches(function() core.decoded_linear(support.random { 2, 11 }, coded) end, "E%-SC%-10")
    assert.error_matches(function() core.decoded_linear(x:to "f16", coded) end, "E%-TN%-04")
    assert.error_matches(function() core.decoded_linear(x, coded, support.random { 11 }) end, "E%-SC%-10")
    assert.error_matches(function() core.decoded_linear(x, coded, nil, x) end, "E%-TN%-12")
    assert.error_matches(function() core.decoded_linear(support.random({ 2, 24 }):columns(1, 12), coded) end,
      "E%-TN%-06")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x = support.random { 2, 8 }
    local coded <close> = core.encode(core.scheme(int8 "row"), support.random { 3, 8 })
    assert.equal(2, support.sweep(function() return core.decoded_linear(x, coded) end))
  end)
end)
