-- Bit budgets, held against trying every choice.

local budget = require "vise.algorithms.budget"

local function problem(random, layers, types)
  local list = {}
  for i = 1, layers do
    local choices, bytes, score = {}, 10 + random:u32() % 50, 100 * random:real()
    for t = 1, types do
      choices[t] = { type = "t" .. t, bytes = bytes, score = score }
      bytes, score = bytes + 1 + random:u32() % 40, score * random:real()
    end
    list[i] = { name = "l" .. i, choices = choices }
  end
  return list
end

-- The least score of all combinations within the limit, nil if there is none.
local function by_force(layers, limit, i, bytes, score)
  if bytes > limit then return nil end
  if i > #layers then return score end
  local best
  for _, c in ipairs(layers[i].choices) do
    local found = by_force(layers, limit, i + 1, bytes + c.bytes, score + c.score)
    if found and (not best or found < best) then best = found end
  end
  return best
end

describe("a bit budget", function()
  it("gives the least sum of scores that there is within the bytes", function()
    local random, solved = require("vise").random(7), 0
    for _ = 1, 60 do
      local layers = problem(random, 1 + random:u32() % 6, 1 + random:u32() % 4)
      local limit = random:u32() % 600
      local want = by_force(layers, limit, 1, 0, 0)
      if want then
        local chosen, sum = budget.solve(layers, limit)
        local bytes, score = 0, 0
        for _, layer in ipairs(layers) do
          bytes, score = bytes + chosen[layer.name].bytes, score + chosen[layer.name].score
        end
        assert.is_true(bytes <= limit)
        assert.equal(bytes, sum.bytes)
        assert.near(want, sum.score, 1e-9)
        assert.near(want, score, 1e-9)
        solved = solved + 1
      else
        assert.error_matches(function() budget.solve(layers, limit) end, "E%-PL%-10: the budget is %d+ bytes")
      end
    end
    assert.is_true(solved > 20)
  end)

  it("takes the smaller of two types that are equally good, and a thousand layers", function()
    local layers = {}
    for i = 1, 1000 do
      layers[i] = { name = "l" .. i, choices = { { type = "a", bytes = 1000 + i, score = 1 },
        { type = "b", bytes = 2000 + 7 * i % 13, score = i % 3 == 0 and 0.1 or 1 } } }
    end
    local chosen, sum = budget.solve(layers, 3000000)
    assert.equal("a", chosen.l1.type)
    assert.equal("b", chosen.l3.type)
    assert.near(667 + 33.3, sum.score, 1e-6)
  end)

  it("stays within a part in 20,000 of the budget where the front has to be thinned", function()
    local random, layers = require("vise").random(3), {}
    for i = 1, 40 do
      local bytes = 100000 + random:u32() % 900000
      layers[i] = { name = "l" .. i, choices = { { type = "a", bytes = bytes, score = 1 + random:real() },
        { type = "b", bytes = 2 * bytes + random:u32() % 1000, score = random:real() } } }
    end
    local _, sum = budget.solve(layers, 33000000)
    local _, least = budget.solve(layers, 33000000 - 33000000 // 500)
    assert.is_true(sum.bytes <= 33000000 and sum.score <= least.score)
  end)

  it("refuses scores that are none", function()
    for _, score in ipairs { 0 / 0, math.huge, -1 } do
      assert.error_matches(function()
        budget.solve({ { name = "x", choices = { { type = "a", bytes = 1, score = score } } } }, 10)
      end, "E%-PL%-10: layer x, a: a score of")
    end
  end)
end)
