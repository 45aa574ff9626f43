local coding = require "engine.coding"
local core = require "vise.core"

local function counts_of(list) return core.tensor_of("i64", { #list }, list) end

-- The three rules as they are published, in plain loops: a histogram of any bins of equal width.

local function percentile_by_hand(h, width, p)
  local total, sum = 0, 0
  for _, n in ipairs(h) do total = total + n end
  for i, n in ipairs(h) do
    sum = sum + n
    if sum / total >= p / 100 then return (i - 1) * width end
  end
end

local function mse_by_hand(h, width, levels)
  local best, range = math.huge, nil
  for i = 128, #h - 1 do
    local amax, total = (i + 0.5) * width, 0
    local s = levels / amax
    for k = 0, #h - 1 do
      local centre = (k + 0.5) * width
      local rounded = math.min(coding.rint(centre * s), levels) / s
      total = total + h[k + 1] * (rounded - centre) ^ 2
    end
    if total / #h < best then best, range = total / #h, amax end
  end
  return range
end

-- The TensorRT recipe with its steps apart: linspace, digitize, densities, then the divergence.
local function entropy_by_hand(h, width, cells)
  h = table.move(h, 1, #h, 1, {})
  h[1] = h[2]
  local best, found = math.huge, nil
  for i = 128, #h do
    local edges = {}
    for c = 0, cells do edges[c] = c * (i / cells) end
    edges[cells] = i
    local cell_of, sums, some = {}, {}, {}
    for j = 0, i - 1 do
      local c = 0
      while edges[c + 1] <= j do c = c + 1 end
      if h[j + 1] ~= 0 then
        cell_of[j] = c
        sums[c], some[c] = (sums[c] or 0) + h[j + 1], (some[c] or 0) + 1
      end
    end
    local p, q, all_p, all_q = {}, {}, 0, 0
    for j = 0, i - 1 do
      p[j] = h[j + 1]
      q[j] = cell_of[j] and sums[cell_of[j]] / some[cell_of[j]] or 0
    end
    for j = i, #h - 1 do p[i - 1] = p[i - 1] + h[j + 1] end
    for j = 0, i - 1 do all_p, all_q = all_p + p[j], all_q + q[j] end
    local divergence = 0
    for j = 0, i - 1 do
      if p[j] > 0 then
        divergence = divergence
          + (q[j] > 0 and p[j] / all_p * math.log((p[j] / all_p) / (q[j] / all_q)) or math.huge)
      end
    end
    if divergence <= best + 1e-15 then -- the last of those that are equal but for rounding
      best, found = math.min(best, divergence), i * width
    end
  end
  return found
end

-- A bell with a few far outliers, in the published layout: 2,048 bins over the first batch, more of
-- the same width for a later one.
local function bell(seed, bins, appended, outliers)
  local random, h = core.random(seed), {}
  for i = 1, bins + appended do h[i] = 0 end
  local x <close> = random:normal { 20000 }
  for _, v in ipairs(x:totable()) do
    local bin = math.abs(v) / 5 * bins // 1 + 1 | 0
    if bin <= bins then h[bin] = h[bin] + 1 end
  end
  for i = 1, outliers do h[#h - 7 * i] = h[#h - 7 * i] + 1 end
  h[#h] = 1
  return h
end

local cases = {
  { "a bell", bell(1, 300, 0, 0), 5 / 300 },
  { "a bell with outliers in bins that were appended", bell(2, 200, 150, 12), 0.025 },
  { "a bell with holes", bell(3, 512, 20, 2), 2 ^ -9 },
}

describe("core.range_of", function()
  for _, case in ipairs(cases) do
    local name, list, width = table.unpack(case)
    it("follows the published rules on " .. name, function()
      local counts = counts_of(list)
      for _, p in ipairs { 50, 99, 99.9, 99.99, 100 } do
        assert.equal(percentile_by_hand(list, width, p), core.range_of(counts, width, "percentile", { percentile = p }))
      end
      assert.equal(percentile_by_hand(list, width, 99.99), core.range_of(counts, width, "percentile"))
      for bits, levels in pairs { [8] = 127, [4] = 7 } do
        assert.equal(mse_by_hand(list, width, levels), core.range_of(counts, width, "mse", { bits = bits }))
      end
      assert.equal(mse_by_hand(list, width, 255), core.range_of(counts, width, "mse", { is_signed = false }))
      assert.equal(entropy_by_hand(list, width, 128), core.range_of(counts, width, "entropy"))
      assert.equal(entropy_by_hand(list, width, 8), core.range_of(counts, width, "entropy", { bits = 4 }))
    end)
  end

  it("takes the bin at which a percentile is reached, not the next", function()
    local counts = counts_of { 5, 3, 2 }
    for p, edge in pairs { [50] = 0, [80] = 0.5, [80.1] = 1, [100] = 1 } do
      assert.equal(edge, core.range_of(counts, 0.5, "percentile", { percentile = p }), p)
    end
  end)

  it("takes the last of ranges that lose equally, by entropy, and the first by mse", function()
    -- Nothing beyond bin 60: every cut keeps all, and all cells of one bin keep it as it is.
    local list = {}
    for i = 1, 200 do list[i] = i <= 60 and 5 or 0 end
    local counts = counts_of(list)
    assert.equal(entropy_by_hand(list, 1, 128), core.range_of(counts, 1, "entropy"))
    assert.equal(200, core.range_of(counts, 1, "entropy"))
    local zero = { 0 }
    for i = 2, 200 do zero[i] = 0 end
    zero[150] = 1 -- rounded without loss wherever its centre is the range: first at itself
    assert.equal(149.5, core.range_of(counts_of(zero), 1, "mse"))
  end)

  it("has the same answer for any number of threads", function()
    local list = bell(4, 700, 0, 3)
    local counts, seen = counts_of(list), nil
    coding.everywhere(function(where)
      local got = core.range_of(counts, 1, "entropy")
      seen = seen or got
      assert.equal(seen, got, where)
    end)
  end)

  it("gives the whole range of a histogram that is too short to cut", function()
    local counts = counts_of { 1, 2, 3 }
    assert.equal(1.5, core.range_of(counts, 0.5, "mse"))
    assert.equal(1.5, core.range_of(counts, 0.5, "entropy"))
  end)

  it("refuses what is no histogram", function()
    assert.error_matches(function() core.range_of(counts_of { 0, 0 }, 1, "mse") end, "E%-OB%-21: .* counted nothing")
    assert.error_matches(function() core.range_of(counts_of { 1, -2 }, 1, "mse") end, "E%-OB%-21: bin 2 .* is %-2")
    assert.error_matches(function() core.range_of(counts_of { 1, math.maxinteger }, 1, "mse") end, "E%-OB%-21: bin 2")
    for _, width in ipairs { 0, -1, 0 / 0, math.huge } do
      assert.error_matches(function() core.range_of(counts_of { 1 }, width, "mse") end, "E%-OB%-21")
    end
    assert.error_matches(function() core.range_of(core.tensor("f32", { 3 }), 1, "mse") end, "E%-OB%-21")
    assert.error_matches(function() core.range_of(counts_of { 1 }, 1, "median") end, "invalid option")
  end)
end)
