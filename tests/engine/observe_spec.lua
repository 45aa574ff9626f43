local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local matrix = support.matrix
local NAN, INF = 0 / 0, math.huge

local function observe(kind, ...)
  local o
  for _, rows in ipairs { ... } do
    local x <close> = matrix(rows)
    o = o or core.observer(kind, { channels = #rows[1] })
    o:update(x)
  end
  return o
end

describe("a range observer", function()
  it("keeps the smallest and the largest value of all it saw", function()
    local o = observe("range", { { 1, -2, 3 } }, { { 0, 0, 0 }, { 4, -1, 0 } })
    assert.same({ -2, 4 }, o:result():totable())
    assert.equal(3, o:count())
  end)

  it("does not put 0 into a range that has none", function()
    assert.same({ 5, 7 }, observe("range", { { 5, 7 } }, { { 6, 6 } }):result():totable())
    assert.same({ -7, -5 }, observe("range", { { -5, -7 } }):result():totable())
  end)

  it("does not put 0 into it when it is merged with one that saw nothing", function()
    local empty = core.observer("range", { channels = 2 })
    local o = observe("range", { { 5, 7 } })
    assert.same({ 5, 7 }, o:merge(empty):result():totable())
    assert.same({ 5, 7 }, empty:merge(o):result():totable())
  end)

  it("says +0 for either zero", function()
    local bytes = observe("range", { { -0.0, 0.0 } }, { { 0.0, -0.0 } }):result():tobytes()
    assert.equal(("\0"):rep(8), bytes)
  end)
end)

describe("a channel_span observer", function()
  it("keeps the largest magnitude of each channel", function()
    local o = observe("channel_span", { { 1, -2, 0 } }, { { 0.5, 0, 0 }, { -4, 1, 0 } })
    assert.same({ 4, 2, 0 }, o:result():totable())
    assert.equal(3, o:count())
  end)
end)

for _, kind in ipairs { "range", "channel_span" } do
  describe("the observer " .. kind, function()
    it("lets NaN and infinity through, and NaN wins", function()
      local first, last = observe(kind, { { 1, INF } }, { { 1, 2 } }), observe(kind, { { 1, 2 } }, { { 1, NAN } })
      assert.equal(INF, first:result():get(2))
      local got = last:result():get(2)
      assert.is_true(got ~= got)
      got = first:merge(last):result():get(2)
      assert.is_true(got ~= got)
      got = last:merge(observe(kind, { { 1, INF } })):result():get(2)
      assert.is_true(got ~= got)
    end)

    it("agrees with plain loops on every backend, with any number of threads", function()
      -- 700 x 131 is two tiles of rows and three of columns.
      local rows = coding.awkward(700, 131, 3, true)
      local lo, hi, span = INF, -INF, {}
      for _, row in ipairs(rows) do
        for c, v in ipairs(row) do
          lo, hi, span[c] = math.min(lo, v), math.max(hi, v), math.max(span[c] or 0, math.abs(v))
        end
      end
      local x <close> = matrix(rows)
      local view <close> = x:columns(1, 131)
      coding.everywhere(function(where)
        local o <close> = core.observer(kind, { channels = 131 })
        o:update(x)
        o:update(view)
        assert.same(kind == "range" and { lo, hi } or span, o:result():totable(), where)
      end)
    end)

    it("merges to the same bits in any order, empty shards too", function()
      local parts = {}
      for i = 1, 5 do parts[i] = coding.awkward(3, 4, i, true) end
      local all = observe(kind, table.unpack(parts))
      for _, order in ipairs { { 1, 2, 3, 4, 5 }, { 5, 3, 1, 2, 4 } } do
        local merged = core.observer(kind, { channels = 4 })
        for _, i in ipairs(order) do
          merged:merge(observe(kind, parts[i]))
          merged:merge(core.observer(kind, { channels = 4 }))
        end
        assert.equal(all:result():tobytes(), merged:result():tobytes())
        assert.equal(15, merged:count())
      end
      -- ((1 2) (3 (4 5)))
      local function leaf(i) return observe(kind, parts[i]) end
      local tree = leaf(1):merge(leaf(2)):merge(leaf(3):merge(leaf(4):merge(leaf(5))))
      assert.equal(all:result():tobytes(), tree:result():tobytes())
    end)

    it("sees every leading dimension and strided rows", function()
      local x = support.random { 2, 3, 4 }
      local flat = x:reshape { 6, 4 }
      local a, b = core.observer(kind, { channels = 4 }), core.observer(kind, { channels = 4 })
      assert.equal(a:update(x):result():tobytes(), b:update(flat):result():tobytes())
      assert.equal(6, a:count())
      local c, d = core.observer(kind, { channels = 2 }), core.observer(kind, { channels = 2 })
      local view = flat:columns(2, 3)
      assert.equal(c:update(view:copy()):result():tobytes(), d:update(view):result():tobytes())
    end)

    it("gives a copy that later updates do not change", function()
      local o = observe(kind, { { 1, 2 } })
      local before = o:result()
      local bytes = before:tobytes()
      o:update(matrix { { 8, 9 } })
      assert.equal(bytes, before:tobytes())
    end)

    it("has no result before it has seen a row", function()
      local o = core.observer(kind, { channels = 2 })
      assert.error_matches(function() o:result() end, "E%-OB%-03: the " .. kind .. " observer has seen no row")
      o:update(core.tensor("f32", { 0, 2 }))
      assert.equal(0, o:count())
      assert.error_matches(function() o:result() end, "E%-OB%-03")
    end)

    it("refuses other channels, dtypes and observers", function()
      local o = core.observer(kind, { channels = 2 })
      assert.error_matches(function() o:update(support.random { 2, 3 }) end,
        "E%-OB%-02: the observed tensor is f32 2x3, expected 2 channels")
      assert.error_matches(function() o:update(core.tensor("f32", {})) end, "E%-OB%-02")
      assert.error_matches(function() o:update(core.tensor("f16", { 2, 2 })) end, "E%-TN%-04")
      assert.error_matches(function() o:merge(core.observer(kind, { channels = 3 })) end,
        "E%-OB%-02: cannot merge " .. kind .. " of 3 channels into " .. kind .. " of 2")
      local other = kind == "range" and "channel_span" or "range"
      assert.error_matches(function() o:merge(core.observer(other, { channels = 2 })) end, "E%-OB%-02")
    end)

    it("says what it is, and closes", function()
      local o = observe(kind, { { 1, 2, 3 } })
      assert.equal("observer " .. kind .. " of 3 channels, 1 rows seen", tostring(o))
      o:close()
      o:close()
      assert.equal("observer (closed)", tostring(o))
      assert.error_matches(function() o:count() end, "observer is closed")
    end)

    it("leaks nothing, whichever allocation fails", function()
      local x = support.random { 3, 4 }
      local o <close> = core.observer(kind, { channels = 4 })
      assert.equal(2, support.sweep(function() return core.observer(kind, { channels = 4 }) end))
      support.sweep(function() return o:update(x) end)
      assert.equal(3, o:count()) -- failed updates are not counted
      assert.equal(2, support.sweep(function() return o:result() end))
    end)
  end)
end

describe("core.observer", function()
  it("refuses a statistic it does not know, and no channels", function()
    assert.error_matches(function() core.observer("median", { channels = 2 }) end,
      "E%-OB%-01: no observer 'median', allowed: range, channel_span, mean, importance, moments")
    assert.error_matches(function() core.observer "range" end, "E%-OB%-01: observer of 0 channels")
    assert.error_matches(function() core.observer("range", { channel = 2 }) end, "unknown option 'channel'")
  end)
end)
