-- The packed layout against what cache-dit's own packer made (tests/data/golden/README.md), and against
-- the published index formulas where there is no golden file.

local core = require "vise.core"
local layout = require "vise.formats.svdq_layout"
local support = require "support"

local FOLDER = "tests/data/golden/"
local FILES = {
  { file = "svdq_int4_256x192_r32", precision = "int4", shape = { 256, 192 }, rank = 32 },
  { file = "svdq_int4_128x128_r16", precision = "int4", shape = { 128, 128 }, rank = 16 },
  { file = "svdq_nvfp4_256x192_r32", precision = "nvfp4", shape = { 256, 192 }, rank = 32 },
  { file = "svdq_nvfp4_128x128_r16", precision = "nvfp4", shape = { 128, 128 }, rank = 16 },
}

-- Their names for what is packed.
local NATURAL = { bias = "bias", down = "proj_down", up = "proj_up", smooth = "smooth_factor",
  smooth_original = "smooth_factor_orig", scale = "wscales", second = "wcscales" }

-- Our nibbles from one code a byte: the code + 8 for int4, the code itself for nvfp4.
local function nibbles(codes, precision)
  local values, bytes = codes:totable(), {}
  local offset = precision == "int4" and 8 or 0
  for i = 1, #values, 2 do
    bytes[#bytes + 1] = string.char(values[i] + offset | values[i + 1] + offset << 4)
  end
  local rows, cols = codes:shape()
  return core.tensor_of("u8", { rows, cols // 2 }, table.concat(bytes))
end

local function natural(file, t, precision)
  if t.param == "codes" then return nibbles(file:tensor "natural.codes", precision) end
  return file:tensor("natural." .. NATURAL[t.param])
end

for _, case in ipairs(FILES) do
  describe("the packed layout of " .. case.file, function()
    local file
    setup(function() file = assert(core.safetensors_open(FOLDER .. case.file .. ".safetensors")) end)
    teardown(function() file:close() end)

    local function tensors()
      return layout.tensors { shape = case.shape, rank = case.rank, storage = "bf16", bias = true,
        precision = case.precision }
    end

    it("has every tensor of the checkpoint, with its dtype and shape", function()
      local names = {}
      for _, name in ipairs(file:names()) do
        names[#names + 1] = name:match "^packed%.(.*)$"
      end
      table.sort(names)
      local ours = {}
      for i, t in ipairs(tensors()) do
        ours[i] = t.name
        local info = file:info("packed." .. t.name)
        assert.same({ info.dtype, info.shape }, { t.dtype, t.shape }, t.name)
      end
      assert.same(names, ours)
    end)

    it("is what their packer makes of the same layer, bit for bit, and back", function()
      for _, t in ipairs(tensors()) do
        local plain = natural(file, t, case.precision)
        local packed = assert(layout.pack(t, plain))
        assert.is_true(file:tensor("packed." .. t.name):tobytes() == packed:tobytes(), t.name)
        local again = assert(layout.unpack(t, packed))
        assert.equal(t.from, again:dtype())
        assert.is_true(plain:tobytes() == again:tobytes(), t.name)
      end
    end)
  end)
end

-- The published formulas (docs/artefact.md), for element (n, k) of a tensor with `extra` other columns.
local formula = {}
function formula.qweight(n, k, cols)
  local nt, p, s, l = n // 128, n // 16 % 8, n // 8 % 2, n % 8
  local kt, u, v, j = k // 64, k // 32 % 2, k // 8 % 4, k % 8
  local word = ((((nt * (cols // 64) + kt) * 8 + p) * 8 + l) * 4 + v) * 4 + 2 * s + u
  return word * 8 + j
end
function formula.scales(n, g, groups)
  local a, b, c, d = n // 16 % 8, n // 8 % 2, n // 2 % 4, n % 2
  return (n // 128 * groups + g) * 128 + 16 * a + 4 * c + 2 * b + d
end
function formula.block_scales(n, g, groups)
  local nt, p, q, r = n // 128, n // 32 % 4, n // 8 % 4, n % 8
  return ((((nt * (groups // 4) + g // 4) * 8 + r) * 4 + q) * 4 + p) * 4 + g % 4
end
-- e, f: first and second index; C, P: blocks of 16 channels and of 16 ranks; RP: how many of the latter.
function formula.factor(e, f, C, P, RP)
  local s, l, u, v, t = e % 16 // 8, e % 8, f % 16 // 8, f % 8 // 2, f % 2
  return (((((C * RP + P) * 8 + l) * 4 + v) * 2 + s) * 2 + u) * 2 + t
end

local function nibble(bytes, i)
  return bytes:byte(i // 2 + 1) >> i % 2 * 4 & 15
end

describe("the packed layout of a layer whose every side is padded", function()
  -- 200 x 192 at rank 10: the golden files pad only the inputs.
  local N, K, R = 200, 192, 10
  local NP, KP, RP = 256, 256, 16

  local function tensor_of(name, storage, precision)
    local list = layout.tensors { shape = { N, K }, rank = R, storage = storage or "bf16", bias = true,
      precision = precision or "int4" }
    for _, t in ipairs(list) do
      if t.name == name then return t end
    end
  end

  -- A tensor of bytes that differ, and its packed bytes.
  local function pack(t)
    local width = core.tensor(t.from, { 1 }):bytes()
    local bytes, count = {}, t.logical[1] * (t.logical[2] or 1) * width
    for i = 1, count do bytes[i] = string.char((i * 7919 + i // 251) % 256) end
    bytes = table.concat(bytes)
    local x = core.tensor_of(t.from, t.logical, bytes)
    local packed = assert(layout.pack(t, x))
    assert.is_true(bytes == assert(layout.unpack(t, packed)):tobytes())
    return bytes, packed:tobytes()
  end

  it("puts codes where the formula says, as two's complement, and 0 into the padding", function()
    local plain, packed = pack(tensor_of "qweight")
    for n = 0, NP - 1, 3 do
      for k = 0, KP - 1 do
        local expected = n < N and k < K and nibble(plain, n * K + k) ~ 8 or 0
        if expected ~= nibble(packed, formula.qweight(n, k, KP)) then error(("at %d, %d"):format(n, k)) end
      end
    end
  end)

  it("leaves E2M1 codes as they are", function()
    local plain, packed = pack(tensor_of("qweight", "bf16", "nvfp4"))
    assert.equal(nibble(plain, 5 * K + 77), nibble(packed, formula.qweight(5, 77, KP)))
  end)

  -- Compares every element of a tensor of `width` bytes each.
  local function check(t, rows, cols, width, one, place)
    local plain, packed = pack(t)
    local lr, lc = t.logical[1], t.logical[2] or 1
    local fill = width == 2 and string.pack("<I2", one) or string.char(one)
    for r = 0, rows - 1 do
      for c = 0, cols - 1 do
        local at = (r * lc + c) * width
        local expected = r < lr and c < lc and plain:sub(at + 1, at + width) or fill
        local i = place(r, c) * width
        if expected ~= packed:sub(i + 1, i + width) then error(("%s at %d, %d"):format(t.name, r, c)) end
      end
    end
  end

  it("puts scales and vectors where the formula says, with 1 or 0 in the padding", function()
    for storage, one in pairs { bf16 = 0x3f80, f16 = 0x3c00 } do
      check(tensor_of("wscales", storage), NP, KP // 64, 2, one,
        function(n, g) return formula.scales(n, g, KP // 64) end)
      for name, size in pairs { bias = NP, smooth_factor = KP, smooth_factor_orig = KP } do
        check(tensor_of(name, storage), size, 1, 2, name == "bias" and 0 or one,
          function(n) return formula.scales(n, 0, 1) end)
      end
    end
    check(tensor_of("wcscales", "bf16", "nvfp4"), NP, 1, 2, 0x3f80, function(n) return formula.scales(n, 0, 1) end)
    check(tensor_of("wscales", "bf16", "nvfp4"), NP, KP // 16, 1, 0x38,
      function(n, g) return formula.block_scales(n, g, KP // 16) end)
  end)

  it("puts factors where the formula says, with 0 in the padding of channels and ranks", function()
    check(tensor_of "proj_down", RP, KP, 2, 0, function(rank, c)
      return formula.factor(rank, c, c // 16, rank // 16, RP // 16)
    end)
    check(tensor_of "proj_up", NP, RP, 2, 0, function(c, rank)
      return formula.factor(c, rank, c // 16, rank // 16, RP // 16)
    end)
  end)

  it("has empty factors at rank 0", function()
    for _, t in ipairs(layout.tensors { shape = { N, K }, rank = 0, storage = "f16", precision = "int4" }) do
      if t.name:find "^proj" then
        assert.same({ t.name == "proj_down" and KP or NP, 0 }, t.shape)
        local packed = assert(layout.pack(t, core.tensor("f16", t.logical)))
        assert.equal(0, packed:count())
        assert.same(t.logical, { assert(layout.unpack(t, packed)):shape() })
      end
      assert.not_equal("bias", t.name)
    end
  end)

  it("is refused when its padding holds something", function()
    local t = tensor_of "wscales"
    local bytes = select(2, pack(t))
    local i = formula.scales(N, 0, KP // 64) * 2
    local broken = core.tensor_of("bf16", t.shape, bytes:sub(1, i) .. "\0\0" .. bytes:sub(i + 3))
    local x, message, id = layout.unpack(t, broken)
    assert.same({ nil, "E-LY-03" }, { x, id })
    assert.matches("row 201, column 1 holds 0x0, expected 0x3f80", message, 1, true)
  end)
end)

describe("core.permute", function()
  local x = support.random { 4, 6 }:to "bf16"

  local function raises(id, p, tensor, dtype, shape)
    p.padded = p.padded or { 4, 6 }
    assert.error_matches(function() core.permute(tensor or x, p, dtype or "bf16", shape or { 24 }) end, id, 1, true)
  end

  it("transposes when the digits say so", function()
    local p = { digits = { { "column", 1 }, { "row", 1 } }, padded = { 4, 6 } }
    local t = core.permute(x, p, "bf16", { 6, 4 })
    for r = 0, 3 do
      for c = 0, 5 do assert.equal(x:get(r * 6 + c + 1), t:get(c * 4 + r + 1)) end
    end
  end)

  it("refuses digits that leave elements out or count them twice", function()
    raises("E-LY-01", { digits = {} })
    raises("E-LY-01", { digits = { { "row", 1 } } })
    raises("E-LY-01", { digits = { { "row", 1, 2 }, { "row", 1, 2 }, { "column", 1 } } })
    raises("E-LY-01", { digits = { { "row", 2, 2 }, { "row", 2, 2 }, { "column", 1 } } })
    raises("E-LY-01", { digits = { { "row", 1 }, { "column", 4 }, { "column", 1, 4 } } })
    raises("E-LY-01", { digits = { { "row", 0, 4 }, { "column", 1 } } })
    raises("E-LY-01", { digits = { { "row", 1, 1 << 62 }, { "column", 1, 1 << 62 } } })
    raises("E-LY-01", { digits = { { "row", 1 }, { "column", 1 } }, padded = { 1 << 40, 1 << 40 } }, x)
  end)

  it("refuses tensors of the wrong size or type", function()
    local digits = { { "row", 1 }, { "column", 1 } }
    raises("E-LY-02", { digits = digits }, x, "bf16", { 25 })
    raises("E-LY-02", { digits = digits, padded = { 3, 8 } })
    raises("E-LY-02", { digits = digits }, support.random { 4, 6 })
    raises("E-LY-02", { digits = digits }, x:columns(1, 3))
    raises("E-LY-02", { digits = digits, bits = 4 })
    raises("4, 8 or 16", { digits = digits, bits = 3 })
    raises("fit an element", { digits = digits, fill = 1 << 16 })
    raises("a digit is", { digits = { { "rows", 1 } } })
    raises("a digit is", { digits = { { "row", 1.5 } } })
    raises("'padded'", { digits = digits, padded = { 4 } })
  end)

  it("leaks nothing, whichever allocation fails", function()
    local p = { digits = { { "column", 1 }, { "row", 1 } }, padded = { 4, 6 } }
    assert.is_true(support.sweep(function() return core.permute(x, p, "bf16", { 24 }) end) >= 2)
    local packed = core.permute(x, p, "bf16", { 24 })
    assert.is_true(support.sweep(function() return core.unpermute(packed, p, "bf16", { 4, 6 }) end) >= 2)
  end)
end)
