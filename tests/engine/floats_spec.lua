local core = require "vise.core"

-- The small formats: exponent and mantissa bits, and what their top codes mean.
local formats = {
  { dtype = "f16",    bytes = 2, exponent = 5, mantissa = 10, pack = "<I2", infinity = 0x7c00 },
  { dtype = "bf16",   bytes = 2, exponent = 8, mantissa = 7,  pack = "<I2", infinity = 0x7f80 },
  { dtype = "f8e5m2", bytes = 1, exponent = 5, mantissa = 2,  pack = "<I1", infinity = 0x7c },
  { dtype = "f8e4m3", bytes = 1, exponent = 4, mantissa = 3,  pack = "<I1", nan = 0x7f, largest = 0x7e },
}

-- The oracle: the value of a code without its sign, from the definition, in double.
local function value_of(f, code)
  local e, m = code >> f.mantissa, code & ((1 << f.mantissa) - 1)
  local bias = (1 << (f.exponent - 1)) - 1
  if f.infinity and code >= f.infinity then return code == f.infinity and math.huge or 0 / 0 end
  if f.nan and code == f.nan then return 0 / 0 end
  if e == 0 then return m * 2.0 ^ (1 - bias - f.mantissa) end
  return (1 + m / 2 ^ f.mantissa) * 2.0 ^ (e - bias)
end

local function last_finite(f) return f.infinity and f.infinity - 1 or f.largest end

-- The f32 next to x > 0, up or down.
local function neighbour(x, step)
  return (string.unpack("<f", string.pack("<I4", string.unpack("<I4", string.pack("<f", x)) + step)))
end

local function codes_of(f, values)
  local x <close> = core.tensor_of("f32", { #values }, values)
  local t <close> = x:to(f.dtype)
  local bytes, codes = t:tobytes(), {}
  for i = 1, #values do codes[i] = string.unpack(f.pack, bytes, (i - 1) * f.bytes + 1) end
  return codes
end

-- Every mismatch is collected first: an assertion a code would take most of the time.
local function first_difference(want, got)
  for i = 1, #want do
    if want[i] ~= got[i] and (want[i] == want[i] or got[i] == got[i]) then
      return ("item %d is %s, expected %s"):format(i, got[i], want[i])
    end
  end
end

for _, f in ipairs(formats) do
  local sign = 1 << (8 * f.bytes - 1)

  describe(f.dtype, function()
    it("decodes every code to its value", function()
      local raw, want = {}, {}
      for code = 0, sign - 1 do
        local value = value_of(f, code)
        raw[code + 1], want[code + 1] = string.pack(f.pack, code), value
        raw[code + 1 + sign], want[code + 1 + sign] = string.pack(f.pack, code | sign), -value
      end
      local t <close> = core.tensor_of(f.dtype, { 2 * sign }, table.concat(raw))
      local x <close> = t:to "f32"
      assert.is_nil(first_difference(want, x:totable()))
      assert.is_nil(first_difference(want, t:totable()))
    end)

    it("encodes every value it has to its own code", function()
      local values, want = {}, {}
      for code = 0, last_finite(f) do
        values[#values + 1], want[#want + 1] = value_of(f, code), code
        values[#values + 1], want[#want + 1] = -value_of(f, code), code | sign
      end
      assert.is_nil(first_difference(want, codes_of(f, values)))
    end)

    it("rounds to the nearest value, ties to the even code", function()
      local values, want = {}, {}
      for code = 0, last_finite(f) - 1 do
        -- Exact in f32: one more bit than the format has, and bf16 has far fewer than 24.
        local middle = (value_of(f, code) + value_of(f, code + 1)) / 2
        local even = code % 2 == 0 and code or code + 1
        for _, case in ipairs { { middle, even }, { neighbour(middle, -1), code },
          { neighbour(middle, 1), code + 1 } } do
          values[#values + 1], want[#want + 1] = case[1], case[2]
          values[#values + 1], want[#want + 1] = -case[1], case[2] | sign
        end
      end
      assert.is_nil(first_difference(want, codes_of(f, values)))
    end)

    it("overflows as the format says", function()
      local top, beyond = last_finite(f), f.infinity or f.largest
      local largest = value_of(f, top)
      local half = (largest - value_of(f, top - 1)) / 2
      local limit = largest + half -- bf16: half a step above its largest is still an f32
      assert.same({ top, f.infinity or top, beyond, beyond | sign, beyond },
        codes_of(f, { neighbour(limit, -1), limit, neighbour(limit, 1), -math.huge, math.huge }))
    end)

    it("keeps a NaN a NaN, with its sign", function()
      local bits = { 0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff }
      local raw = {}
      for i, b in ipairs(bits) do raw[i] = string.pack("<I4", b) end
      local x <close> = core.tensor_of("f32", { #bits }, table.concat(raw))
      local t <close> = x:to(f.dtype)
      for i, b in ipairs(bits) do
        local code = string.unpack(f.pack, t:tobytes(), (i - 1) * f.bytes + 1)
        local value = value_of(f, code & (sign - 1))
        assert.is_true(value ~= value)
        assert.equal(b >> 31, code & sign == 0 and 0 or 1)
      end
    end)
  end)
end
