local core = require "vise.core"
local support = require "support"

local EPS = 2 ^ -23
local nan = 0 / 0

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

-- softmax(q k' / sqrt(dh)) v, one query and head at a time, in double.
local function attend(q, k, v, opt)
  local batches, queries, width = q:shape()
  local _, keys, kv_width = k:shape()
  local kv_heads = opt.kv_heads or opt.heads
  local dh = width // opt.heads
  local qv, kv, vv, out = q:totable(), k:totable(), v:totable(), {}
  for b = 0, batches - 1 do
    for i = 0, queries - 1 do
      for h = 0, opt.heads - 1 do
        local group = h // (opt.heads // kv_heads)
        local seen = opt.causal and (opt.position or 0) + i + 1 or keys
        local q_at = (b * queries + i) * width + h * dh
        local scores, max, sum = {}, -math.huge, 0
        for j = 0, seen - 1 do
          local s, at = 0, (b * keys + j) * kv_width + group * dh
          for d = 1, dh do s = s + qv[q_at + d] * kv[at + d] end
          scores[j] = s / math.sqrt(dh)
          max = math.max(max, scores[j])
        end
        for j = 0, seen - 1 do
          scores[j] = math.exp(scores[j] - max)
          sum = sum + scores[j]
        end
        for d = 1, dh do
          local y = 0
          for j = 0, seen - 1 do y = y + scores[j] / sum * vv[(b * keys + j) * kv_width + group * dh + d] end
          out[q_at + d] = y
        end
      end
    end
  end
  return out
end

local function check(batches, queries, keys, dh, opt)
  local q = support.random({ batches, queries, opt.heads * dh }, 1)
  local kv_shape = { batches, keys, (opt.kv_heads or opt.heads) * dh }
  local k, v = support.random(kv_shape, 2), support.random(kv_shape, 3)
  local want, got = attend(q, k, v, opt), core.attention(q, k, v, opt):totable()
  -- All inputs are below 1.  A score is wrong by (dh + 2) eps dh / sqrt(dh) at most, which
  -- changes its weight by that factor; softmax adds 8 eps, the sum over keys of weights that
  -- add up to 1 keys eps.
  local tolerance = EPS * (2 * (dh + 2) * math.sqrt(dh) + 10 + keys)
  local worst = 0
  for i = 1, #want do worst = math.max(worst, math.abs(want[i] - got[i])) end
  assert.equal(#want, #got)
  assert.near(0, worst, tolerance)
end

describe("core.attention", function()
  it("attends to every key", function()
    check(1, 1, 1, 1, { heads = 1 })
    check(2, 3, 5, 4, { heads = 2 })
    check(1, 9, 70, 3, { heads = 1 })
    check(2, 130, 49, 8, { heads = 3 })
  end)

  it("shares keys and values among groups of heads", function()
    check(2, 5, 7, 4, { heads = 6, kv_heads = 2 })
    check(1, 20, 20, 4, { heads = 4, kv_heads = 1, causal = true })
  end)

  it("hides the future from causal queries, counted from their position", function()
    check(2, 6, 6, 4, { heads = 2, causal = true })
    check(1, 100, 100, 4, { heads = 1, causal = true })
    check(1, 1, 12, 4, { heads = 2, causal = true, position = 7 })
    check(1, 70, 90, 4, { heads = 2, causal = true, position = 20 })
  end)

  it("takes any number of keys", function()
    check(1, 45, 6000, 1, { heads = 1 })
    check(1, 17, 17000, 1, { heads = 1 })
    check(1, 1, 300000, 1, { heads = 1 })
    check(1, 3, 1000, 4, { heads = 4, kv_heads = 2, causal = true, position = 900 })
  end)

  it("takes more heads to a key than a tile has rows, and heads of any size", function()
    check(1, 2, 3, 1, { heads = 200, kv_heads = 1 })
    check(1, 2, 70, 300, { heads = 1 })
    check(1, 20, 70, 257, { heads = 1, causal = true, position = 3 })
  end)

  it("gives the same bits however many keys lie beyond what it sees", function()
    local q, k = support.random({ 1, 4, 8 }, 1), support.random({ 1, 9, 8 }, 2)
    local opt = { heads = 2, causal = true, position = 2 }
    local short = k:reshape({ 9, 8 }):rows(1, 6):copy():reshape { 1, 6, 8 }
    k:set(7 * 8 + 1, nan) -- key 8, which nobody sees
    assert.is_true(core.attention(q, short, short, opt):tobytes() == core.attention(q, k, k, opt):tobytes())
  end)

  it("does not overflow on large scores", function()
    local q = core.tensor_of("f32", { 1, 1, 1 }, { 1e10 })
    local k = core.tensor_of("f32", { 1, 2, 1 }, { 1e10, -1e10 })
    assert.same({ 1e10 }, core.attention(q, k, k, { heads = 1 }):totable())
  end)

  it("gives zeros without keys, and nothing without queries", function()
    local none, q = core.tensor("f32", { 2, 0, 4 }), support.random({ 2, 3, 4 }, 1)
    assert.equal(0, core.attention(q, none, none, { heads = 1 }):norm())
    assert.equal(0, core.attention(none, q, q, { heads = 1 }):count())
    assert.equal(0, core.attention(none, none, none, { heads = 1 }):count())
  end)

  it("needs no more memory for more keys", function()
    local function scratch(keys)
      local q, k = core.tensor("f32", { 1, 20, 4 }), core.tensor("f32", { 1, keys, 4 })
      local out = core.tensor("f32", { 1, 20, 4 })
      core.reset_peak()
      local before = core.memory().bytes
      core.attention(q, k, k, { heads = 1 }, out)
      return core.memory().peak - before
    end
    assert.equal(scratch(1), scratch(20000))
  end)

  it("gives NaN to the row that has one, and lets keys of minus infinity out", function()
    local opt = { heads = 1 }
    for _, queries in ipairs { 3, 20 } do
      local q = support.random({ 1, queries, 2 }, 1)
      q:set(2 * 2 + 1, nan)
      local k, v = support.random({ 1, 5, 2 }, 2), support.random({ 1, 5, 2 }, 3)
      for i, y in ipairs(core.attention(q, k, v, opt):totable()) do assert.equal(i == 5 or i == 6, y ~= y) end
      local some = core.tensor_of("f32", { 1, 2, 2 }, { -math.huge, 0, 0, 0 })
      local ones = core.tensor("f32", { 1, queries, 2 }):add(1)
      local values = core.tensor_of("f32", { 1, 2, 2 }, { 8, 8, 1, 2 })
      for i, y in ipairs(core.attention(ones, some, values, opt):totable()) do assert.equal(2 - i % 2, y) end
    end
  end)

  it("refuses what does not fit", function()
    local q, k = support.random({ 2, 3, 8 }, 1), support.random({ 2, 5, 4 }, 2)
    refuses("number of heads is missing", function() core.attention(q, q, q, {}) end)
    refuses("E-TN-10: 3 heads", function() core.attention(q, q, q, { heads = 3 }) end)
    refuses("E-TN-10: 4 heads", function() core.attention(q, q, q, { heads = 4, kv_heads = 3 }) end)
    refuses("E-TN-08: the key", function() core.attention(q, k, k, { heads = 2 }) end)
    local grouped = { heads = 2, kv_heads = 1 }
    refuses("E-TN-08: the value", function() core.attention(q, k, k:rows(1), grouped) end)
    refuses("E-TN-08: the key", function() core.attention(q:rows(1), q, q, { heads = 2 }) end)
    refuses("E-TN-08", function() core.attention(q:reshape { 6, 8 }, k, k, { heads = 2 }) end)
    refuses("E-TN-10: 3 causal queries from position 1", function()
      core.attention(q, q, q, { heads = 2, causal = true, position = 1 })
    end)
    refuses("E-TN-12", function() core.attention(q, q, q, { heads = 2 }, q) end)
  end)
end)
