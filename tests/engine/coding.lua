--- The oracle of the scheme specs: the conventions of engine/scheme.h in plain Lua, one element
--- at a time, with every step rounded to f32 as the definition says.

local core = require "vise.core"

local M = {}

local formats = { -- mantissa bits, smallest normal exponent, first value that is infinity
  f32 = { 23, -126, 2 ^ 128 },
  f16 = { 10, -14, 2 ^ 16 },
  bf16 = { 7, -126, 2 ^ 128 },
  f8e4m3 = { 3, -6, 2 ^ 9 },
}

--- Nearest integer, ties to even.
function M.rint(x)
  if math.abs(x) >= 2 ^ 51 then return x end
  return (x + 1.5 * 2 ^ 52) - 1.5 * 2 ^ 52
end

--- A double rounded to f32, f16, bf16 or f8e4m3 (which saturates at 448), ties to even.
function M.round(x, dtype)
  if dtype == "f8e4m3" then x = math.max(-448, math.min(448, x)) end
  if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x end
  local mantissa, least, limit = table.unpack(formats[dtype])
  local bits = string.unpack("<i8", string.pack("<d", x))
  local exponent = math.max((bits >> 52 & 0x7ff) - 1023, least)
  local quantum = 2.0 ^ (exponent - mantissa)
  local y = M.rint(x / quantum) * quantum
  if y == 0 and x < 0 then y = -0.0 end
  if math.abs(y) >= limit then return y > 0 and math.huge or -math.huge end
  return y
end

-- One f32 operation: the operands are f32, so that rounding the double once more is harmless.
local function f32(x) return M.round(x, "f32") end

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

local symmetric = { amax_half_step = true, amax = true, amax_reciprocal = true }

local F4 = { [0] = 0, 0.5, 1, 1.5, 2, 3, 4, 6 }

--- The nearest f4e2m1, found by trying all of them.
---@param smaller boolean  Ties go to the smaller magnitude, else to the even code.
function M.nearest_f4(x, smaller)
  local a, best = math.abs(x), 0
  for i = 1, 7 do
    local near, old = math.abs(F4[i] - a), math.abs(F4[best] - a)
    if near < old or near == old and not smaller and i % 2 == 0 then best = i end
  end
  return x < 0 and -F4[best] or F4[best]
end

local function amax_of(values)
  local amax = 0
  for _, v in ipairs(values) do amax = math.max(amax, math.abs(v)) end
  return amax
end

-- The upper level of two: as computed, and as stored.
local function upper_of(fields, values)
  local dtype = fields.second_dtype or "f32"
  local exact = f32(amax_of(values) / 2688)
  local stored = M.round(exact, dtype)
  if stored == 0 then stored = 1 end
  if exact == 0 then exact = 1 end
  if fields.convention == "nvfp4" and f32(1 / stored) == math.huge then stored = 1 end
  return { exact = fields.convention == "svdq_nvfp4" and exact or stored, stored = stored }
end

-- The step of a group below it: `by` is what values are divided by, one after the other.
local function lower_step(fields, values, upper)
  local amax, dtype, c = amax_of(values), fields.second_dtype or "f32", fields.convention
  if c == "nvfp4" then
    local s = M.round(math.max(f32(f32(amax / 6) / upper.stored), 2.0 ^ -6), "f8e4m3")
    return { scale = s, upper = upper.stored, factor = f32(f32(1 / upper.stored) / s) }
  end
  local ratio = f32(amax / upper.exact)
  if c == "svdq_nvfp4_low" then ratio = M.round(ratio, dtype) end
  local g = f32(ratio / 6)
  if c == "svdq_nvfp4_stored" then
    local s = M.round(g, "f8e4m3")
    return { scale = s, upper = upper.stored, by = { f32(s * upper.stored) } }
  end
  g = M.round(g, dtype)
  if g == 0 then g = 1 end
  return { scale = M.round(g, "f8e4m3"), upper = upper.stored, by = { upper.stored, g } }
end

