--- The oracle of the scheme specs: the conventions of engine/scheme.h in plain Lua, one element
--- at a time, with every step rounded to f32 as the definition says.

local core = require "vise.core"

local M = {}

local formats = { -- mantissa bits, smallest normal exponent, first value that is infinity
  f32 = { 23, -126, 2 ^ 128 },
  f16 = { 10, -14, 2 ^ 16 },
  bf16 = { 7, -126, 2 ^ 128 },
}

--- Nearest integer, ties to even.
function M.rint(x)
  if math.abs(x) >= 2 ^ 51 then return x end
  return (x + 1.5 * 2 ^ 52) - 1.5 * 2 ^ 52
end

--- A double rounded to f32, f16 or bf16, ties to even.
function M.round(x, dtype)
  if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x end
  local mantissa, least, limit = table.unpack(formats[dtype])
  local bits = string.unpack("<i8", string.pack("<d", x))
  local exponent = math.max((bits >> 52 & 0x7ff) - 1023, least)
  local quantum = 2.0 ^ (exponent - mantissa)
  local y = M.rint(x / quantum) * quantum
  if math.abs(y) >= limit then return y > 0 and math.huge or -math.huge end
  return y
end

-- One f32 operation: the operands are f32, so that rounding the double once more is harmless.
local function f32(x) return M.round(x, "f32") end

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

local symmetric = { amax_half_step = true, amax = true, amax_reciprocal = true }

-- The step of one run of values: { scale, zero, factor }.
local function step_of(fields, values)
  local half, dtype = 2.0 ^ (fields.bits - 1), fields.scale_dtype or "f32"
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
    return { scale = or_one(stored(f32(amax / (half - 1)))), zero = 0 }
  elseif fields.convention == "amax_reciprocal" then
    local a = f32(amax / (half - 1))
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

local function code_of(fields, step, x)
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
  if fields.convention == "minmax_int_zero" then return f32((q - step.zero) * step.scale) end
  return f32(f32(q * step.scale) + step.zero)
end

--- Encodes a matrix given as rows of numbers that are f32.
---@return table coded  codes[r][c], values[r][c] (decoded), step[r][run], flat scales and zeros
function M.encode(fields, rows)
  local cols = #rows[1]
  local run = fields.granularity == "group" and fields.group or cols
  local out = { codes = {}, values = {}, step = {}, scales = {}, zeros = {}, run = run }
  local whole
  if fields.granularity == "tensor" then
    local all = {}
    for _, row in ipairs(rows) do table.move(row, 1, cols, #all + 1, all) end
    whole = step_of(fields, all)
    out.scales, out.zeros = { whole.scale }, { whole.zero }
  end
  for r, row in ipairs(rows) do
    out.codes[r], out.values[r], out.step[r] = {}, {}, {}
    for first = 1, cols, run do
      local last = math.min(first + run - 1, cols)
      local step = whole or step_of(fields, table.move(row, first, last, 1, {}))
      table.insert(out.step[r], step)
      if not whole then
        table.insert(out.scales, step.scale)
        table.insert(out.zeros, step.zero)
      end
      for c = first, last do
        out.codes[r][c] = code_of(fields, step, row[c])
        out.values[r][c] = value_of(fields, step, out.codes[r][c])
      end
    end
  end
  return out
end

--- The bytes of the canonical `codes` tensor.
function M.code_bytes(fields, codes)
  local lo = symmetric[fields.convention] and -2 ^ (fields.bits - 1) or 0
  if fields.convention == "minmax_float_zero" then lo = -2 ^ (fields.bits - 1) end
  local bytes = {}
  for _, row in ipairs(codes) do
    if fields.bits == 8 then
      for _, q in ipairs(row) do bytes[#bytes + 1] = string.char(math.tointeger(q) & 0xff) end
    else
      for c = 1, #row, 2 do
        local low, high = row[c] - lo, row[c + 1] and row[c + 1] - lo or 0
        bytes[#bytes + 1] = string.char(math.tointeger(low + 16 * high))
      end
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
  for _, name in ipairs { "ref", "avx2", "avx512" } do
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
