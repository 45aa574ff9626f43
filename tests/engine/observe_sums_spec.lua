local coding = require "engine.coding"
local core = require "vise.core"
local support = require "support"

local matrix = support.matrix
local NAN, INF = 0 / 0, math.huge
local KINDS = { "mean", "importance", "moments" }

-- The definitions, in plain loops and doubles: each element's terms, added over the rows.
local function sums_by_hand(kind, rows)
  local sums, channels = {}, #rows[1]
  for _, row in ipairs(rows) do
    if kind == "moments" then
      for i = 1, channels do
        for j = 1, channels do
          local at = (i - 1) * channels + j
          sums[at] = (sums[at] or 0) + row[i] * row[j]
        end
      end
    else
      for i, v in ipairs(row) do sums[i] = (sums[i] or 0) + (kind == "mean" and math.abs(v) or v * v) end
    end
  end
  return sums
end

local function random_rows(count, channels, seed)
  local x <close> = core.random(seed):normal { count, channels }
  local flat, rows = x:totable(), {}
  for i = 1, count do rows[i] = table.move(flat, (i - 1) * channels + 1, i * channels, 1, {}) end
  return rows
end

local function observe(kind, x, cuts)
  local rows, channels = x:shape()
  local o, from = core.observer(kind, { channels = channels }), 1
  for _, to in ipairs(cuts or { rows }) do
    local part <close> = x:rows(from, to)
    o:update(part)
    from = to + 1
  end
  return o
end

for _, kind in ipairs(KINDS) do
  describe("the observer " .. kind, function()
    it("agrees with plain sums on every backend, with any number of threads", function()
      -- 1100 rows: a whole chunk of moments and one that is open.
      local rows = random_rows(1100, 17, 3)
      local sums = sums_by_hand(kind, rows)
      local x <close> = matrix(rows)
      local bits = {}
      coding.everywhere(function(where)
        local o <close> = observe(kind, x)
        local got = o:result()
        bits[core.backend()] = bits[core.backend()] or got:tobytes()
        assert.equal(bits[core.backend()], got:tobytes(), where) -- whatever the threads
        for i, v in ipairs(got:totable()) do
          -- Sums in f64, rounded once; of moments a chunk is a product in f32 of 1,024 terms near 1.
          local bound = kind == "moments" and 1024 * 2 ^ -24 or 2 ^ -23 * math.abs(v)
          assert.near(sums[i] / #rows, v, bound, where)
        end
        assert.equal(1100, o:count())
      end)
    end)

    it("has the same bits however the rows came", function()
      local x <close> = matrix(random_rows(2100, 5, 4))
      local whole = observe(kind, x):state():tobytes()
      assert.equal(whole, observe(kind, x, { 1, 2, 1023, 1024, 1025, 2049, 2100 }):state():tobytes())
      local wide <close> = matrix(random_rows(30, 7, 5))
      local view = wide:columns(2, 5)
      assert.equal(observe(kind, view:copy()):state():tobytes(), observe(kind, view):state():tobytes())
    end)

    it("adds what another one saw, rows of open chunks too", function()
      local x <close> = matrix(random_rows(1100, 3, 6))
      local head, tail = x:rows(1, 600), x:rows(601, 1100)
      local a, b = observe(kind, head):merge(observe(kind, tail)), observe(kind, tail):merge(observe(kind, head))
      assert.equal(a:state():tobytes(), b:state():tobytes())
      assert.equal(1100, a:count())
      local all = observe(kind, x):result():totable()
      for i, v in ipairs(a:result():totable()) do assert.near(all[i], v, 1100 * 2 ^ -24) end
      local empty = core.observer(kind, { channels = 3 })
      assert.equal(b:state():tobytes(), empty:merge(b):state():tobytes())
      assert.equal(b:state():tobytes(), b:merge(core.observer(kind, { channels = 3 })):state():tobytes())
    end)

    it("goes on from a state", function()
      local x <close> = matrix(random_rows(2048, 3, 7))
      local first, rest = x:rows(1, 1024), x:rows(1025, 2048)
      local o = core.observer(kind, { channels = 3 }):restore(observe(kind, first):state(), 1024):update(rest)
      assert.equal(observe(kind, x):state():tobytes(), o:state():tobytes())
      assert.equal(2048, o:count())
      local wrong = core.tensor("f64", { 2 })
      assert.error_matches(function() o:restore(wrong, 3) end, "E%-OB%-02: the state of " .. kind)
      assert.error_matches(function() o:restore(observe(kind, x):state(), 0) end, "E%-OB%-02")
    end)

    it("does not change when it is looked at", function()
      local x <close> = matrix(random_rows(1500, 3, 8))
      local o = observe(kind, x:rows(1, 700))
      o:result()
      o:state()
      assert.equal(observe(kind, x):state():tobytes(), o:update(x:rows(701, 1500)):state():tobytes())
    end)

    it("lets NaN and infinity through", function()
      local got = observe(kind, matrix { { 1, NAN }, { 1, 2 } }):result():totable()
      assert.is_true(got[#got] ~= got[#got])
      assert.equal(1, got[1])
      got = observe(kind, matrix { { 1, INF } }):result():totable()
      assert.equal(INF, got[#got])
    end)

    it("leaks nothing, whichever allocation fails", function()
      local x <close> = matrix(random_rows(1030, 3, 9))
      support.sweep(function() return core.observer(kind, { channels = 3 }) end)
      local first = x:rows(1, 1)
      local o <close> = observe(kind, first) -- its chunk is open
      local want = observe(kind, first):update(x):state():tobytes()
      support.sweep(function() return o:update(x) end)
      assert.equal(1031, o:count()) -- failed updates are not counted
      assert.equal(want, o:state():tobytes()) -- and leave nothing
      support.sweep(function() return o:state() end)
      support.sweep(function() return o:result() end)
    end)
  end)
end

describe("the observer moments", function()
  it("is symmetric, its diagonal the importance", function()
    local x <close> = matrix(random_rows(300, 70, 10))
    local moments = observe("moments", x):result()
    local importance = observe("importance", x):result()
    for i = 1, 70 do
      assert.near(importance:get(i), moments:get((i - 1) * 70 + i), 300 * 2 ^ -24)
      for j = 1, i do assert.equal(moments:get((i - 1) * 70 + j), moments:get((j - 1) * 70 + i)) end
    end
  end)
end)