-- The step of one run of values: { scale, zero, factor }.
local function step_of(fields, values, upper)
  if upper then return lower_step(fields, values, upper) end
  local half, dtype = 2.0 ^ ((fields.bits or 8) - 1), fields.scale_dtype or "f32"
  local most = fields.element == "f8e4m3" and 448 or fields.element == "f4e2m1" and 6 or half - 1
  local lo, hi, amax = math.huge, -math.huge, 0
  for _, v in ipairs(values) do
    lo, hi, amax = math.min(lo, v), math.max(hi, v), math.max(amax, math.abs(v))
  end
  local function stored(x) return M.round(x, dtype) end
  local function or_one(s) return s == 0 and 1 or s end
  if fields.convention == "amax_half_step" then
    local s = stored(math.max(f32(amax / (half - 0.5)), 2.0 ^ -23))
    return { scale = s, zero = 0, factor = f32(1 / s) }
  elseif fields.convention == "amax" then
    local s = or_one(stored(f32(amax / most)))
    return { scale = s, zero = 0, by = { s } }
  elseif fields.convention == "amax_reciprocal" then
    local a = f32(amax / most)
    if dtype == "f8e4m3" then a = math.min(a, 448) end
    local factor = f32(1 / a)
    if stored(a) == 0 or factor == math.huge then return { scale = 0, zero = 0, factor = 0 } end
    return { scale = stored(a), zero = 0, factor = factor }
  elseif fields.convention == "minmax_float_zero" then
    local s = f32(math.max(f32(hi - lo), f32(1e-6)) / (2 * half - 1))
    if f32(hi - lo) == math.huge then s = f32(f32(hi / (2 * half - 1)) - f32(lo / (2 * half - 1))) end
    return { scale = or_one(stored(s)), zero = stored(f32(lo + f32(half * s))) }
  end
  lo, hi = math.min(lo, 0), math.max(hi, 0)
  local width = f32(hi - lo)
  local s = f32(width / (2 * half - 1))
  if width == math.huge then s = f32(f32(hi / (2 * half - 1)) - f32(lo / (2 * half - 1))) end
  s = or_one(stored(s))
  return { scale = s, zero = clamp(M.rint(f32(-lo / s)), 0, 2 * half - 1) }
end

-- Codes of floats are their values.
local function float_of(fields, step, x)
  if step.factor then
    x = f32(x * step.factor)
  else
    for _, by in ipairs(step.by) do x = by == 0 and 0 or f32(x / by) end
  end
  if fields.element == "f8e4m3" then return M.round(x, "f8e4m3") end
  return M.nearest_f4(x, fields.convention:find "^svdq" ~= nil)
end

local function code_of(fields, step, x)
  if fields.element then return float_of(fields, step, x) end
  local half = 2.0 ^ (fields.bits - 1)
  local c = fields.convention
  if c == "amax_half_step" or c == "amax_reciprocal" then
    return clamp(M.rint(f32(x * step.factor)), -half, half - 1)
  elseif c == "amax" then
    return clamp(M.rint(f32(x / step.scale)), -half, half - 1)
  elseif c == "minmax_float_zero" then
    return clamp(M.rint(f32(f32(x - step.zero) / step.scale)), -half, half - 1)
  end
  return clamp(M.rint(f32(x / step.scale)) + step.zero, 0, 2 * half - 1)
end

local function value_of(fields, step, q)
  if fields.element then return f32(q * f32(step.scale * (step.upper or 1))) end
  if fields.convention == "minmax_int_zero" then return f32((q - step.zero) * step.scale) end
  return f32(f32(q * step.scale) + step.zero)
end

