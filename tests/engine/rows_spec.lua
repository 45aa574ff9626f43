local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local function int8(granularity)
  return core.scheme { bits = 8, granularity = granularity, convention = "amax_half_step" }
end

local function int4(group, convention)
  return core.scheme { bits = 4, granularity = group and "group" or "row", group = group,
    convention = convention or "amax", scale_dtype = "bf16" }
end

local function float4(group, convention)
  return core.scheme { element = "f4e2m1", granularity = "group", group = group, convention = convention,
    scale_dtype = "f8e4m3" }
end

local function float8(granularity, block)
  return core.scheme { element = "f8e4m3", granularity = granularity, block = block, convention = "amax" }
end

local function pack(scheme, out, cols)
  local coded <close> = assert(core.encode(scheme, support.random({ out or 5, cols }, 9)))
  return core.pack(coded)
end

-- The bytes of the product of the rows of x, which are the same for the same rows.
local function bits_of(x, packed, options)
  local rows <close> = assert(core.rows(x, packed, options))
  return core.product(rows, packed):tobytes()
end

-- Weights and activations that meet in each kind of strips, of 24 columns or more.
local function kinds()
  return {
    { "f32", int4(8), nil },
    { "int8", int8 "row", int8 "token" },
    { "int8", int8 "row", int8 "tensor" },
    { "grouped", int4(8), int4(8, "amax_reciprocal") },
    { "grouped", int4(nil), int8 "token" },
    { "grouped", float4(8, "nvfp4"), float4(8, "nvfp4") },
    { "grouped", float4(3, "svdq_nvfp4_stored"), float4(3, "svdq_nvfp4_stored") },
    { "float8", float8 "row", float8 "token" },
    { "float8", float8("block", { 4, 8 }), float8("block", { 1, 8 }) },
  }
end

