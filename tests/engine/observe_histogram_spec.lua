local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local matrix = support.matrix
local NAN, INF = 0 / 0, math.huge
local BINS = 4096

local function observe(kind, rows, options)
  local x <close> = matrix(rows)
  options = options or {}
  options.channels = #rows[1]
  return core.observer(kind, options):update(x)
end

-- The definition: the smallest power of two above every value, cut into 4,096 bins.
local function histogram_by_hand(values)
  local largest, e = 0, -100
  for _, v in ipairs(values) do largest = math.max(largest, v) end
  while 2.0 ^ e <= largest do e = e + 1 end
  local width, counts, last = 2.0 ^ e / BINS, {}, 1
  for i = 1, BINS do counts[i] = 0 end
  for _, v in ipairs(values) do
    local bin = v // width + 1 | 0
    counts[bin], last = counts[bin] + 1, math.max(last, bin)
  end
  return table.move(counts, 1, last, 1, {}), width
end

local function magnitudes(rows)
  local list, spans = {}, {}
  for r, row in ipairs(rows) do
    spans[r] = 0
    for _, v in ipairs(row) do
      list[#list + 1] = math.abs(v)
      spans[r] = math.max(spans[r], math.abs(v))
    end
  end
  return { histogram = list, token_span = spans }
end

for _, kind in ipairs { "histogram", "token_span" } do
  describe("the observer " .. kind, function()
    it("counts as its definition does, on every backend, with any number of threads", function()
      local rows = coding.awkward(520, 131, 3, true)
      local want, width = histogram_by_hand(magnitudes(rows)[kind])
      local x <close> = matrix(rows)
      coding.everywhere(function(where)
        local o <close> = core.observer(kind, { channels = 131 }):update(x)
        local counts, got = o:result()
        assert.same(want, counts:totable(), where)
        assert.equal(width, got, where)
      end)
    end)

    it("counts the same when its range grows on the way", function()
      local rows = {}
      for r = 1, 20 do -- below 4, 6, 9, ...
        rows[r] = support.random({ 1, 7 }, r):mul(4 * 1.5 ^ r):totable()
      end
      local o <close> = core.observer(kind, { channels = 7 })
      for _, row in ipairs(rows) do o:update(matrix { row }) end
      local want, width = histogram_by_hand(magnitudes(rows)[kind])
      local counts, got = o:result()
      assert.same(want, counts:totable())
      assert.equal(width, got)
    end)

    it("puts what lies on an edge into the bin above it", function()
      local counts, width = observe(kind, { { 1 }, { 0.75 }, { 2 ^ -11 } }):result()
      assert.equal(2 / BINS, width)
      assert.same({ 1, 1, 1 }, { counts:get(2), counts:get(1537), counts:get(2049) })
      assert.equal(2049, counts:count())
    end)

    it("merges to the same bits in any order, over any ranges", function()
      local parts = {}
      for i, scale in ipairs { 1, 2 ^ -30, 300, 7, 1e-44 } do
        parts[i] = support.random({ 3, 4 }, i):mul(scale)
      end
      local function leaf(i) return core.observer(kind, { channels = 4 }):update(parts[i]) end
      local all = core.observer(kind, { channels = 4 })
      for i = 1, 5 do all:update(parts[i]) end
      for _, order in ipairs { { 1, 2, 3, 4, 5 }, { 5, 3, 1, 2, 4 } } do
        local merged = core.observer(kind, { channels = 4 })
        for _, i in ipairs(order) do merged:merge(leaf(i)):merge(core.observer(kind, { channels = 4 })) end
        assert.is_true(all:state():tobytes() == merged:state():tobytes())
      end
    end)

    it("takes zeros and the smallest numbers", function()
      local counts, width = observe(kind, { { 0, 0 }, { 2 ^ -149, 0 } }):result()
      assert.equal(2 ^ -100 / BINS, width)
      assert.same({ kind == "histogram" and 4 or 2 }, counts:totable())
      counts, width = observe(kind, { { 0, 1.5 * 2 ^ 127 } }):result()
      assert.equal(2 ^ 128 / BINS, width)
      assert.equal(3073, counts:count())
    end)

    it("names values that are not finite", function()
      for _, bad in ipairs { NAN, INF, -INF } do
        local counts, message, id = observe(kind, { { 1, bad }, { 2, 3 } }):result()
        assert.is_nil(counts)
        assert.equal("E-OB-11", id)
        assert.equal(kind .. ": 1 values are not finite", message)
      end
    end)

    it("goes on from a state, and refuses one that is none", function()
      local o = observe(kind, { { 1, 2 }, { 3, 4 } })
      local state = o:state()
      local again = core.observer(kind, { channels = 2 }):restore(state, 2)
      assert.is_true(state:tobytes() == again:state():tobytes())
      for _, wrong in ipairs { { 1, -1 }, { BINS + 1, 129 }, { BINS + 1, -101 }, { BINS + 2, -1 },
          { 1, math.maxinteger } } do
        local bad = state:copy()
        bad:set(1, 1)
        bad:set(2, 1)
        bad:set(wrong[1], wrong[2])
        assert.error_matches(function() o:restore(bad, 2) end, "E%-OB%-02: no " .. kind .. " has such a state")
      end
    end)

    it("leaks nothing, whichever allocation fails", function()
      local x = support.random { 3, 4 }
      local o <close> = core.observer(kind, { channels = 4 })
      support.sweep(function() return o:update(x) end)
      assert.equal(3, o:count())
      local other <close> = core.observer(kind, { channels = 4 }):update(x)
      support.sweep(function() return o:merge(other) end)
      support.sweep(function() return o:result() end)
    end)
  end)
end

describe("the observer top", function()
  -- All entries in the order of the definition, then the first ones.
  local function top_by_hand(rows, keep)
    local list = {}
    for _, row in ipairs(rows) do
      for c, v in ipairs(row) do list[#list + 1] = { v, c } end
    end
    table.sort(list, function(a, b)
      if math.abs(a[1]) ~= math.abs(b[1]) then return math.abs(a[1]) > math.abs(b[1]) end
      if a[2] ~= b[2] then return a[2] < b[2] end
      return a[1] > b[1]
    end)
    local flat = {}
    for i = 1, math.min(keep, #list) do
      flat[#flat + 1] = list[i][1] + 0.0
      flat[#flat + 1] = list[i][2] + 0.0
    end
    return flat
  end

  it("keeps the largest magnitudes with their channels, on every backend, with any number of threads", function()
    local rows = coding.awkward(520, 131, 3, true)
    local want = top_by_hand(rows, 20)
    local x <close> = matrix(rows)
    coding.everywhere(function(where)
      local o <close> = core.observer("top", { channels = 131, keep = 20 }):update(x)
      assert.same(want, o:result():totable(), where)
    end)
  end)

  it("merges to the same ones in any order, ties too", function()
    local rows = { { 3, -3, 1 }, { -3, 3, 3 }, { 1, 2, 3 }, { 3, 3, 3 } }
    local want = top_by_hand(rows, 5)
    for _, order in ipairs { { 1, 2, 3, 4 }, { 4, 2, 1, 3 }, { 3, 4, 2, 1 } } do
      local o = core.observer("top", { channels = 3, keep = 5 })
      for _, i in ipairs(order) do o:merge(observe("top", { rows[i] }, { keep = 5 })) end
      assert.same(want, o:result():totable())
    end
  end)

  it("has fewer if it saw fewer, and NaN before all", function()
    assert.same({ -2, 1 }, observe("top", { { -2 } }):result():totable())
    local list = observe("top", { { INF, NAN, 5 } }, { keep = 2 }):result():totable()
    assert.is_true(list[1] ~= list[1])
    assert.same({ 2, INF, 1 }, { list[2], list[3], list[4] })
  end)

  it("refuses another one's size and a state that is none", function()
    local o = observe("top", { { 1, 2 } }, { keep = 2 })
    assert.error_matches(function() o:merge(observe("top", { { 1, 2 } }, { keep = 3 })) end, "E%-OB%-02")
    local state = o:state()
    for _, wrong in ipairs { { 2, 3 }, { 2, 0.5 }, { 2, -1 }, { 1, 0.5 } } do
      local bad = state:copy()
      bad:set(wrong[1], wrong[2])
      assert.error_matches(function() o:restore(bad, 1) end, "E%-OB%-02: no top has such a state")
    end
    assert.same({ 2, 2, 1, 1 }, core.observer("top", { channels = 2, keep = 2 }):restore(state, 1):result():totable())
  end)
end)

describe("the observer moving_average", function()
  it("follows the range of the updates at its rate", function()
    local o = core.observer("moving_average", { channels = 2, rate = 0.25 })
    o:update(matrix { { -1, 3 } }):update(matrix { { 7, 0 }, { 1, 1 } })
    assert.same({ -0.75, 4 }, o:result():totable())
    assert.equal(3, o:count())
    local slow = core.observer("moving_average", { channels = 1 }):update(matrix { { 0 } }):update(matrix { { 1 } })
    assert.near(0.01, slow:result():get(2), 2 ^ -30)
  end)

  it("says that it cannot be merged", function()
    local o = observe("moving_average", { { 1, 2 } })
    assert.error_matches(function() o:merge(observe("moving_average", { { 1, 2 } })) end,
      "E%-OB%-20: a moving average depends on the order of the data and cannot be merged; range can")
  end)

  it("refuses a rate of nothing and of more than all", function()
    for _, rate in ipairs { 0, -1, 1.5, NAN } do
      assert.error_matches(function() core.observer("moving_average", { channels = 1, rate = rate }) end, "E%-US%-14")
    end
  end)
end)
