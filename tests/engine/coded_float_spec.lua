-- Float elements, blocks and two-level scales: codes, steps and values against the oracle of
-- tests/engine/coding.lua, and against files that cache-dit's own packer made.

local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local matrix = support.matrix

local function encode(fields, rows)
  local x <close> = matrix(rows)
  return assert(core.encode(core.scheme(fields), x))
end

-- Codes, steps and values must be those of the oracle, to the bit: every operation is defined.
local function agrees(fields, rows)
  local want = coding.encode(fields, rows)
  local coded <close> = encode(fields, rows)
  local tensors = coded:tensors()
  local where = tostring(coded)
  assert(coding.code_bytes(fields, want.codes) == tensors.codes:tobytes(), where .. ": other codes")
  assert.same(want.scales, tensors.scale:totable(), where)
  if tensors.second then assert.same(want.uppers, tensors.second:totable(), where) end
  local values, got = {}, coded:decode():totable()
  for _, row in ipairs(want.values) do table.move(row, 1, #row, #values + 1, values) end
  assert.same(values, got, where)
end

local function f8(granularity, more)
  local f = { element = "f8e4m3", granularity = granularity, convention = "amax", scale_dtype = "f32" }
  for k, v in pairs(more or {}) do f[k] = v end
  return f
end

local function f4(convention, more)
  local f = { element = "f4e2m1", granularity = "group", group = 16, convention = convention }
  for k, v in pairs(more or {}) do f[k] = v end
  return f
end

local TWO_LEVELS = { "nvfp4", "svdq_nvfp4", "svdq_nvfp4_low", "svdq_nvfp4_stored" }

-- `base` in every granularity that a matrix of 11 x 13 can have.
local function granularities(base)
  local list = {}
  local function add(more)
    local f = {}
    for k, v in pairs(base) do f[k] = v end
    for k, v in pairs(more) do f[k] = v end
    if f.granularity ~= "group" then f.group = nil end
    list[#list + 1] = f
  end
  add { granularity = "tensor" }
  add { granularity = "row" }
  add { granularity = "token" }
  add { granularity = "group", group = 5 }
  add { granularity = "group", group = 13 }
  for _, block in ipairs { { 1, 4 }, { 4, 4 }, { 3, 13 }, { 11, 1 }, { 128, 128 } } do
    add { granularity = "block", block = block }
  end
  return list
end

describe("core.encode", function()
  for _, convention in ipairs { "amax", "amax_reciprocal" } do
    it("gives f8e4m3 the codes, steps and values of the definition, " .. convention, function()
      for i, dtype in ipairs { "f32", "f16", "bf16" } do
        for _, fields in ipairs(granularities(f8("row", { convention = convention, scale_dtype = dtype }))) do
          agrees(fields, coding.awkward(11, 13, i, dtype ~= "f16"))
        end
      end
    end)

    it("gives f4e2m1 the codes, steps and values of the definition, " .. convention, function()
      for i, dtype in ipairs { "f32", "f16", "bf16", "f8e4m3" } do
        for _, fields in ipairs(granularities(f4(convention, { scale_dtype = dtype }))) do
          agrees(fields, coding.awkward(11, 13, i, dtype ~= "f16" and dtype ~= "f8e4m3"))
        end
      end
    end)
  end

  it("gives integers in blocks what the definition says", function()
    for _, convention in ipairs { "amax", "amax_half_step", "minmax_float_zero", "minmax_int_zero" } do
      for _, bits in ipairs { 4, 8 } do
        for _, block in ipairs { { 1, 4 }, { 4, 5 }, { 128, 128 } } do
          agrees({ bits = bits, granularity = "block", block = block, convention = convention, scale_dtype = "bf16" },
            coding.awkward(11, 13, 3, true))
        end
      end
    end
  end)

  for _, convention in ipairs(TWO_LEVELS) do
    it("gives " .. convention .. " both levels of the definition", function()
      for i, dtype in ipairs { "f32", "f16", "bf16" } do
        for _, group in ipairs { 1, 5, 16, 33 } do
          agrees(f4(convention, { group = group, second_dtype = dtype }), coding.awkward(11, 33, i, dtype ~= "f16"))
        end
      end
      agrees(f4(convention), { coding.awkward(1, 16, 1, false)[1] })
      for _, size in ipairs { 1e-34, 1e-35, 1e-36, 1e-37, 2.0 ^ -140, 2.0 ^ -149, 1e38 } do -- t small, inverted or not
        local row = {}
        for c = 1, 16 do row[c] = coding.round(size * math.cos(c), "f32") end
        agrees(f4(convention), { row })
      end
    end)
  end

  it("rounds to every f8e4m3, ties to the even one", function()
    -- A row whose largest value is 448 has the scale 1: codes are those of the numbers themselves.
    -- The sign of a zero is kept.
    local bytes = {}
    for code = 0, 0x7e do bytes[#bytes + 1] = string.char(code) end
    local values = core.tensor_of("f8e4m3", { #bytes }, table.concat(bytes)):to("f32"):totable()
    local row, want = {}, {}
    for i = 1, #values do
      local a, b = values[i], values[i + 1]
      row[#row + 1], want[#want + 1] = a, i - 1
      row[#row + 1], want[#want + 1] = -a, 128 + i - 1
      if b then
        row[#row + 1], want[#want + 1] = (a + b) / 2, i % 2 == 1 and i - 1 or i
        row[#row + 1], want[#want + 1] = a + (b - a) * 0.499, i - 1
        row[#row + 1], want[#want + 1] = a + (b - a) * 0.501, i
      end
    end
    local coded <close> = encode(f8 "row", { row })
    assert.same({ 1 }, coded:tensors().scale:totable())
    assert.same(want, { coded:tensors().codes:tobytes():byte(1, #want) })
  end)

  it("rounds to every f4e2m1: ties to even, SVDQuant's weights to the smaller; never to -0", function()
    local values, even, smaller = { 0, .5, 1, 1.5, 2, 3, 4, 6 }, {}, {}
    local row = {}
    for i, v in ipairs(values) do
      local tie = v + ((values[i + 1] or v) - v) / 2
      for _, sign in ipairs { 1, -1 } do
        row[#row + 1], even[#even + 1], smaller[#smaller + 1] = sign * v, sign * v, sign * v
        local up = i % 2 == 0 and values[i + 1] or v
        row[#row + 1], even[#even + 1], smaller[#smaller + 1] = sign * tie, sign * up, sign * v
      end
    end
    local group = { group = #row, scale_dtype = "f32" }
    local plain <close> = encode(f4("amax", group), { row })
    assert.same(even, plain:decode():totable())
    -- The largest value 6 gives t = 6 / 2688 and s = 448: t s = 1.
    local svdq <close> = encode(f4("svdq_nvfp4_stored", { group = #row }), { row })
    local got = svdq:decode():totable()
    for i, v in ipairs(smaller) do assert.near(v, got[i], 1e-6) end
    for _, coded in ipairs { plain, svdq } do
      for byte in coded:tensors().codes:tobytes():gmatch "." do
        assert.is_true(byte:byte() & 15 ~= 8 and byte:byte() >> 4 ~= 8)
      end
    end
  end)

  it("keeps what decoding gives: encoding again changes nothing", function()
    for _, fields in ipairs { f8 "row", f8("block", { block = { 4, 8 } }) } do
      local coded <close> = encode(fields, coding.awkward(8, 16, 1, false))
      local again <close> = core.encode(core.scheme(fields), coded:decode())
      assert.equal(coded:decode():tobytes(), again:decode():tobytes())
    end
  end)

  it("gives zeros for zeros", function()
    for _, fields in ipairs { f8 "tensor", f8 "row", f8("block", { block = { 2, 3 } }), f4 "amax",
      f4 "amax_reciprocal", f4 "nvfp4", f4 "svdq_nvfp4", f4 "svdq_nvfp4_low", f4 "svdq_nvfp4_stored" } do
      local x <close> = core.tensor("f32", { 3, 32 })
      local coded <close> = core.encode(core.scheme(fields), x)
      assert.same(x:totable(), coded:decode():totable())
      assert.same(x:totable(), core.simulate(core.scheme(fields), x):totable())
    end
  end)

  it("gives the same bits on every backend, with any number of threads", function()
    local rows = coding.awkward(300, 129, 5, true)
    local x <close> = matrix(rows)
    local list = { f8 "row", f8 "tensor", f8("block", { block = { 128, 128 } }), f8("block", { block = { 7, 50 } }) }
    for _, convention in ipairs(TWO_LEVELS) do list[#list + 1] = f4(convention, { second_dtype = "bf16" }) end
    for _, fields in ipairs(list) do
      local scheme, first = core.scheme(fields), nil
      coding.everywhere(function(where)
        local coded <close> = core.encode(scheme, x)
        local t = coded:tensors()
        local bits = coded:decode():tobytes() .. t.codes:tobytes() .. t.scale:tobytes()
          .. (t.second and t.second:tobytes() or "")
        first = first or bits
        assert(bits == first, tostring(scheme) .. where)
      end)
    end
  end)

  it("names NaN and infinity wherever they lie in a block", function()
    for _, fields in ipairs { f8("block", { block = { 4, 4 } }), f4 "nvfp4", f4 "svdq_nvfp4_stored" } do
      local x = support.random { 9, 32 }
      x:set(6 * 32 + 3, -math.huge)
      local coded, message, id = core.encode(core.scheme(fields), x)
      assert.same({ nil, "E-SC-04", "row 7, column 3 is -infinity, expected a finite number" }, { coded, id, message })
    end
  end)

  it("refuses what does not fit, naming where", function()
    local x = support.random { 5, 32 }
    x:set(3 * 32 + 20, 3e38)
    local _, message, id = core.encode(core.scheme(f8("block", { block = { 4, 16 }, scale_dtype = "f16" })), x)
    assert.same({ "E-SC-05", true }, { id, message:find("row 1, columns 17 to 32 reach 3e+38", 1, true) ~= nil })
    _, message, id = core.encode(core.scheme(f4("svdq_nvfp4_stored", { second_dtype = "f16" })), x)
    assert.same({ "E-SC-05", true }, { id, message:find("row 4, columns 1 to 32 reach 3e+38", 1, true) ~= nil })
    _, message, id = core.encode(core.scheme(f4("nvfp4", { second_dtype = "f16" })), x)
    assert.same({ "E-SC-05", true }, { id, message:find("values from -3e+38 to 3e+38", 1, true) ~= nil })
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x = support.random { 3, 32 }
    -- Two blocks a tensor; nvfp4 looks at the ranges of all tiles first.
    assert.equal(4, support.sweep(function() return core.encode(core.scheme(f8 "row"), x) end))
    assert.equal(7, support.sweep(function() return core.encode(core.scheme(f4 "nvfp4"), x) end))
    assert.equal(6, support.sweep(function() return core.encode(core.scheme(f4 "svdq_nvfp4_stored"), x) end))
  end)
end)

describe("SVDQuant's NVFP4", function()
  -- See tests/data/golden/README.md; "low" and "medium" are how the file was made.
  local files = { svdq_nvfp4_256x192_r32 = "svdq_nvfp4_low", svdq_nvfp4_128x128_r16 = "svdq_nvfp4" }
  for name, convention in pairs(files) do
    it(("gives what its own packer recorded in %s, by %s"):format(name, convention), function()
      local file <close> = assert(core.safetensors_open("tests/data/golden/" .. name .. ".safetensors"))
      local scheme = core.scheme(f4(convention, { second_dtype = "bf16" }))
      local parts = core.encode(scheme, file:tensor "natural.residual"):tensors()
      assert.equal(file:tensor("natural.wscales"):tobytes(), parts.scale:tobytes())
      assert.equal(file:tensor("natural.wcscales"):tobytes(), parts.second:tobytes())
      local want, bytes = file:tensor("natural.codes"):totable(), parts.codes:tobytes()
      for i = 0, #want // 2 - 1 do
        local byte = bytes:byte(i + 1)
        assert(want[2 * i + 1] == byte & 15 and want[2 * i + 2] == byte >> 4, "code " .. 2 * i)
      end
    end)
  end

  it("loses less when codes are made for the scales that are stored", function()
    for name in pairs(files) do
      local file <close> = assert(core.safetensors_open("tests/data/golden/" .. name .. ".safetensors"))
      local x = file:tensor("natural.residual"):to "f32"
      local function loss(convention)
        local coded <close> = core.encode(core.scheme(f4(convention, { second_dtype = "bf16" })), x)
        return core.compare(coded:decode(), x).rel_l2
      end
      assert.is_true(loss "svdq_nvfp4_stored" < loss "svdq_nvfp4")
      assert.is_true(loss "svdq_nvfp4_stored" < loss "svdq_nvfp4_low")
    end
  end)
end)

describe("core.coded", function()
  it("decodes every code of either float, also -0 from elsewhere", function()
    local bytes, want = {}, {}
    for code = 0, 255 do
      if code & 0x7f ~= 0x7f then bytes[#bytes + 1] = string.char(code) end
    end
    local codes = core.tensor_of("f8e4m3", { 1, #bytes }, table.concat(bytes))
    local scale = core.tensor_of("f32", { 1 }, { 0.75 })
    local coded <close> = assert(core.coded(core.scheme(f8 "row"), { 1, #bytes }, { codes = codes, scale = scale }))
    for i, v in ipairs(codes:to("f32"):totable()) do want[i] = 0.75 * v end -- 6 bits: exact
    assert.same(want, coded:decode():totable())

    codes = core.tensor_of("u8", { 1, 8 }, { 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe })
    local parts = { codes = codes, scale = core.tensor_of("f8e4m3", { 1, 1 }, { 14 }),
      second = core.tensor_of("f16", { 1 }, { 0.125 }) }
    local scheme = core.scheme(f4("svdq_nvfp4_stored", { second_dtype = "f16" }))
    local two <close> = assert(core.coded(scheme, { 1, 16 }, parts))
    want = {}
    for i, v in ipairs { 0, .5, 1, 1.5, 2, 3, 4, 6, 0, -.5, -1, -1.5, -2, -3, -4, -6 } do want[i] = 1.75 * v end
    assert.same(want, two:decode():totable())
  end)

  local function refuses(pattern, scheme, shape, given, id)
    local coded, message, got = core.coded(scheme, shape, given)
    assert.is_nil(coded)
    assert.equal(id or "E-SC-07", got)
    assert.matches(pattern, message, 1, true)
  end

  it("rebuilds float codes, blocks and second levels from their tensors", function()
    local x = support.random { 9, 35 }
    local list = granularities(f8 "row")
    for _, convention in ipairs(TWO_LEVELS) do list[#list + 1] = f4(convention, { second_dtype = "f16" }) end
    for _, fields in ipairs(list) do
      local scheme = core.scheme(fields)
      local coded <close> = core.encode(scheme, x)
      local again <close> = core.coded(scheme, { 9, 35 }, coded:tensors())
      assert.equal(coded:decode():tobytes(), again:decode():tobytes())
      assert.equal(coded:bytes(), again:bytes())
      local _, planned = scheme:layout { 9, 35 }
      assert.equal(planned, coded:bytes())
    end
  end)

  it("finds NaN among the codes and the scales, and what is missing or too much", function()
    local scheme = core.scheme(f8 "row")
    local p = core.encode(scheme, support.random { 3, 32 }):tensors()
    p.codes:set(40, 0 / 0)
    refuses("element 40 of tensor 'codes' is NaN", scheme, { 3, 32 }, p)
    scheme = core.scheme(f4 "svdq_nvfp4_stored")
    local function parts() return core.encode(scheme, support.random { 3, 32 }):tensors() end
    p = parts()
    p.scale:set(2, 0 / 0)
    refuses("element 2 of tensor 'scale'", scheme, { 3, 32 }, p)
    p = parts()
    p.second:set(3, math.huge)
    refuses("element 3 of tensor 'second'", scheme, { 3, 32 }, p)
    p = parts()
    local second = p.second
    p.second = nil
    refuses("tensor 'second' is missing", scheme, { 3, 32 }, p, "E-SC-06")
    local plain = core.scheme(f4 "amax")
    p = core.encode(plain, support.random { 3, 32 }):tensors()
    p.second = second
    refuses("tensor 'second' is given, but convention 'amax' has no second level", plain, { 3, 32 }, p, "E-SC-06")
  end)
end)
