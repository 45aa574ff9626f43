-- Search of ranges, of every convention of integers, against trying every candidate.

local coding = require "engine.coding"
local core = require "vise.core"
local peers = require "engine.peers"
local support = require "support"

local f, look = peers.f32, peers.look

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

-- Our own conventions as engine/peers.lua has the others.
local own = {
  amax = function(x, half, stored)
    local _, _, amax = look(x)
    return peers.symmetric(peers.or_one(stored(f(amax / (half - 1)))), -half, half - 1)
  end,
  amax_half_step = function(x, half, stored)
    local _, _, amax = look(x)
    local s = stored(math.max(f(amax / (half - 0.5)), 2.0 ^ -23))
    return { scale = s, code = function(v) return clamp(coding.rint(f(v * f(1 / s))), -half, half - 1) end,
      value = function(q) return f(q * s) end }
  end,
  amax_reciprocal = function(x, half, stored)
    local _, _, amax = look(x)
    local a = f(amax / (half - 1))
    local s = stored(a)
    return { scale = s, code = function(v) return clamp(coding.rint(f(v * f(1 / a))), -half, half - 1) end,
      value = function(q) return f(q * s) end }
  end,
  minmax_float_zero = function(x, half, stored)
    local lo, hi = look(x)
    local exact = f(math.max(f(hi - lo), f(1e-6)) / (2 * half - 1))
    local s, z = stored(exact), stored(f(lo + f(half * exact)))
    return { scale = s, zero = z, code = function(v) return clamp(coding.rint(f(f(v - z) / s)), -half, half - 1) end,
      value = function(q) return f(f(q * s) + z) end }
  end,
  minmax_int_zero = function(x, half, stored)
    local lo, hi = look(x)
    lo, hi = math.min(lo, 0), math.max(hi, 0)
    local s = peers.or_one(stored(f(f(hi - lo) / (2 * half - 1))))
    return peers.asymmetric(s, coding.rint(f(-lo / s)), 2 * half - 1)
  end,
}

local steps = {}
for _, list in ipairs { peers.steps, own } do
  for name, make in pairs(list) do steps[name] = make end
end

local SEARCHES = { -- shrink, grid, norm, and whether importance weighs
  { shrink = 0.2, grid = 100, norm = 2.4 }, -- LLM Compressor
  { shrink = 0.8, grid = 100, norm = 2.4 }, -- GPTQ
  { shrink = 1, grid = 20, norm = 3, weighted = true }, -- imatrix
  { shrink = 0.41, grid = 100, norm = 2 },
  { shrink = 0.5, grid = 40, norm = 2, weighted = true },
  { shrink = 0.5, grid = 40, norm = 1.5, weighted = true },
}

local COLS = 21
local MATRIX = {} -- cubes: a few large values among many small ones, so that shrinking pays; one row of one sign
do
  local values = support.random({ 3, COLS }, 4):totable()
  for r = 1, 3 do
    MATRIX[r] = {}
    for c = 1, COLS do
      local v = values[(r - 1) * COLS + c]
      MATRIX[r][c] = f(r == 3 and math.abs(v) + 0.5 or v ^ 3)
    end
  end
end

local function importance()
  local t = core.tensor("f32", { COLS })
  for c = 1, COLS do t:set(c, c % 4 == 0 and 0 or 1 + (c * 5) % 7) end
  return t
end

-- The error of a run with a step.
local function error_of(step, x, weight, norm)
  local sum = 0
  for i, v in ipairs(x) do sum = sum + weight[i] * math.abs(step.value(step.code(v)) - v) ^ norm end
  return sum
end

