local core = require "vise.core"
local support = require "support"

local nan, inf = 0 / 0, math.huge

local function refuses(text, f) assert.error_matches(f, text, 1, true) end

local function rows(count, width, values) return core.tensor_of("f32", { count, width }, values) end

-- log softmax of a row of logits, and its ids, likeliest first.
local function ranked(x)
  local sum, log_probs, order = 0, {}, {}
  for _, v in ipairs(x) do sum = sum + math.exp(v) end
  for i, v in ipairs(x) do
    log_probs[i - 1] = v - math.log(sum)
    order[i] = i - 1
  end
  table.sort(order, function(a, b)
    if log_probs[a] ~= log_probs[b] then return log_probs[a] > log_probs[b] end
    return a < b
  end)
  return log_probs, order
end

describe("core.token_losses", function()
  it("are the terms of the cross entropy", function()
    local logits, targets = support.random({ 5, 33 }, 1), core.tensor_of("i64", { 5 }, { 0, 32, 7, 7, 1 })
    local sum = 0
    for _, v in ipairs(core.token_losses(logits, targets):totable()) do sum = sum + v end
    assert.near(core.cross_entropy(logits, targets), sum, 1e-12)
    refuses("E-TN-11", function() core.token_losses(logits, core.tensor_of("i64", { 5 }, { 0, 33, 0, 0, 0 })) end)
  end)

  it("are NaN in the row that is", function()
    local logits = rows(2, 2, { 0, 0, nan, 0 })
    local list = core.token_losses(logits, core.tensor("i64", { 2 })):totable()
    assert.near(math.log(2), list[1], 1e-15)
    assert.is_true(list[2] ~= list[2])
  end)
end)

describe("core.likeliest", function()
  it("keeps ids, log-probabilities and the mass of the rest", function()
    local n, v = 4, 37
    local logits = support.random({ n, v }, 5):mul(4)
    local x = logits:totable()
    for _, k in ipairs { 1, 2, 9, 36, 37 } do
      local ids, log_probs, rest = core.likeliest(logits, k)
      for r = 0, n - 1 do
        local want, order = ranked(table.move(x, r * v + 1, r * v + v, 1, {}))
        local mass = 0
        for i = 1, k do
          assert.equal(order[i], ids:get(r * k + i))
          assert.near(want[order[i]], log_probs:get(r * k + i), 1e-6) -- f32, up to 16
        end
        for i = k + 1, v do mass = mass + math.exp(want[order[i]]) end
        assert.near(k == v and -inf or math.log(mass), rest:get(r + 1), k == v and 0 or 1e-6)
      end
    end
  end)

  it("orders equal logits by their ids, and knows excluded ones", function()
    local ids, log_probs, rest = core.likeliest(rows(1, 5, { 1, 2, -inf, 2, 1 }), 4)
    assert.same({ 1, 3, 0, 4 }, ids:totable())
    assert.near(-math.log(2 + 2 / math.exp(1)), log_probs:get(1), 1e-6)
    assert.equal(-inf, rest:get(1))
  end)

  it("gives NaN for a row that has one, and takes no more ids than there are", function()
    local _, log_probs, rest = core.likeliest(rows(2, 3, { 0, nan, 0, 1, 2, 3 }), 2)
    assert.is_true(log_probs:get(1) ~= log_probs:get(1) and rest:get(1) ~= rest:get(1))
    assert.is_true(log_probs:get(3) < 0)
    for _, k in ipairs { 0, 4 } do
      refuses("E-TN-10: the " .. k .. " likeliest of 3 ids", function() core.likeliest(rows(1, 3, { 0, 1, 2 }), k) end)
    end
  end)

  it("leaks nothing, whichever allocation fails", function()
    local logits = support.random({ 3, 8 }, 1)
    assert.is_true(support.sweep(function() return (core.likeliest(logits, 2)) end) >= 3)
  end)
end)

