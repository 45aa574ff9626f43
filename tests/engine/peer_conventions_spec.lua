-- The conventions of other programs, against their formulas written down once more, one number at
-- a time: each operation on f32 is done in double and rounded by string.pack.

local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local function f(x) return (string.unpack("<f", string.pack("<f", x))) end

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

local rint = coding.rint

local function round_away(x)
  local n = math.floor(math.abs(x) + 0.5) -- exact: x is f32, the sum a double
  return x < 0 and -n or n
end

local function trunc(x) return x < 0 and math.ceil(x) or math.floor(x) end

-- Least, largest, largest magnitude, and the first value of that magnitude.
local function look(x)
  local lo, hi, amax, first = math.huge, -math.huge, 0, 0
  for _, v in ipairs(x) do
    lo, hi = math.min(lo, v), math.max(hi, v)
    if math.abs(v) > amax then amax, first = math.abs(v), v end
  end
  return lo, hi, amax, first
end

local EPSILON = { f32 = 2.0 ^ -23, f16 = 2.0 ^ -10, bf16 = 2.0 ^ -7 }

local function or_one(s) return s == 0 and 1 or s end

-- q = clamp(rint(x / s)), x' = q s.
local function symmetric(s, lo, hi)
  return { scale = s, code = function(x) return clamp(rint(f(x / s)), lo, hi) end,
    value = function(q) return f(q * s) end }
end

-- q = clamp(rint(x / s) + z, 0, most), x' = (q - z) s.
local function asymmetric(s, z, most)
  z = clamp(z, 0, most)
  return { scale = s, zero = z, code = function(x) return clamp(rint(f(x / s)) + z, 0, most) end,
    value = function(q) return f((q - z) * s) end }
end

local function gptq_range(x)
  local lo, hi = look(x)
  lo, hi = math.min(lo, 0), math.max(hi, 0)
  if lo == 0 and hi == 0 then lo, hi = -1, 1 end
  return lo, hi
end

local function inverse(d)
  local i = d == 0 and math.huge or f(1 / d)
  if math.abs(i) == math.huge then return 0, true end
  return i
end