-- Every step of what was searched is a candidate's, and no other has less error.  The search sums in
-- f32 errors that are within 2^-19 of the powers: the least are told apart to that.
local function is_best(name, bits, how)
  local fields = { bits = bits, granularity = "group", group = 8, convention = name, scale_dtype = "f16" }
  local half, dtype = 2 ^ (bits - 1), "f16"
  local function stored(v) return coding.round(v, dtype) end
  local options = { search = { shrink = how.shrink, grid = how.grid, norm = how.norm },
    importance = how.weighted and importance() or nil }
  local coded <close> = assert(core.encode(core.scheme(fields), support.matrix(MATRIX), options))
  local t, at = coded:tensors(), 0
  for r = 1, 3 do
    for first = 1, COLS, 8 do
      at = at + 1
      local x, weight = {}, {}
      for c = first, math.min(first + 7, COLS) do
        x[#x + 1], weight[#weight + 1] = MATRIX[r][c], how.weighted and options.importance:get(c) or 1
      end
      local lo, hi, _, extreme = look(x)
      local least, found = math.huge, nil
      for i = 0, math.floor(how.shrink * how.grid) - 1 do
        local p = f(1 - i / how.grid)
        local ends = extreme == hi and { f(hi * p), f(lo * p) } or { f(lo * p), f(hi * p) }
        local step = steps[name](ends, half, stored, dtype)
        local error = error_of(step, x, weight, how.norm)
        least = math.min(least, error)
        if step.scale == t.scale:get(at) and (not step.zero or step.zero == t.zero:get(at)) then
          found = math.min(found or error, error)
        end
      end
      local where = ("%s, run %d, norm %g: %s, not %g"):format(coded, at, how.norm, found, least)
      assert(found and found <= least * (1 + 2.0 ^ -17) + 1e-30, where)
    end
  end
end

describe("core.encode with a search of ranges", function()
  for name in pairs(steps) do
    it("finds the best candidate of " .. name, function()
      for _, bits in ipairs { 2, 4 } do
        for _, how in ipairs(SEARCHES) do is_best(name, bits, how) end
      end
    end)
  end

  it("finds it in 3 and 8 bits", function()
    for _, bits in ipairs { 3, 8 } do
      for _, name in ipairs { "amax", "gptq_asym", "minmax_float_zero" } do is_best(name, bits, SEARCHES[1]) end
    end
  end)

  it("is what `search = true` does where ratios of a scale do not fit, and with importance", function()
    local x, weight = support.matrix(MATRIX), importance()
    local squares = { shrink = 0.41, grid = 100, norm = 2 }
    local function bits(convention, options)
      local scheme = core.scheme { bits = 4, granularity = "row", convention = convention }
      local t = assert(core.encode(scheme, x, options)):tensors()
      return t.scale:tobytes() .. t.codes:tobytes()
    end
    assert.equal(bits("gptq_asym", { search = squares }), bits("gptq_asym", { search = true }))
    assert.equal(bits("amax", { search = squares, importance = weight }),
      bits("amax", { search = true, importance = weight }))
    assert.not_equal(bits("amax", { search = true }), bits("amax", { search = true, importance = weight }))
  end)

  it("keeps the whole range where nothing is better, and of zeros and what leaves f32", function()
    local rows = { {}, {}, {}, {} }
    for c = 1, 16 do
      rows[1][c], rows[2][c] = c - 8.0, 0
      rows[3][c], rows[4][c] = f(math.sin(c) * 1e-35), f(math.sin(c) * 1e35)
    end
    local x <close> = support.matrix(rows)
    for _, name in ipairs { "gptq_asym", "amax", "quanto_asym" } do
      local scheme = core.scheme { bits = 4, granularity = "row", convention = name }
      local plain, found = core.encode(scheme, x), core.encode(scheme, x, { search = { shrink = 0.8 } })
      if name ~= "amax" then
        assert.equal(plain:tensors().scale:tobytes(), found:tensors().scale:tobytes(), name)
      else
        for _, r in ipairs { 2, 3, 4 } do
          assert.equal(plain:tensors().scale:get(r), found:tensors().scale:get(r))
        end
      end
    end
  end)

  it("takes the first of equals", function()
    -- Steps of 1 and 0.75 for 1 and 0.5: errors 0 + 0.5 and 0.25 + 0.25.
    local scheme = core.scheme { bits = 2, granularity = "row", convention = "amax" }
    local how = { shrink = 0.5, grid = 4, norm = 1 }
    assert.equal(1, core.encode(scheme, support.matrix { { 1, 0.5 } }, { search = how }):tensors().scale:get(1))
  end)

  it("sums over the rows of a block, and over runs longer than one piece", function()
    local long = support.random({ 2, 3000 }, 5)
    for i = 1, 6000 do long:set(i, f(long:get(i) ^ 5)) end
    for _, granularity in ipairs { "row", "block" } do
      local scheme = core.scheme { bits = 3, granularity = granularity, convention = "gptq_asym",
        block = granularity == "block" and { 2, 3000 } or nil }
      local searched = core.encode(scheme, long, { search = { shrink = 0.8, norm = 2 } })
      local plain = core.encode(scheme, long)
      local function loss(c) return core.compare(c:decode(), long).rel_l2 end
      assert.is_true(loss(searched) < loss(plain))
      local scale, least = searched:tensors().scale:get(1), math.huge
      local rows = granularity == "block" and { 1, 2 } or { 1 }
      local x = {}
      for _, r in ipairs(rows) do
        for c = 1, 3000 do x[#x + 1] = long:get((r - 1) * 3000 + c) end
      end
      local lo, hi, best = look(x)
      local ones = setmetatable({}, { __index = function() return 1 end })
      for i = 0, 79 do
        local p = f(1 - i / 100)
        local step = peers.steps.gptq_asym({ f(lo * p), f(hi * p) }, 4, f, "f32")
        local error = error_of(step, x, ones, 2)
        if error < least then least, best = error, step.scale end
      end
      assert.equal(best, scale)
    end
  end)

  it("gives the same bits on every backend, with any number of threads", function()
    local x, weight <close> = support.random({ 40, 131 }, 6), core.tensor("f32", { 131 }):add(0.5)
    for _, name in ipairs { "amax", "gptq_asym", "minmax_float_zero" } do
      for _, how in ipairs { { norm = 2 }, { norm = 2.4 }, { norm = 3 } } do
        local scheme, first = core.scheme { bits = 4, granularity = "group", group = 50, convention = name }, nil
        coding.everywhere(function(where)
          local coded <close> = core.encode(scheme, x, { search = how, importance = how.norm ~= 2 and weight or nil })
          local bits = coded:tensors().codes:tobytes() .. coded:tensors().scale:tobytes()
          first = first or bits
          assert(bits == first, name .. where)
        end)
      end
    end
  end)

  it("refuses what cannot be searched, and importance that is none", function()
    local x = support.random { 2, 16 }
    local int4 = { bits = 4, granularity = "row", convention = "amax" }
    local function refuses(id, message, fields, options)
      local ok, said, text, code = pcall(core.encode, core.scheme(fields), x, options)
      if ok then said = ("%s: %s (%s)"):format(code, text, said) end
      assert.matches(id, said, 1, true)
      assert.matches(message, said, 1, true)
    end
    local function of(v)
      local t = core.tensor("f32", { 16 }):add(1)
      t:set(3, v)
      return t
    end
    refuses("E-SC-11", "no scale search of that kind for f4e2m1",
      { element = "f4e2m1", granularity = "group", group = 16, convention = "nvfp4" }, { search = {} })
    refuses("E-SC-11", "no scale search for int4 tensor", { bits = 4, granularity = "tensor", convention = "amax" },
      { search = {} })
    refuses("E-SC-14", "no search that it could weigh", int4, { importance = of(1) })
    refuses("E-SC-14", "importance of input 3 is -1", int4, { search = true, importance = of(-1) })
    refuses("E-SC-14", "importance of input 3 is", int4, { search = true, importance = of(0 / 0) })
    refuses("E-SC-14", "importance is 0 for every input", int4,
      { search = true, importance = core.tensor("f32", { 16 }) })
    refuses("E-SC-14", "importance is f32 15, expected f32 16", int4,
      { search = true, importance = core.tensor("f32", { 15 }) })
    refuses("E-US-14", "unknown option 'grd'", int4, { search = { grd = 1 } })
    refuses("E-US-14", "option 'norm' must be a number from", int4, { search = { norm = 9 } })
    refuses("E-US-14", "option 'search' must be true, false or a table", int4, { search = 1 })
  end)

  it("leaks nothing, whichever allocation fails", function()
    local x, scheme = support.random { 3, 64 }, core.scheme { bits = 4, granularity = "row", convention = "awq_asym" }
    local weight <close> = core.tensor("f32", { 64 }):add(1)
    support.sweep(function() return core.encode(scheme, x, { search = { shrink = 0.5 }, importance = weight }) end)
  end)
end)
