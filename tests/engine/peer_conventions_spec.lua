-- The conventions of other programs, against their formulas (engine/peers.lua).

local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local peers = require "engine.peers"

local f, look, symmetric, asymmetric, or_one, gptq_range = peers.f32, peers.look, peers.symmetric, peers.asymmetric,
  peers.or_one, peers.gptq_range
local rint = coding.rint

local function clamp(x, lo, hi) return math.max(lo, math.min(hi, x)) end

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
  for name, make in pairs(peers.steps) do
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
    for name in pairs(peers.steps) do
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
    for name, make in pairs(peers.steps) do
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
    for name in pairs(peers.steps) do
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