describe("core.divergence", function()
  local n, v = 5, 41
  local base, other = support.random({ n, v }, 2):mul(3), support.random({ n, v }, 3):mul(3)

  -- Of each row: the divergence with the ids after the first k as one, and its upper bound.
  local function expected(k)
    local a, b, list = base:totable(), other:totable(), {}
    for r = 0, n - 1 do
      local p, order = ranked(table.move(a, r * v + 1, r * v + v, 1, {}))
      local q = ranked(table.move(b, r * v + 1, r * v + v, 1, {}))
      local sum, whole, rest_p, rest_q, least = 0, 0, 0, 0, inf
      for i, id in ipairs(order) do
        local term = math.exp(p[id]) * (p[id] - q[id])
        whole = whole + term
        if i <= k then
          sum = sum + term
        else
          rest_p, rest_q, least = rest_p + math.exp(p[id]), rest_q + math.exp(q[id]), math.min(least, q[id])
        end
      end
      local lumped = rest_p > 0 and rest_p * math.log(rest_p / rest_q) or 0
      local most = rest_p > 0 and rest_p * (math.min(p[order[k]], math.log(rest_p)) - least) or 0
      list[r + 1] = { low = sum + lumped, high = sum + math.max(lumped, most), whole = whole }
    end
    return list
  end

  it("is that of the definition, and lies between its bounds", function()
    for _, k in ipairs { 1, 3, 20, 40, 41 } do
      local found = core.divergence(other, core.likeliest(base, k)):totable()
      for r, want in ipairs(expected(k)) do
        -- Base probabilities are f32: a part in 10^7 of terms that add up to some nats.
        assert.near(want.low, found[3 * r - 2], 2e-6)
        assert.near(want.high, found[3 * r - 1], 2e-6)
        assert.is_true(found[3 * r - 2] <= want.whole + 2e-6 and want.whole <= found[3 * r - 1] + 2e-6)
      end
    end
  end)

  it("is zero, and never below, for the base itself", function()
    for _, k in ipairs { 1, 7, 41 } do
      local found = core.divergence(base, core.likeliest(base, k)):totable()
      for r = 1, n do
        assert.is_true(found[3 * r - 2] >= 0 and found[3 * r - 2] < 1e-12)
        assert.equal(1, found[3 * r])
      end
    end
  end)

  it("says whether the likeliest id is the same, the first of equal ones", function()
    local ids, log_probs, rest = core.likeliest(rows(2, 3, { 0, 2, 2, 5, 1, 0 }), 1)
    assert.equal(1, core.divergence(rows(2, 3, { 0, 7, 7, 1, 5, 0 }), ids, log_probs, rest):get(3))
    assert.equal(0, core.divergence(rows(2, 3, { 0, 7, 7, 1, 5, 0 }), ids, log_probs, rest):get(6))
  end)

  it("is infinite where the other model excludes what the base does not", function()
    local found = core.divergence(rows(1, 3, { 0, 0, -inf }), core.likeliest(rows(1, 3, { 0, 0, 0 }), 3))
    assert.equal(inf, found:get(1))
  end)

  it("takes ids that the base excludes as what they are: nothing", function()
    -- p = (1/2, 1/2, 0), q = (1/4, 1/4, 1/2)
    local found = core.divergence(rows(1, 3, { 0, 0, math.log(2) }), core.likeliest(rows(1, 3, { 0, 0, -inf }), 3))
    assert.near(math.log(2), found:get(1), 1e-6)
  end)

  it("gives NaN for logits that have one", function()
    local found = core.divergence(rows(1, 3, { 0, 0, nan }), core.likeliest(rows(1, 3, { 0, 0, 0 }), 2)):totable()
    for i = 1, 3 do assert.is_true(found[i] ~= found[i]) end
  end)

  it("is the same for any number of threads", function()
    local threads, got = core.threads(), {}
    for count = 1, 2 do
      core.threads(count)
      got[count] = core.divergence(other, core.likeliest(base, 5)):tobytes()
    end
    core.threads(threads)
    assert.equal(got[1], got[2])
  end)

  it("refuses a base that cannot be", function()
    local function fails(text, change)
      local ids, log_probs, rest = core.likeliest(base, 2)
      change(ids, log_probs, rest)
      local found, message, id = core.divergence(other, ids, log_probs, rest)
      assert.is_nil(found)
      assert.equal("E-EV-03", id)
      assert.matches(text, message)
    end
    fails("row 2 of the base: id 41 of 41", function(ids) ids:set(3, 41) end)
    fails("id %-1 of 41", function(ids) ids:set(1, -1) end)
    fails("log%-probability 3", function(_, log_probs) log_probs:set(1, 3) end)
    fails("rest %-?nan", function(_, _, rest) rest:set(5, nan) end)
    local ids, log_probs, rest = core.likeliest(base, 2)
    refuses("E-TN-08", function() core.divergence(other, ids:rows(1, 4), log_probs, rest) end)
    refuses("E-TN-08", function() core.divergence(other, ids, log_probs, rest:rows(1, 4)) end)
    refuses("E-TN-04", function() core.divergence(other, log_probs, log_probs, rest) end)
  end)
end)