local function flatten(rows, first_row, last_row, first, last)
  local all = {}
  for r = first_row, last_row do table.move(rows[r], first, last, #all + 1, all) end
  return all
end

local second = { nvfp4 = "tensor", svdq_nvfp4 = "row", svdq_nvfp4_low = "row", svdq_nvfp4_stored = "row" }

--- Encodes a matrix given as rows of numbers that are f32.
---@return table coded  codes[r][c], values[r][c] (decoded), step[r][run], flat scales, zeros and uppers
function M.encode(fields, rows)
  local cols, block = #rows[1], fields.block or { 1, fields.group }
  local run = block[2] or cols
  local out = { codes = {}, values = {}, step = {}, scales = {}, zeros = {}, uppers = {}, run = run }
  local whole, upper
  if fields.granularity == "tensor" then
    whole = step_of(fields, flatten(rows, 1, #rows, 1, cols))
    out.scales, out.zeros = { whole.scale }, { whole.zero }
  end
  if second[fields.convention] == "tensor" then
    upper = upper_of(fields, flatten(rows, 1, #rows, 1, cols))
    out.uppers = { upper.stored }
  end
  for r = 1, #rows do out.codes[r], out.values[r], out.step[r] = {}, {}, {} end
  for top = 1, #rows, block[1] do
    local bottom = math.min(top + block[1] - 1, #rows)
    if second[fields.convention] == "row" then
      upper = upper_of(fields, rows[top])
      table.insert(out.uppers, upper.stored)
    end
    for first = 1, cols, run do
      local last = math.min(first + run - 1, cols)
      local step = whole or step_of(fields, flatten(rows, top, bottom, first, last), upper)
      if not whole then
        table.insert(out.scales, step.scale)
        table.insert(out.zeros, step.zero)
      end
      for r = top, bottom do
        table.insert(out.step[r], step)
        for c = first, last do
          out.codes[r][c] = code_of(fields, step, rows[r][c])
          out.values[r][c] = value_of(fields, step, out.codes[r][c])
        end
      end
    end
  end
  return out
end

-- The bits of a float code: sign, then the number of its magnitude among all.
local function float_bits(element, v)
  local negative = (v < 0 or 1 / v < 0) and 1 or 0
  local a = math.abs(v)
  if element == "f4e2m1" then
    for i = 0, 7 do
      if F4[i] == a then return i + (a > 0 and 8 * negative or 0) end
    end
  end
  local e = a < 2.0 ^ -6 and -6 or string.unpack("<i8", string.pack("<d", a)) >> 52 & 0x7ff
  if e > 0 then e = e - 1023 end
  local bits = a < 2.0 ^ -6 and a * 2 ^ 9 or (e + 7) * 8 + (a / 2.0 ^ e - 1) * 8
  return math.tointeger(bits) + 128 * negative
end

-- A row of codes of b bits, one after the other from the lowest bit on.
local function packed_row(row, lo, b)
  local bytes = {}
  for bit = 0, #row * b - 1 do
    local code, at = math.tointeger(row[bit // b + 1] - lo), bit // 8 + 1
    bytes[at] = (bytes[at] or 0) | (code >> bit % b & 1) << bit % 8
  end
  return string.char(table.unpack(bytes))
end

--- The bytes of the canonical `codes` tensor.
function M.code_bytes(fields, codes)
  local lo = symmetric[fields.convention] and -2 ^ ((fields.bits or 8) - 1) or 0
  if fields.convention == "minmax_float_zero" then lo = -2 ^ (fields.bits - 1) end
  local bytes = {}
  if fields.element then
    lo = 0
    local bits = {}
    for r, row in ipairs(codes) do
      bits[r] = {}
      for c, v in ipairs(row) do bits[r][c] = float_bits(fields.element, v) end
    end
    codes = bits
  end
  for _, row in ipairs(codes) do
    if fields.bits == 8 or fields.element == "f8e4m3" then
      for _, q in ipairs(row) do bytes[#bytes + 1] = string.char(math.tointeger(q) & 0xff) end
    else
      bytes[#bytes + 1] = packed_row(row, lo, fields.bits or 4)
    end
  end
  return table.concat(bytes)
end

--- A matrix of f32 numbers whose rows are the awkward ones: zeros, ties, tiny, huge, one sign.
---@param count integer  rows
---@param cols integer
---@param seed integer
---@param huge boolean   with values up to 1e38
function M.awkward(count, cols, seed, huge)
  local state = seed * 2654435761 % 2 ^ 32 // 1 | 0
  local function uniform()
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return (state >> 8) / 2 ^ 23 - 1
  end
  local kinds = {
    uniform,
    function() return 0 end,
    function() return M.rint(uniform() * 15) / 2 end, -- codes halfway between two
    function() return uniform() * 1e-3 + 5 end,
    function(c) return c == 1 and -100 or uniform() end,
    function() return uniform() * 2 ^ -140 end, -- subnormal
    function() return uniform() * 1e-20 end,
    function() return -math.abs(uniform()) end,
    function() return 0.7 end,
    function() return uniform() * (huge and 1e38 or 1e4) end,
  }
  local rows = {}
  for r = 1, count do
    rows[r] = {}
    for c = 1, cols do rows[r][c] = f32(kinds[(r + seed) % #kinds + 1](c)) end
  end
  return rows
end

--- The names of the backends that this CPU runs.
function M.backends()
  local current, list = core.backend(), {}
  for _, name in ipairs { "ref", "avx2", "avxvnni", "avx512" } do
    local known, found = pcall(core.backend, name)
    if known and found then list[#list + 1] = name end
  end
  core.backend(current)
  return list
end

--- Calls `f` on every backend and with 1 to 4 threads, then restores both.
function M.everywhere(f)
  local backend, threads = core.backend(), core.threads()
  for _, name in ipairs(M.backends()) do
    for n = 1, 4 do
      core.backend(name)
      core.threads(n)
      f(("on %s with %d threads"):format(name, n))
    end
  end
  core.backend(backend)
  core.threads(threads)
end

return M