-- Each: (values, H, rounding of what is stored, its dtype) -> the step with its code and value.
local peers = {
  ct_sym = function(x, half, stored, dtype)
    local _, _, amax = look(x)
    local s = stored(f(amax / f(half - 0.5)))
    return symmetric(s == 0 and EPSILON[dtype] or s, -half, half - 1)
  end,
  ct_asym = function(x, half, stored, dtype)
    local lo, hi = look(x)
    lo, hi = math.min(lo, 0), math.max(hi, 0)
    local exact = f(f(hi - lo) / (2 * half - 1))
    local s = stored(exact)
    if s == 0 then s = EPSILON[dtype] end
    local z = f(-half - f(lo / exact))
    z = z ~= z and 0 or rint(clamp(z, -half, half - 1))
    return { scale = s, zero = z + half,
      code = function(v) return rint(clamp(f(f(v / s) + z), -half, half - 1)) + half end,
      value = function(q) return f((q - half - z) * s) end }
  end,
  gptq_sym = function(x, half, stored)
    local lo, hi = look(x)
    lo, hi = math.min(lo, 0), math.max(hi, 0)
    hi = math.max(math.abs(lo), hi)
    if lo < 0 then lo = -hi end
    if lo == 0 and hi == 0 then lo, hi = -1, 1 end
    return symmetric(or_one(stored(f(f(hi - lo) / (2 * half - 1)))), -half, half - 1)
  end,
  gptq_asym = function(x, half, stored)
    local lo, hi = gptq_range(x)
    local s = or_one(stored(f(f(hi - lo) / (2 * half - 1))))
    return asymmetric(s, rint(f(-lo / s)), 2 * half - 1)
  end,
  amax_floor = function(x, half, stored)
    local _, _, amax = look(x)
    return symmetric(or_one(stored(f(math.max(amax, f(1e-5)) / (half - 1)))), -half, half - 1)
  end,
  awq_asym = function(x, half, stored)
    local lo, hi = look(x)
    local s = or_one(stored(f(math.max(f(hi - lo), f(1e-5)) / (2 * half - 1))))
    return asymmetric(s, clamp(-rint(f(lo / s)), 0, 2 * half - 1), 2 * half - 1)
  end,
  amax_narrow = function(x, half, stored)
    local _, _, amax = look(x)
    return symmetric(or_one(stored(f(amax / (half - 1)))), 1 - half, half - 1)
  end,
  autoround_sym = function(x, half, stored)
    local lo, hi = look(x)
    local below, above = -math.min(lo, 0), math.max(hi, 0)
    local s = f((above < below and below or -above) / half)
    s = s < 0 and math.min(stored(s), -stored(f(1e-5))) or math.max(stored(s), stored(f(1e-5)))
    return symmetric(s, -half, half - 1)
  end,
  autoround_asym = function(x, half, stored)
    local lo, hi = look(x)
    lo, hi = math.min(lo, 0), math.max(hi, 0)
    local s = math.max(stored(f(f(hi - lo) / (2 * half - 1))), stored(f(1e-5)))
    return asymmetric(s, rint(f(-lo / s)), 2 * half - 1)
  end,
  nc_sym = function(x, half, stored)
    local _, _, amax = look(x)
    return symmetric(or_one(stored(f((amax == 0 and 1 or amax) / (half - 1)))), -half, half - 1)
  end,
  nc_full = function(x, half, stored)
    local lo, hi, amax = look(x)
    local s = stored(f((amax == 0 and 1 or amax) / half))
    if math.abs(hi) > math.abs(lo) then s = -s end
    return symmetric(or_one(s), -half, half - 1)
  end,
  gguf_q4_0 = function(x, half, stored)
    local _, _, _, first = look(x)
    local d = f(first / -half)
    local i, lost = inverse(d)
    local s = lost and 0 or stored(d)
    return { scale = s, code = function(v) return math.min(trunc(f(f(v * i) + (half + 0.5))), 2 * half - 1) - half end,
      value = function(q) return f(q * s) end }
  end,
  gguf_q4_1 = function(x, half, stored)
    local lo, hi = look(x)
    local d = f(f(hi - lo) / (2 * half - 1))
    local i, lost = inverse(d)
    local s, m = lost and 0 or stored(d), stored(lo)
    return { scale = s, zero = m, code = function(v)
      return math.min(trunc(f(f(f(v - lo) * i) + 0.5)), 2 * half - 1)
    end, value = function(q) return f(f(q * s) + m) end }
  end,
  gguf_q8_0 = function(x, half, stored)
    local _, _, amax = look(x)
    local d = f(amax / (half - 1))
    local i, lost = inverse(d)
    local s = lost and 0 or stored(d)
    return { scale = s, code = function(v) return clamp(round_away(f(v * i)), -half, half - 1) end,
      value = function(q) return f(q * s) end }
  end,
  quanto_asym = function(x, half, stored)
    local lo, hi = look(x)
    local s, shift = or_one(stored(f(f(hi - lo) / (2 * half - 1)))), -stored(lo)
    return { scale = s, zero = -shift, code = function(v) return clamp(rint(f(f(v + shift) / s)), 0, 2 * half - 1) end,
      value = function(q) return f(f(q * s) - shift) end }
  end,
}

-- Conventions of peers that are ones of vise.
local same = {
  { "QuaRot", "amax", function(x, half)
    local _, _, amax = look(x)
    return symmetric(or_one(f(amax / (half - 1))), -half, half - 1)
  end },
  { "ModelOpt and quanto, symmetric", "amax", function(x, half)
    local _, _, amax = look(x)
    return symmetric(or_one(f(amax / (half - 1))), -half, half - 1)
  end },
  { "SmoothQuant", "amax_floor", function(x, half)
    local _, _, amax = look(x)
    local s = f(math.max(amax, f(1e-5)) / (half - 1))
    return { scale = s, code = function(v) return rint(f(v / s)) end, value = function(q) return f(q * s) end }
  end },
  { "Neural Compressor, asymmetric", "gptq_asym", function(x, half)
    local lo, hi = gptq_range(x)
    local s = or_one(f(f(hi - lo) / (2 * half - 1)))
    return asymmetric(s, rint(f(-lo / s)), 2 * half - 1)
  end },
}

