local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -52

-- The definition, in two plain passes.
local function by_hand(values)
  local s = { count = #values, finite = 0, nans = 0, infinities = 0, zeros = 0 }
  s.min, s.max = math.huge, -math.huge
  local sum = 0
  for _, x in ipairs(values) do
    if x ~= x then
      s.nans = s.nans + 1
    elseif x == math.huge or x == -math.huge then
      s.infinities = s.infinities + 1
    else
      s.finite, sum = s.finite + 1, sum + x
      if x == 0 then s.zeros = s.zeros + 1 end
      s.min, s.max = math.min(s.min, x), math.max(s.max, x)
    end
  end
  if s.finite == 0 then s.min, s.max = 0, 0 end
  s.mean = s.finite > 0 and sum / s.finite or 0
  local squares = 0
  for _, x in ipairs(values) do
    if x == x and math.abs(x) ~= math.huge then squares = squares + (x - s.mean) ^ 2 end
  end
  s.std = s.finite > 0 and math.sqrt(squares / s.finite) or 0
  return s
end

local function check(t)
  local want, got = by_hand(t:totable()), t:statistics()
  for _, name in ipairs { "count", "finite", "nans", "infinities", "zeros", "min", "max" } do
    assert.equal(want[name], got[name], name)
  end
  -- A sum of n terms, each rounded: n * eps * (largest term), for both ways of adding.
  local bound = 2 * want.count * EPS * math.max(math.abs(want.min), math.abs(want.max))
  assert.is_true(math.abs(want.mean - got.mean) <= bound, "mean")
  assert.is_true(math.abs(want.std - got.std) <= 2 * bound, "std")
end

describe("t:statistics", function()
  it("agrees with the definition for every dtype", function()
    for _, dtype in ipairs { "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8", "u8", "i32", "i64" } do
      local t <close> = core.tensor_of(dtype, { 2, 4 }, { 1, 2.5, 3, 0, 100, 7, 0, 42 })
      check(t)
    end
  end)

  it("agrees for every size around a chunk and a tile", function()
    for _, n in ipairs { 0, 1, 2, 3, 1023, 1024, 1025, 65535, 65536, 65537, 131073 } do
      local t <close> = support.random({ n }, n)
      check(t)
    end
  end)

  it("counts what is not finite and leaves it out of the rest", function()
    check(core.tensor_of("f32", { 6 }, { 0 / 0, 1, math.huge, -math.huge, -3, 0 }))
    check(core.tensor_of("f32", { 2 }, { 0 / 0, math.huge }))
  end)

  it("keeps the deviation of values far from zero", function()
    -- The textbook formula E[x^2] - E[x]^2 loses every digit here.
    local t <close> = core.tensor_of("f64", { 4 }, { 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 })
    assert.near(math.sqrt(22.5), t:statistics().std, 1e-6)
  end)

  it("reads strided views", function()
    local t <close> = support.random({ 37, 11 }, 3)
    check(t:columns(2, 4))
  end)

  it("gives the same bits for any number of threads", function()
    local t <close> = support.random({ 300001 }, 5)
    local before, seen = core.threads(), {}
    for n = 1, 4 do
      core.threads(n)
      local s = t:statistics()
      seen[n] = ("%a %a"):format(s.mean, s.std)
    end
    core.threads(before)
    for n = 2, 4 do assert.equal(seen[1], seen[n]) end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t <close> = support.random({ 5 }, 1)
    assert.equal(1, support.sweep(function() return t:statistics() end))
  end)
end)

describe("t:histogram", function()
  it("agrees with the definition", function()
    local t <close> = support.random({ 70001 }, 9)
    local lo, hi, bins = -0.75, 0.5, 13
    local want = {}
    for i = 1, bins do want[i] = 0 end
    for _, x in ipairs(t:totable()) do
      if x >= lo and x <= hi then
        local bin = math.min(bins, math.floor((x - lo) / (hi - lo) * bins) + 1)
        want[bin] = want[bin] + 1
      end
    end
    assert.same(want, t:histogram(lo, hi, bins))
  end)

  it("puts both ends inside and the rest outside", function()
    local t <close> = core.tensor_of("f32", { 7 }, { 0, 1, 2, -1, 3, 0 / 0, math.huge })
    assert.same({ 1, 2 }, t:histogram(0, 2, 2))
  end)

  it("bears the widest range", function()
    local t <close> = core.tensor_of("f64", { 2 }, { -1.7e308, 1.7e308 })
    assert.same({ 1, 1 }, t:histogram(-1.7e308, 1.7e308, 2))
  end)

  it("raises on a range or a count that makes no sense", function()
    local t <close> = support.random({ 5 }, 1)
    for _, range in ipairs { { 1, 1 }, { 2, 1 }, { 0, math.huge }, { 0 / 0, 1 }, { 0, 5e-324 } } do
      assert.error_matches(function() t:histogram(range[1], range[2]) end, "E%-NU%-09")
    end
    assert.error_matches(function() t:histogram(0, 1, 0) end, "1 to 256")
    assert.error_matches(function() t:histogram(0, 1, 257) end, "1 to 256")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t <close> = support.random({ 5 }, 1)
    assert.equal(1, support.sweep(function() return t:histogram(-1, 1) end))
  end)
end)

-- Each block by its definition: part i of n begins at floor(size * i / n).
local function blocks_by_hand(t, rows, columns, what)
  local height, width = t:shape()
  local out = {}
  for r = 1, rows do
    for c = 1, columns do
      local best, sum, n
      sum, n = 0, 0
      for y = height * (r - 1) // rows + 1, height * r // rows do
        for x = width * (c - 1) // columns + 1, width * c // columns do
          local v = t:get((y - 1) * width + x)
          if what == "absmax" then v = math.abs(v) end
          if not best or (what == "min" and v < best) or (what ~= "min" and v > best) then best = v end
          sum, n = sum + v, n + 1
        end
      end
      out[#out + 1] = what == "mean" and sum / n or best
    end
  end
  return out
end

describe("t:blocks", function()
  it("agrees with the definition", function()
    local t <close> = support.random({ 37, 1029 }, 5)
    for _, what in ipairs { "absmax", "max", "mean", "min" } do
      for _, size in ipairs { { 1, 1 }, { 5, 7 }, { 37, 1029 }, { 36, 2 } } do
        local got <close> = t:blocks(size[1], size[2], what)
        assert.same({ size[1], size[2] }, { got:shape() })
        local want = blocks_by_hand(t, size[1], size[2], what)
        for i, v in ipairs(got:totable()) do
          -- A mean of up to 38,073 values of at most 1, summed in another order.
          if math.abs(v - want[i]) > (what == "mean" and 38073 * 2 ^ -53 or 0) then assert.equal(want[i], v) end
        end
      end
    end
  end)

  it("takes all dimensions but the last as rows, and strided views as they look", function()
    local t <close> = support.random({ 2, 3, 4 }, 5)
    assert.same({ 6, 4 }, { t:blocks(6, 4):shape() })
    local m <close> = core.tensor_of("f32", { 2, 3 }, { 1, 2, 3, 4, 5, -6 })
    assert.same({ 3, 6 }, m:columns(2, 3):blocks(2, 1):totable())
  end)

  it("passes on NaN and infinity", function()
    local t <close> = core.tensor_of("f32", { 1, 4 }, { 1, 0 / 0, -math.huge, 2 })
    for _, what in ipairs { "absmax", "max", "mean", "min" } do
      local got = t:blocks(1, 2, what):totable()
      assert.is_true(got[1] ~= got[1], what)
      assert.equal(({ absmax = math.huge, max = 2, mean = -math.huge, min = -math.huge })[what], got[2])
    end
  end)

  it("raises for more blocks than there are rows or columns", function()
    local t <close> = support.random({ 2, 3 }, 1)
    assert.error_matches(function() t:blocks(3, 1) end, "E%-TN%-10: 3 x 1 blocks of a matrix 2 x 3")
    assert.error_matches(function() t:blocks(1, 4) end, "E%-TN%-10")
    assert.error_matches(function() t:blocks(0, 1) end, "1 to 4096 rows")
    assert.error_matches(function() t:blocks(1, 5000) end, "1 to 4096 columns")
    assert.error_matches(function() core.tensor("f32", { 0, 3 }):blocks(1, 1) end, "E%-TN%-10")
  end)

  it("leaks nothing, whichever allocation fails", function()
    local t <close> = support.random({ 5, 5 }, 1)
    assert.is_true(support.sweep(function() return t:blocks(2, 2) end) >= 2)
  end)
end)
