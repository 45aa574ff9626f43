--- Bit budgets: which of several types each layer gets, so that the whole takes no more than so many
--- bytes and the scores add up to the least.
---
--- That is the multiple-choice knapsack problem (Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004,
--- chapter 11).  Layers are taken in one after the other; of all sums so far only those stay for which
--- no other is smaller and better (the Pareto front), so the answer is exact.  Models have few shapes
--- and types, so few sums differ; where a front passes MOST points it is thinned, and what is found is
--- then the best to within one part in MOST of the budget.

local fail = require "vise.fail"

local M = {}

local MOST = 20000

---@class vise.BudgetChoice
---@field type string    Of the layer, if it is chosen.
---@field bytes integer
---@field score number   What it costs in quality: 0 or more; scores of layers are added.

---@class vise.BudgetLayer
---@field name string
---@field choices vise.BudgetChoice[]

local function check(layers)
  for _, layer in ipairs(layers) do
    if #layer.choices == 0 then fail.raise("E-PL-10", "layer %s: no type to choose", layer.name) end
    for _, c in ipairs(layer.choices) do
      if not (c.score >= 0 and c.score < math.huge) then
        fail.raise("E-PL-10", "layer %s, %s: a score of %s, expected a number from 0 on", layer.name, c.type,
          tostring(c.score))
      end
    end
  end
end

local function smallest(choices)
  local least = math.huge
  for _, c in ipairs(choices) do least = math.min(least, c.bytes) end
  return least
end

-- What a front becomes when each of its points takes one choice: sorted by bytes.
local function shifted(front, choice, most)
  local list = {}
  for _, point in ipairs(front) do
    local bytes = point.bytes + choice.bytes
    if bytes > most then break end
    list[#list + 1] = { bytes = bytes, score = point.score + choice.score, before = point, choice = choice }
  end
  return list
end

local function is_before(a, b)
  return a.bytes < b.bytes or a.bytes == b.bytes and a.score <= b.score
end

-- Two sorted lists as one, of which only points stay that are better than all smaller ones.
local function merged(a, b)
  local list, i, j, best = {}, 1, 1, math.huge
  while a[i] or b[j] do
    local point
    if not b[j] or a[i] and is_before(a[i], b[j]) then point, i = a[i], i + 1 else point, j = b[j], j + 1 end
    if point.score < best then
      list[#list + 1], best = point, point.score
    end
  end
  return list
end

-- The best point in each of MOST equal ranges of bytes: the last one, since scores fall.
local function thinned(front, most)
  if #front <= MOST then return front end
  local list, width = {}, math.max(1, most // MOST)
  for i, point in ipairs(front) do
    local following = front[i + 1]
    if not following or following.bytes // width ~= point.bytes // width then list[#list + 1] = point end
  end
  return list
end

--- Chooses a type for every layer.  Raises E-PL-10 if even the smallest types take more than the limit.
---@param layers vise.BudgetLayer[]
---@param limit integer  Bytes of all layers together.
---@return table<string, vise.BudgetChoice> chosen  By layer.
---@return { bytes: integer, score: number } sum
function M.solve(layers, limit)
  check(layers)
  local rest = 0
  for _, layer in ipairs(layers) do rest = rest + smallest(layer.choices) end
  if rest > limit then
    fail.raise("E-PL-10", "the budget is %d bytes, the smallest types take %d", limit, rest)
  end
  local front = { { bytes = 0, score = 0 } }
  for _, layer in ipairs(layers) do
    rest = rest - smallest(layer.choices)
    local all = {}
    for _, choice in ipairs(layer.choices) do all = merged(all, shifted(front, choice, limit - rest)) end
    front = thinned(all, limit)
  end
  local best, chosen = front[#front], {}
  local point = best
  for i = #layers, 1, -1 do
    chosen[layers[i].name], point = point.choice, point.before
  end
  return chosen, { bytes = best.bytes, score = best.score }
end

return M