-- Groups of all sorts, a list for each size.
local function groups(huge)
  local g, all = core.random(7), {}
  local function uniform() return 2 * g:real() - 1 end
  for _, count in ipairs { 1, 3, 16 } do
    local list = {}
    all[#all + 1] = list
    local function add(make)
      local x = {}
      for i = 1, count do x[i] = f(make(i)) end
      list[#list + 1] = x
    end
    for _ = 1, 3 do add(uniform) end
    add(function() return 0 end)
    add(function() return -0.0 end)
    add(function() return 0.7 end)
    add(function() return -3 end)
    add(function() return 5 + g:real() end)
    add(function() return -5 - g:real() end)
    add(function(i) return i % 2 == 0 and 4 or -4 end) -- two of the largest magnitude
    add(function(i) return i % 2 == 0 and -4 or 4 end)
    add(function() return rint(uniform() * 15) / 2 end) -- halfway between codes
    add(function() return rint(uniform() * 16) / 16 end)
    for _, extremes in ipairs { { 7 }, { -7, 8 }, { 127 }, { -127, 128 }, { -1, 2 } } do -- a step of 1
      add(function(i) return extremes[i] or rint(uniform() * 3) + 0.5 end)
    end
    add(function(i) return i == 1 and 100 or uniform() end)
    add(function() return uniform() * 1e-7 end) -- below the floors
    add(function() return uniform() * 2.0 ^ -140 end) -- subnormal
    add(function() return uniform() * 2.0 ^ -125 end)
    add(function() return uniform() * (huge and 1e37 or 1e4) end)
  end
  return all
end

local function codes_of(coded, bits, half, signed)
  local rows, cols = coded:shape()
  local bytes, width, list = coded:tensors().codes:tobytes(), (cols * bits + 7) // 8, {}
  for r = 0, rows - 1 do
    for c = 0, cols - 1 do
      local at, code = r * width * 8 + c * bits, 0
      for b = 0, bits - 1 do code = code | (bytes:byte((at + b) // 8 + 1) >> (at + b) % 8 & 1) << b end
      if signed then code = bits == 8 and (code + half) % 256 - half or code - half end
      list[#list + 1] = code
    end
  end
  return list
end

-- All groups of one size are the rows of a matrix.
local function agrees(name, make, bits, dtype, rows)
  local half = 2 ^ (bits - 1)
  local x <close> = support.matrix(rows)
  local scheme = core.scheme { bits = bits, granularity = "row", convention = name, scale_dtype = dtype }
  local coded <close> = assert(core.encode(scheme, x))
  local t, codes = coded:tensors(), codes_of(coded, bits, math.tointeger(half), scheme:describe().signed)
  local values, seen = coded:decode():totable(), core.simulate(scheme, x):totable()
  for r, row in ipairs(rows) do
    local step = make(row, half, function(v) return coding.round(v, dtype) end, dtype)
    local function equal(want, got, what)
      if want ~= got then
        error(("%s of %s, row %d, first %g: want %s, got %s"):format(what, tostring(coded), r, row[1], want, got))
      end
    end
    equal(step.scale, t.scale:get(r), "scale")
    equal(step.zero, t.zero and t.zero:get(r), "zero")
    for c, v in ipairs(row) do
      local q, at = step.code(v), (r - 1) * #row + c
      equal(q, codes[at], "code")
      equal(step.value(q), values[at], "value")
      equal(step.value(q), seen[at], "simulated value")
    end
  end
end

describe("the conventions of other programs:", function()
  for name, make in pairs(peers) do
    it(name .. " gives the bits of its formulas", function()
      for _, dtype in ipairs { "f32", "f16", "bf16" } do
        local list = groups(dtype ~= "f16")
        for _, bits in ipairs(dtype == "f32" and { 2, 3, 4, 8 } or { 4 }) do
          for _, rows in ipairs(list) do agrees(name, make, bits, dtype, rows) end
        end
      end
    end)
  end

  for _, case in ipairs(same) do
    it(("%s is %s"):format(case[1], case[2]), function()
      for _, bits in ipairs { 4, 8 } do
        for _, rows in ipairs(groups(true)) do agrees(case[2], case[3], bits, "f32", rows) end
      end
    end)
  end

  it("ct_sym makes fp8 and fp4 of floats", function()
    for element, most in pairs { f8e4m3 = 448, f4e2m1 = 6 } do
      for _, x in ipairs(groups(true)[3]) do
        local _, _, amax = look(x)
        local s = f(amax / most)
        if s == 0 then s = 2.0 ^ -23 end
        local scheme = core.scheme { element = element, granularity = "row", convention = "ct_sym" }
        local coded <close> = assert(core.encode(scheme, support.matrix { x }))
        assert.equal(s, coded:tensors().scale:get(1))
        local want = {}
        for i, v in ipairs(x) do
          local q = clamp(f(v / s), -most, most)
          want[i] = f((element == "f8e4m3" and coding.round(q, "f8e4m3") or coding.nearest_f4(q)) * s)
        end
        assert.same(want, coded:decode():totable(), tostring(coded) .. x[1])
      end
    end
    local zeros <close> = core.tensor("f32", { 1, 8 })
    local scheme = core.scheme { element = "f4e2m1", granularity = "group", group = 8, convention = "ct_sym",
      scale_dtype = "f8e4m3" }
    assert.equal(0.125, core.encode(scheme, zeros):tensors().scale:get(1))
  end)

  it("refuse NaN and infinity, and what their scales cannot hold", function()
    for name in pairs(peers) do
      for _, bad in ipairs { 0 / 0, math.huge, -math.huge } do
        local scheme = core.scheme { bits = 4, granularity = "row", convention = name, scale_dtype = "f16" }
        local coded, _, id = core.encode(scheme, support.matrix { { 1, bad, 2 } })
        assert.is_nil(coded)
        assert.equal("E-SC-04", id)
        coded, _, id = core.encode(scheme, support.matrix { { 1e9, -1e9 } })
        assert.is_nil(coded)
        assert.equal("E-SC-05", id)
      end
    end
  end)

  it("work per tensor, row and block as per group", function()
    local x = support.random({ 6, 20 }, 3)
    for name, make in pairs(peers) do
      for granularity, block in pairs { tensor = { 6, 20 }, row = { 1, 20 }, block = { 4, 9 } } do
        local scheme = core.scheme { bits = 4, granularity = granularity, convention = name, scale_dtype = "bf16",
          block = granularity == "block" and block or nil }
        local got = assert(core.encode(scheme, x)):decode():totable()
        for r = 0, 5 do
          local top = r // block[1] * block[1]
          for c = 0, 19 do
            local first, run = c // block[2] * block[2], {}
            for i = top, math.min(top + block[1], 6) - 1 do
              for j = first, math.min(first + block[2], 20) - 1 do run[#run + 1] = x:get(i * 20 + j + 1) end
            end
            local step = make(run, 8, function(v) return coding.round(v, "bf16") end, "bf16")
            assert.equal(step.value(step.code(x:get(r * 20 + c + 1))), got[r * 20 + c + 1], name .. granularity)
          end
        end
      end
    end
  end)

  it("are multiplied as what they stand for", function()
    local w, x = support.random({ 40, 70 }, 1), support.random({ 3, 70 }, 2)
    for name in pairs(peers) do
      for _, bits in ipairs { 2, 3, 4, 8 } do
        local scheme = core.scheme { bits = bits, granularity = "group", group = 16, convention = name,
          scale_dtype = "f16" }
        local coded <close> = assert(core.encode(scheme, w))
        local packed <close> = core.pack(coded)
        local rows <close> = core.rows(x, packed)
        local got, want = core.product(rows, packed), core.linear(x, coded:decode())
        -- 70 products of values below 3, summed in f32 in another order
        assert(core.compare(got, want).max_abs < 70 * 9 * 70 * 2.0 ^ -24, tostring(coded))
      end
    end
  end)
end)
