local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local matrix = support.matrix

local CONVENTIONS = { "amax_half_step", "amax", "amax_reciprocal", "minmax_float_zero", "minmax_int_zero" }
local INT4 = { bits = 4, granularity = "group", group = 4, convention = "amax", scale_dtype = "bf16" }

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
  if tensors.zero then assert.same(want.zeros, tensors.zero:totable(), where) end
  local values, got = {}, coded:decode():totable()
  for _, row in ipairs(want.values) do table.move(row, 1, #row, #values + 1, values) end
  assert.same(values, got, where)
end

for _, convention in ipairs(CONVENTIONS) do
  describe("core.encode with " .. convention, function()
    for _, bits in ipairs { 2, 3, 4, 8 } do
      local function fields(granularity, group, dtype)
        return { bits = bits, granularity = granularity, group = group, convention = convention, scale_dtype = dtype }
      end

      it("gives the codes, steps and values of the definition, " .. bits .. " bits", function()
        for i, dtype in ipairs { "f32", "f16", "bf16" } do
          local huge = dtype ~= "f16"
          for _, group in ipairs { 1, 3, 8, 13 } do
            agrees(fields("group", group, dtype), coding.awkward(11, 13, i, huge))
          end
          agrees(fields("row", nil, dtype), coding.awkward(11, 6, i, huge))
          agrees(fields("token", nil, dtype), coding.awkward(10, 1, i, huge))
          agrees(fields("tensor", nil, dtype), coding.awkward(11, 7, i, huge))
        end
      end)

      it("gives them on rows longer than one piece, " .. bits .. " bits", function()
        agrees(fields("row", nil, "f32"), coding.awkward(1, 2049, 9, true))
        agrees(fields("group", 1025, "bf16"), coding.awkward(2, 2060, 4, true))
      end)

      it("gives them for one element and for zeros, " .. bits .. " bits", function()
        for _, v in ipairs { 0, 1, -1, 0.1, 1e38, 2 ^ -149, -2 ^ -126 } do
          agrees(fields("tensor", nil, "f32"), { { coding.round(v, "f32") } })
          agrees(fields("group", 1, "bf16"), { { coding.round(v, "f32"), 0 } })
        end
      end)
    end
  end)
end

describe("core.encode", function()
  it("finds the range of a tensor in whichever tile it lies", function()
    -- 40 rows of 1,000 are three tiles.
    local scheme = core.scheme { bits = 4, granularity = "tensor", convention = "amax" }
    for _, row in ipairs { 0, 15, 16, 25, 32, 39 } do
      local x <close> = core.tensor("f32", { 40, 1000 })
      x:set(row * 1000 + 500, -14)
      local coded <close> = core.encode(scheme, x)
      assert.same({ 2 }, coded:tensors().scale:totable())
      assert.equal(-14, coded:decode():get(row * 1000 + 500))
    end
  end)

  it("takes ranges whose width is beyond f32", function()
    local rows = { { coding.round(-3e38, "f32"), coding.round(3e38, "f32"), coding.round(1e37, "f32") } }
    for _, convention in ipairs { "minmax_float_zero", "minmax_int_zero" } do
      for _, bits in ipairs { 4, 8 } do
        agrees({ bits = bits, granularity = "row", convention = convention }, rows)
      end
    end
  end)

  it("gives the same bits on every backend, with any number of threads", function()
    -- 300 rows of 129 are several tiles.
    local rows = coding.awkward(300, 129, 5, true)
    local x <close> = matrix(rows)
    for _, convention in ipairs(CONVENTIONS) do
      for _, granularity in ipairs { "tensor", "row", "group" } do
        local scheme = core.scheme { bits = 4, granularity = granularity,
          group = granularity == "group" and 32 or nil, convention = convention, scale_dtype = "bf16" }
        local first
        coding.everywhere(function(where)
          local coded <close> = core.encode(scheme, x)
          local t = coded:tensors()
          local bits = t.codes:tobytes() .. t.scale:tobytes() .. (t.zero and t.zero:tobytes() or "")
            .. coded:decode():tobytes()
          first = first or bits
          assert(bits == first, convention .. " " .. where)
        end)
      end
    end
  end)

  it("reads f16, bf16 and strided rows as the numbers they hold", function()
    local x = support.random { 6, 12 }
    for _, dtype in ipairs { "f16", "bf16" } do
      local small = x:to(dtype)
      local a, b = core.encode(core.scheme(INT4), small), core.encode(core.scheme(INT4), small:to "f32")
      assert.equal(b:tensors().codes:tobytes(), a:tensors().codes:tobytes())
      assert.equal(b:tensors().scale:tobytes(), a:tensors().scale:tobytes())
    end
    local view = x:columns(3, 10)
    assert.equal(core.encode(core.scheme(INT4), view:copy()):tensors().codes:tobytes(),
      core.encode(core.scheme(INT4), view):tensors().codes:tobytes())
  end)

  it("takes any rank as a matrix of its last dimension", function()
    local x = support.random { 2, 3, 8 }
    assert.same({ 6, 8 }, { core.encode(core.scheme(INT4), x):shape() })
  end)

  it("takes empty matrices", function()
    local rows = { bits = 8, granularity = "row", convention = "amax" }
    for _, shape in ipairs { { 0, 5 }, { 3, 0 }, { 0, 0 } } do
      local coded = core.encode(core.scheme(rows), core.tensor("f32", shape))
      assert.same(shape, { coded:shape() })
      assert.same({}, coded:decode():totable())
      rows.granularity = rows.granularity == "row" and "tensor" or "row"
    end
  end)

  it("names the row and column of NaN and infinity, the first of them", function()
    for _, granularity in ipairs { "tensor", "row", "group" } do
      for _, convention in ipairs(CONVENTIONS) do
        local scheme = core.scheme { bits = 8, granularity = granularity, convention = convention,
          group = granularity == "group" and 3 or nil }
        for text, bad in pairs { NaN = 0 / 0, infinity = math.huge, ["-infinity"] = -math.huge } do
          local x = support.random { 9, 7 }
          x:set(3 * 7 + 6, bad)
          x:set(3 * 7 + 7, 0 / 0)
          x:set(8 * 7 + 2, 0 / 0)
          local coded, message, id = core.encode(scheme, x)
          assert.is_nil(coded)
          assert.equal("E-SC-04", id)
          assert.equal("row 4, column 6 is " .. text .. ", expected a finite number", message)
        end
      end
    end
  end)

  it("refuses values whose step f16 cannot hold, naming where", function()
    local x = support.random { 2, 6 }
    x:set(6 + 5, -3e6)
    for _, convention in ipairs(CONVENTIONS) do
      local scheme = core.scheme { bits = 4, granularity = "group", group = 4, convention = convention,
        scale_dtype = "f16" }
      local _, message, id = core.encode(scheme, x)
      assert.equal("E-SC-05", id)
      assert.matches("row 2, columns 5 to 6 reach", message, 1, true)
      _, message, id = core.encode(core.scheme { bits = 4, granularity = "tensor", convention = convention,
        scale_dtype = "f16" }, x)
      assert.equal("E-SC-05", id)
      assert.matches("f16 scales", message, 1, true)
    end
  end)

  it("refuses values that would decode to infinity", function()
    local x = matrix { { -3.4e38, 3.4e38 } }
    local _, _, id = core.encode(core.scheme { bits = 4, granularity = "row", convention = "amax_half_step" }, x)
    assert.equal("E-SC-05", id) -- amax / 7.5 times -8
    x = matrix { { 0, 3.4028e38 } }
    _, _, id = core.encode(core.scheme { bits = 4, granularity = "row", convention = "minmax_int_zero",
      scale_dtype = "bf16" }, x)
    assert.equal("E-SC-05", id) -- the step is rounded up to 1.0703 * 2^124, times 15
  end)

  it("refuses integers and groups wider than the row", function()
    assert.error_matches(function() core.encode(core.scheme(INT4), core.tensor("i8", { 2, 4 })) end,
      "E%-TN%-04: the input is i8 2x4")
    assert.error_matches(function() core.encode(core.scheme(INT4), core.tensor("f32", { 2, 3 })) end,
      "E%-SC%-03: group 4 is wider than the 3 inputs")
  end)

  it("takes the memory that the layout says", function()
    local x = support.random { 33, 13 }
    local scheme = core.scheme(INT4)
    local _, planned = scheme:layout { 33, 13 }
    assert.equal(planned, core.encode(scheme, x):bytes())
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x = support.random { 3, 8 }
    local tensor = core.scheme { bits = 4, granularity = "tensor", convention = "minmax_int_zero" }
    local group = core.scheme(INT4)
    -- Two blocks a tensor, and the ranges of the tiles for a step that all share.
    assert.equal(4, support.sweep(function() return core.encode(group, x) end))
    assert.equal(7, support.sweep(function() return core.encode(tensor, x) end))
    local coded <close> = core.encode(group, x)
    assert.equal(2, support.sweep(function() return coded:decode() end))
  end)
end)

describe("a coded tensor", function()
  it("decodes into a given output", function()
    local coded = encode(INT4, { { 1, 2, 3, 7 } })
    local out = core.tensor("f32", { 1, 4 })
    assert.equal(out, coded:decode(out))
    assert.same({ 1, 2, 3, 7 }, out:totable())
    assert.error_matches(function() coded:decode(core.tensor("f32", { 4, 1 })) end, "E%-TN%-07")
  end)

  it("says what it is, and closes", function()
    local coded = encode(INT4, { { 1, 2, 3, 7 } })
    assert.equal("coded 1x4, int4 group 4, amax, bf16 scales", tostring(coded))
    assert.same(core.scheme(INT4):fields(), coded:scheme():fields())
    local codes = coded:tensors().codes
    coded:close()
    coded:close()
    assert.equal("coded (closed)", tostring(coded))
    assert.error_matches(function() coded:decode() end, "coded tensor is closed")
    assert.equal(2, codes:count()) -- the parts live on
  end)
end)

describe("SVDQuant's INT4", function()
  -- See tests/data/golden/README.md.
  local function read(path)
    local f <close> = assert(io.open(path, "rb"))
    local head = f:read((string.unpack("<I8", f:read(8))))
    local data = f:read "a"
    return function(name, dtype)
      local entry = head:match('"' .. name:gsub("%.", "%%.") .. '":(%b{})')
      local rows, cols = entry:match '"shape":%[(%d+), ?(%d+)%]'
      local first, last = entry:match '"data_offsets":%[(%d+), ?(%d+)%]'
      return core.tensor_of(dtype, { math.tointeger(rows), math.tointeger(cols) }, data:sub(first + 1, last))
    end
  end

  it("gives the codes and scales that its own packer recorded", function()
    local tensor = read "tests/data/golden/svdq_int4_256x192_r32.safetensors"
    local scheme = core.scheme { bits = 4, granularity = "group", group = 64, convention = "amax",
      scale_dtype = "bf16" }
    local coded = core.encode(scheme, tensor("natural.residual", "bf16"))
    local parts, want = coded:tensors(), tensor("natural.codes", "i8"):totable()
    assert.equal(tensor("natural.wscales", "bf16"):tobytes(), parts.scale:tobytes())
    local bytes = parts.codes:tobytes()
    for i = 0, #want // 2 - 1 do
      local byte = bytes:byte(i + 1)
      assert(want[2 * i + 1] == (byte & 15) - 8 and want[2 * i + 2] == (byte >> 4) - 8, "code " .. 2 * i)
    end
  end)
end)

describe("core.coded", function()
  local scheme = core.scheme { bits = 4, granularity = "group", group = 4, convention = "minmax_int_zero" }
  local x = support.random { 3, 7 }
  local function parts() return core.encode(scheme, x):tensors() end

  local function refuses(id, pattern, given, of)
    local coded, message, got = core.coded(of or scheme, { 3, 7 }, given)
    assert.is_nil(coded)
    assert.equal(id, got)
    assert.matches(pattern, message, 1, true)
  end

  it("rebuilds every scheme from its tensors", function()
    for _, convention in ipairs(CONVENTIONS) do
      for _, bits in ipairs { 4, 8 } do
        for _, granularity in ipairs { "tensor", "row", "group" } do
          local s = core.scheme { bits = bits, granularity = granularity, convention = convention,
            group = granularity == "group" and 3 or nil, scale_dtype = "f16" }
          local coded = core.encode(s, x)
          local again = core.coded(s, { 3, 7 }, coded:tensors())
          assert.equal(coded:decode():tobytes(), again:decode():tobytes())
          assert.equal(coded:bytes(), again:bytes())
        end
      end
    end
  end)

  it("names a missing, superfluous or odd part", function()
    local p = parts()
    refuses("E-SC-06", "tensor 'zero' is missing", { codes = p.codes, scale = p.scale })
    refuses("E-SC-06", "tensor 'codes' is missing", { scale = p.scale, zero = p.zero })
    local symmetric = core.scheme { bits = 4, granularity = "group", group = 4, convention = "amax" }
    refuses("E-SC-06", "'amax' has no zero point", p, symmetric)
    assert.error_matches(function() core.coded(scheme, { 3, 7 }, { codes = 1 }) end,
      "E%-SC%-06: tensor 'codes' is a number")
  end)

  it("names a wrong dtype or shape", function()
    local p = parts()
    local function with(name, t)
      local given = { codes = p.codes, scale = p.scale, zero = p.zero, [name] = t }
      return given
    end
    refuses("E-SC-06", "tensor 'codes' is i8 3x4, expected u8 3x4", with("codes", core.tensor("i8", { 3, 4 })))
    refuses("E-SC-06", "tensor 'codes' is u8 3x7, expected u8 3x4", with("codes", core.tensor("u8", { 3, 7 })))
    refuses("E-SC-06", "tensor 'codes' is u8 12, expected u8 3x4", with("codes", core.tensor("u8", { 12 })))
    refuses("E-SC-06", "tensor 'scale' is f16 3x2, expected f32 3x2", with("scale", core.tensor("f16", { 3, 2 })))
    refuses("E-SC-06", "tensor 'scale' is f32 2x3, expected f32 3x2", with("scale", core.tensor("f32", { 2, 3 })))
    refuses("E-SC-06", "tensor 'zero' is f32 3x2, expected u8 3x2", with("zero", core.tensor("f32", { 3, 2 })))
    refuses("E-SC-06", "tensor 'codes' is u8 3x4 (strided)",
      with("codes", core.tensor("u8", { 3, 8 }):columns(1, 4)))
  end)

  it("finds steps that are not finite, zero points past the codes and padding that is not 0", function()
    local p = parts()
    p.scale:set(2, 0 / 0)
    refuses("E-SC-07", "element 2 of tensor 'scale' is", p)
    p = parts()
    p.scale:set(6, math.huge)
    refuses("E-SC-07", "element 6 of tensor 'scale' is inf", p)
    p = parts()
    p.zero:set(3, 16)
    refuses("E-SC-07", "element 3 of tensor 'zero' is 16", p)
    p = parts()
    p.codes:set(2 * 4, p.codes:get(2 * 4) + 16 * 3)
    refuses("E-SC-07", "the padding bits of row 2 of tensor 'codes' are 3, expected 0", p)
  end)

  it("finds padding that is not 0 behind codes of 2 and 3 bits", function()
    for _, bits in ipairs { 2, 3 } do
      local narrow = core.scheme { bits = bits, granularity = "row", convention = "amax" }
      local t = core.encode(narrow, support.random({ 3, 5 }, 1)):tensors()
      local width = select(2, t.codes:shape())
      t.codes:set(3 * width, t.codes:get(3 * width) | 0x80)
      local coded, message = core.coded(narrow, { 3, 5 }, { codes = t.codes, scale = t.scale })
      assert.is_nil(coded)
      assert.matches(("the padding bits of row 3 of tensor 'codes' are %d"):format(0x80 >> 5 * bits % 8), message, 1,
        true)
    end
  end)

  it("refuses a shape that the scheme cannot take", function()
    assert.error_matches(function() core.coded(scheme, { 3, 2 }, parts()) end, "E%-SC%-03")
    assert.error_matches(function() core.coded(scheme, { 3 }, parts()) end, "{rows, cols}")
  end)

  it("takes no memory of its own", function()
    local p = parts()
    assert.equal(0, support.sweep(function() return core.coded(scheme, { 3, 7 }, p) end))
  end)
end)

describe("a result on top of a coded tensor's own scales", function()
  it("is refused", function()
    local scheme = core.scheme { bits = 8, granularity = "group", group = 1, convention = "amax" }
    local coded = core.encode(scheme, support.random({ 4, 4 }, 1))
    local scale, before = coded:tensors().scale, coded:decode():totable()
    assert.error_matches(function() coded:decode(scale) end, "E%-TN%-12: the output overlaps scale")
    assert.same(before, coded:decode():totable())
  end)
end)
