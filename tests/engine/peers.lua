--- The conventions of other programs, their formulas written down once more, one number at a time:
--- each operation on f32 is done in double and rounded by string.pack.

local coding = require "engine.coding"

local M = {}

--- A double rounded to f32.
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
    return { scale = s, code = function(v) return clamp(trunc(f(f(v * i) + (half + 0.5))), 0, 2 * half - 1) - half end,
      value = function(q) return f(q * s) end }
  end,
  gguf_q4_1 = function(x, half, stored)
    local lo, hi = look(x)
    local d = f(f(hi - lo) / (2 * half - 1))
    local i, lost = inverse(d)
    local s, m = lost and 0 or stored(d), stored(lo)
    return { scale = s, zero = m, code = function(v)
      return clamp(trunc(f(f(f(v - lo) * i) + 0.5)), 0, 2 * half - 1)
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

--- The least value, the largest, the largest magnitude, and the first value of that magnitude.
M.look = look
M.f32 = f
M.symmetric = symmetric
M.asymmetric = asymmetric
M.or_one = or_one
M.gptq_range = gptq_range

--- Each: (values, H, rounding of what is stored, its dtype) -> the step: scale, zero, and the functions
--- code and value.
M.steps = peers

return M