describe("core.rows", function()
  it("says what they are, and close", function()
    local x = support.random { 2, 3, 24 }
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      local rows = core.rows(x, packed, { scheme = case[3] })
      assert.equal(case[1], rows:kind())
      assert.equal("rows 6x24, " .. case[1], tostring(rows))
      assert.same({ 2, 3, 24 }, { rows:shape() })
      rows:close()
      rows:close()
      assert.equal("rows (closed)", tostring(rows))
      assert.error_matches(function() rows:bytes() end, "rows are closed")
    end
  end)

  it("smooth, read every float type and strided rows, with the bits of doing that before", function()
    local wide, smooth = support.random({ 26, 40 }, 1), support.random({ 24 }, 2)
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      for _, dtype in ipairs { "f32", "f16", "bf16" } do
        local view = wide:to(dtype):columns(7, 30)
        local plain = view:to("f32"):copy()
        assert.equal(bits_of(plain, packed, { scheme = case[3] }), bits_of(view, packed, { scheme = case[3] }))
        assert.equal(bits_of(plain:div(smooth), packed, { scheme = case[3] }),
          bits_of(view, packed, { scheme = case[3], smooth = smooth }))
      end
    end
  end)

  it("fuse what comes before the product, with the bits of the operators", function()
    local x, u = support.random({ 2, 13, 24 }, 1), support.random({ 2, 13, 24 }, 2)
    local weight, bias = support.random({ 24 }, 3):to "f16", support.random({ 24 }, 4)
    local both = support.random({ 2, 60 }, 5)
    local shift, scale = both:columns(3, 26), both:columns(31, 54)
    local fused = {
      { { norm = "layer", eps = 1e-6 }, core.layer_norm(x, 1e-6) },
      { { norm = "layer", eps = 1e-5, weight = weight, bias = bias },
        core.layer_norm(x, 1e-5, weight, bias) },
      { { norm = "layer", eps = 1e-6, shift = shift, mod_scale = scale },
        core.modulate(core.layer_norm(x, 1e-6), shift, scale) },
      { { norm = "rms", eps = 1e-5, weight = weight }, core.rms_norm(x, weight, 1e-5) },
      { { shift = shift, mod_scale = scale }, core.modulate(x, shift, scale) },
      { { gelu = "tanh" }, core.gelu(x, "tanh") },
      { { gelu = "erf" }, core.gelu(x, "erf") },
      { { silu_mul = u }, core.silu_mul(x, u) },
    }
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      local down <close> = core.pack_floats(support.random({ 5, 24 }, 6))
      for i, pair in ipairs(fused) do
        local options, want = pair[1], pair[2]
        options.scheme = case[3]
        assert.equal(bits_of(want, packed, { scheme = case[3] }), bits_of(x, packed, options), i .. case[1])
        options.down = down
        local rows <close> = core.rows(x, packed, options)
        local plain <close> = core.rows(want, packed, { scheme = case[3], down = down })
        local up <close> = core.pack_floats(support.random({ 5, 5 }, 7))
        assert.equal(core.product(plain, packed, { up = up }):tobytes(),
          core.product(rows, packed, { up = up }):tobytes())
        options.down = nil
      end
    end
  end)

  it("take the one scale of the activations that they are given, and clip", function()
    local scheme, x = int8 "tensor", support.random { 5, 8 }
    local packed <close> = pack(scheme, 3, 8)
    local own = core.encode(scheme, x):tensors().scale:get(1)
    assert.equal(bits_of(x, packed, { scheme = scheme }), bits_of(x, packed, { scheme = scheme, scale = own }))
    local clipped = x:clamp(-128 * own / 2, 127 * own / 2)
    assert.equal(bits_of(clipped, packed, { scheme = scheme, scale = own / 2 }),
      bits_of(x, packed, { scheme = scheme, scale = own / 2 }))
    local token, message = int8 "token", "E%-SC%-12: "
    local function with(options)
      return function() core.rows(x, packed, options) end
    end
    assert.error_matches(with { scheme = token, scale = 1 }, message .. "a scale is given, but int8 token")
    assert.error_matches(with { scale = 1 }, message .. "a scale is given, but no scheme")
    assert.error_matches(with { scheme = scheme, scale = 0 }, message .. "the given scale is 0")
  end)

  it("name what is not finite, after smoothing, wherever it lies and whatever the scale", function()
    for _, case in ipairs(kinds()) do
      for _, bad in ipairs { 0 / 0, math.huge, -math.huge } do
        local packed <close> = pack(case[2], 5, 24)
        local x = support.random { 2, 14, 24 }
        x:set(24 * 25 + 24, bad)
        x:set(24 * 27 + 1, bad)
        local rows, message, id = core.rows(x, packed, { scheme = case[3] })
        if case[3] then
          local word = bad ~= bad and "NaN" or bad > 0 and "infinity" or "-infinity"
          assert.same({ nil, "E-SC-04", ("row 26, column 24 is %s, expected a finite number"):format(word) },
            { rows, id, message })
        else
          assert.equal("f32", rows:kind()) -- floats go through
        end
      end
    end
    local packed, scheme = pack(int8 "row", 5, 4), int8 "tensor"
    local rows, message, id = core.rows(core.tensor_of("f32", { 1, 4 }, { 1, 2, 1, 1 }), packed,
      { scheme = scheme, smooth = core.tensor_of("f32", { 4 }, { 1, 0, 1, 1 }) })
    assert.same({ nil, "row 1, column 2 is infinity, expected a finite number", "E-SC-04" }, { rows, message, id })
    rows, message, id = core.rows(core.tensor_of("f32", { 1, 4 }, { 1, 0 / 0, 1, 1 }), packed,
      { scheme = scheme, scale = 1 })
    assert.same({ nil, "row 1, column 2 is NaN, expected a finite number", "E-SC-04" }, { rows, message, id })
  end)

  it("name a step that does not fit its dtype", function()
    local scheme = core.scheme { bits = 4, granularity = "group", group = 2, convention = "amax", scale_dtype = "f16" }
    local packed = pack(scheme, 5, 4)
    local x = support.matrix { { 1, 2, 3, 4 }, { 1, 2, 3, 1e6 } }
    local rows, message, id = core.rows(x, packed, { scheme = scheme })
    assert.same({ nil, "E-SC-05", "row 2, columns 3 to 4 reach 1e+06: the step does not fit f16 scales" },
      { rows, id, message })
    local tensor = core.scheme { bits = 8, granularity = "tensor", convention = "amax", scale_dtype = "f16" }
    rows, message, id = core.rows(support.matrix { { 1, 1e8, 3, 4 } }, pack(tensor, 5, 4), { scheme = tensor })
    assert.same({ nil, "E-SC-05" }, { rows, id }, message)
  end)

  it("take zeros, the smallest and the largest numbers", function()
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      local x = core.tensor("f32", { 3, 24 })
      for i = 1, 24 do
        x:set(24 + i, 2.0 ^ -149 * i)
        x:set(48 + i, i % 2 == 0 and 3e4 or -1e-30)
      end
      local seen = case[3] and core.simulate(case[3], x) or x
      local rows <close> = core.rows(x, packed, { scheme = case[3] })
      local got = core.product(rows, packed):totable()
      local again = core.rows(seen, packed)
      local want = core.product(again, packed):totable()
      for i, v in ipairs(got) do
        -- Up to 24 values of 3e4 or less by weights of 1 or less, in another order; what is
        -- subnormal may be lost.
        local size = i <= 5 and 0 or i <= 10 and 2.0 ^ -140 or 24 * 3e4
        assert(math.abs(v - want[i]) <= 60 * 2.0 ^ -24 * size + (i > 5 and 2.0 ^ -140 or 0), case[1] .. i)
      end
    end
  end)

  it("hold every f8e4m3 as it is, subnormals too", function()
    local codes = {}
    for i = 0, 127 do codes[i + 1] = string.char(i ~= 127 and i or 0, 128 + (i ~= 127 and i or 0)) end
    local values = core.tensor_of("f8e4m3", { 256 }, table.concat(codes)):to "f32"
    local x = core.tensor("f32", { 256, 40 })
    for i = 1, 256 do
      x:set(i * 40, 448) -- makes the scale 1
      for c = 1, 39 do x:set((i - 1) * 40 + c, values:get((i * 39 + c) % 256 + 1)) end
    end
    local eye = core.tensor("f32", { 39, 40 })
    for c = 1, 39 do eye:set((c - 1) * 40 + c, 1) end
    local rows <close> = core.rows(x, core.pack(core.encode(float8 "row", eye)), { scheme = float8 "token" })
    local got = core.product(rows, core.pack(core.encode(float8 "row", eye))):totable()
    for i = 1, 256 do
      for c = 1, 39 do
        local v = x:get((i - 1) * 40 + c)
        -- The weight 448 times its scale, 1 / 448: three roundings.
        assert.is_true(math.abs(got[(i - 1) * 39 + c] - v) <= 4 * 2.0 ^ -24 * math.abs(v), v)
      end
    end
  end)

  it("take the bytes they say, and no more", function()
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      local down <close> = core.pack_floats(support.random { 3, 24 })
      for _, m in ipairs { 0, 1, 12, 13, 500 } do
        local x <close> = core.tensor("f32", { m, 24 })
        for _, rank in ipairs { 0, 3 } do
          collectgarbage()
          collectgarbage()
          local before = core.memory().bytes
          local rows <close> = core.rows(x, packed, { scheme = case[3], down = rank > 0 and down or nil })
          assert.equal(rows:bytes(), core.memory().bytes - before)
          assert.equal(rows:bytes(), packed:workspace(m, case[3], rank))
        end
      end
    end
    -- By hand: codes, scales; sums; f32.
    assert.equal(10 * (24 + 4), pack(int8 "row", 5, 24):workspace(10, int8 "token"))
    assert.equal(10 * (24 + 3 * 8), pack(int4(8), 5, 24):workspace(10, int4(8)))
    assert.equal(10 * (24 + 4 + 4), pack(int4(nil), 5, 24):workspace(10, int8 "token"))
    assert.equal(10 * 4 * (24 + 7), pack(int4(8), 5, 24):workspace(10, nil, 7))
    assert.error_matches(function() pack(int8 "row", 5, 24):workspace(1 << 31) end, "E%-TN%-01: 2147483648 rows")
    assert.error_matches(function() pack(int8 "row", 5, 24):workspace(1, nil, 1 << 62) end, "E%-TN%-01")
  end)

  it("use the memory of other rows again, and theirs is gone", function()
    local packed <close> = pack(int4(8), 5, 24)
    local x, options = support.random({ 30, 24 }, 1), { scheme = int4(8) }
    local rows <close> = core.rows(x, packed, options)
    local few = x:rows(3, 9)
    collectgarbage()
    collectgarbage()
    local held = core.memory()
    assert.equal(rows, core.rows(few, packed, options, rows))
    assert.equal(held.bytes, core.memory().bytes)
    assert.same({ 7, 24 }, { rows:shape() })
    assert.equal(bits_of(few, packed, options), core.product(rows, packed):tobytes())
    local more <close> = support.random { 31, 24 }
    held = core.memory()
    core.rows(more, packed, options, rows)
    assert.equal(held.blocks, core.memory().blocks)
    assert.equal(held.bytes + packed:workspace(31, options.scheme) - packed:workspace(30, options.scheme),
      core.memory().bytes)
    x:set(24 * 2 + 1, 0 / 0)
    assert.is_nil((core.rows(few, packed, options, rows)))
    assert.equal("rows (closed)", tostring(rows))
    x:set(24 * 2 + 1, 0)
    core.rows(few, packed, options, rows) -- closed rows can be made again
    assert.equal(bits_of(few, packed, options), core.product(rows, packed):tobytes())
  end)

  it("have the same bits with any number of threads", function()
    local x, down = support.random({ 100, 24 }, 1), core.pack_floats(support.random({ 40, 24 }, 2))
    local up = core.pack_floats(support.random({ 5, 40 }, 3))
    for _, case in ipairs(kinds()) do
      local packed <close> = pack(case[2], 5, 24)
      local first = {}
      coding.everywhere(function(where)
        local rows <close> = core.rows(x, packed, { scheme = case[3], down = down, gelu = "tanh" })
        local y <close> = core.product(rows, packed, { up = up })
        local backend = core.backend()
        first[backend] = first[backend] or y:tobytes()
        assert(y:tobytes() == first[backend], where)
      end)
    end
  end)

  it("refuse pairs of schemes without a kernel, naming both", function()
    local x = support.random { 2, 12 }
    local eight, four, floats = int8 "row", int4(4), core.pack_floats(support.random { 4, 12 })
    local block = core.scheme { bits = 8, granularity = "block", block = { 1, 4 }, convention = "amax" }
    local refused = {
      { eight, int4(4) }, { four, int4(3) }, { int4(nil), int4(4) }, { eight, eight }, { eight, block },
      { eight, core.scheme { bits = 8, granularity = "token", convention = "minmax_int_zero" } },
      { core.scheme { bits = 8, granularity = "group", group = 4, convention = "amax" }, int8 "token" },
      { core.scheme { bits = 8, granularity = "row", convention = "minmax_int_zero" }, int8 "token" },
      { core.scheme { bits = 4, granularity = "group", group = 4, convention = "minmax_float_zero" }, int8 "token" },
      { four, float8 "token" }, { float8 "row", int8 "token" }, { float8 "row", float8("block", { 1, 4 }) },
      { eight, float4(4, "nvfp4") },
    }
    for _, case in ipairs(refused) do
      local packed <close> = pack(case[1], 4, 12)
      assert.error_matches(function() core.rows(x, packed, { scheme = case[2] }) end,
        "E%-SC%-08: no kernel for weights in .* with activations in .*; `vise explain")
    end
    assert.error_matches(function() core.rows(x, floats, { scheme = int8 "token" }) end,
      "E%-SC%-08: no kernel for weights in f32 with activations in int8 token")
  end)

  it("refuse integer sums that could overflow", function()
    local wide = core.tensor("f32", { 1, 65540 })
    local packed = core.pack(core.encode(int8 "row", wide))
    assert.error_matches(function() core.rows(wide, packed, { scheme = int8 "token" }) end,
      "E%-SC%-09: 65540 inputs that share a scale in int8 token.*at most 65536")
    assert.equal("f32", core.rows(wide, packed):kind())
  end)

  it("refuse shapes that do not go together", function()
    local packed, token, x = pack(int8 "row", 4, 12), int8 "token", support.random { 2, 12 }
    local function with(options, input)
      return function()
        options.scheme = token
        core.rows(input or x, packed, options)
      end
    end
    assert.error_matches(with({}, support.random { 2, 11 }),
      "E%-SC%-10: the input is f32 2x11, expected 12 columns for weights of 4 x 12")
    assert.error_matches(function() core.rows(core.tensor("f32", {}), pack(int8 "row", 4, 1)) end,
      "E%-SC%-10: the input is f32 scalar, expected 1 columns")
    assert.error_matches(with({}, x:to "f64"), "E%-TN%-04: the input is f64 2x12")
    assert.error_matches(with { smooth = support.random { 11 } }, "E%-TN%-08: the smoothing is f32 11")
    assert.error_matches(with { smooth = support.random({ 12 }):to "f16" }, "E%-TN%-04: the smoothing is f16 12")
    assert.error_matches(with { down = packed }, "E%-SC%-10: `down` is int8 4 x 12")
    assert.error_matches(with { down = core.pack_floats(support.random { 3, 11 }) }, "E%-SC%-10: `down` is f32 3 x 11")
    assert.error_matches(with { norm = "layer", weight = support.random { 11 } }, "E%-TN%-08: the weight is f32 11")
    assert.error_matches(with { silu_mul = support.random { 3, 12 } }, "E%-TN%-08: the factor is f32 3x12")
    assert.error_matches(with { shift = support.random { 2, 12 } }, "E%-TN%-08: a shift and a scale come together")
    local shift = support.random { 2, 12 }
    assert.error_matches(with { shift = shift, mod_scale = shift }, "E%-TN%-08: the input is f32 2x12, expected 3 dim")
    assert.error_matches(with({ shift = shift, mod_scale = support.random { 2, 11 } }, support.random { 2, 3, 12 }),
      "E%-TN%-08: the scale is f32 2x11")
  end)

  it("refuse options that mean nothing", function()
    local packed, x = pack(int8 "row", 4, 12), support.random { 2, 12 }
    for options, message in pairs {
      [{ norm = "batch" }] = "option 'norm' is \"layer\" or \"rms\"",
      [{ norm = "" }] = "option 'norm' is \"layer\" or \"rms\"",
      [{ gelu = "layer" }] = "'gelu' is \"tanh\" or \"erf\"",
      [{ gelu = "erf", norm = "rms" }] = "give one of norm, gelu and silu_mul",
      [{ eps = 1 }] = "eps, weight and bias belong to a norm",
      [{ norm = "rms", eps = -1 }] = "option 'eps' must be 0 or more",
      [{ norm = 3 }] = "option 'norm' must be a string",
      [{ scale = "big" }] = "option 'scale' must be a number",
      [{ scheme = 4 }] = "option 'scheme' must be a scheme",
      [{ smooth = packed }] = "option 'smooth' must be an open tensor",
      [{ smoth = x }] = "unknown option 'smoth'",
      [{ x }] = "option names are strings",
    } do
      assert.error_matches(function() core.rows(x, packed, options) end, message)
    end
  end)

  it("run no code between the options", function()
    local packed, x, smooth = pack(int8 "row", 4, 12), support.random { 2, 12 }, support.random { 12 }
    local want, asked = bits_of(x, packed, { smooth = smooth }), 0
    local options = setmetatable({ smooth = smooth }, { __index = function()
      asked = asked + 1
      smooth:close()
    end })
    assert.equal(want, bits_of(x, packed, options))
    assert.equal(0, asked)
  end)

  it("leak nothing, whichever allocation fails", function()
    local x, half = support.random { 2, 8 }, support.random({ 8 }):to "f16"
    local packed <close> = pack(int8 "row", 3, 8)
    -- The rows and the scratch; the ranges of a shared step; a norm's weight as f32, two blocks.
    assert.equal(2, support.sweep(function() return core.rows(x, packed, { scheme = int8 "token" }) end))
    assert.equal(3, support.sweep(function() return core.rows(x, packed, { scheme = int8 "tensor" }) end))
    assert.equal(4, support.sweep(function()
      return core.rows(x, packed, { scheme = int8 "token", norm = "rms", weight = half })
    end))
  end)
end)
