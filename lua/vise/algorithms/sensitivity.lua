--- Sensitivity: what each layer costs a model under each of several types, one layer at a time, and the
--- plan that costs least within a bit budget.
---
---   local found = vise.algorithms.sensitivity.search(model, { bits = 3.5, calibrate = calibrate,
---     choices = { "int2_weight_only", "int4_weight_only", { "int3_weight_only", "gptq" } } })
---   vise.quantize(model, { quant_type = "int4_weight_only", plan = found.plan, calibrate = calibrate })
---
--- The whole model is quantized once under each choice.  Then each layer takes its quantized form while
--- all others are float, and the model is asked again what it was asked in calibration: the distance of
--- its answers is the layer's score (as ModelOpt's AutoQuantize and HAWQ, arXiv 1911.03852, score by the
--- loss).  Scores are added up as if layers did not act on one another (vise.algorithms.budget).  They do:
--- so the plan is held against those with one type for all layers, and layers are scored again around the
--- best of them, as long as that gives a better one.

local budget = require "vise.algorithms.budget"
local fail = require "vise.fail"
local new_trials = require("vise.algorithms.type_trials").new

local M = {}

local ROUNDS = 2

local function scores(model, options)
  local trials <close> = new_trials(model, options)
  trials:score {}
  return trials.layers
end

--- Scores every layer under every choice.  The model is float before and after.
---@param model vise.Model
---@param options vise.SensitivityOptions
---@return vise.BudgetLayer[]?
---@return string? message
---@return string? id
function M.scores(model, options)
  return fail.catch(scores, model, options)
end

-- The one choice that all layers have, where the whole stays within the limit; nil otherwise.
local function uniform(trials, index, limit)
  local chosen, bytes = {}, 0
  for _, layer in ipairs(trials.layers) do
    for _, choice in ipairs(layer.choices) do
      if choice.held == index then chosen[layer.name], bytes = choice, bytes + choice.bytes end
    end
    if not chosen[layer.name] then return nil end
  end
  return bytes <= limit and chosen or nil
end

-- The best of: one choice for all, the sum of single scores, and sums of scores around the best so far.
local function best_plan(trials, limit)
  local best
  local function try_plan(chosen)
    local distance = trials:distance(chosen)
    if best and distance >= best.distance then return false end
    best = { chosen = chosen, distance = distance }
    return true
  end
  trials:score {}
  try_plan((budget.solve(trials.layers, limit)))
  for index in ipairs(trials.held) do
    local chosen = uniform(trials, index, limit)
    if chosen then try_plan(chosen) end
  end
  for _ = 1, trials.options.rounds or ROUNDS do
    trials:score(best.chosen)
    if not try_plan((budget.solve(trials.layers, limit))) then break end
  end
  return best
end

local function search(model, options)
  local trials <close> = new_trials(model, options, true)
  local weights, bytes, plan = 0, 0, {}
  for _, layer in ipairs(trials.layers) do weights = weights + layer.weights end
  local best = best_plan(trials, math.floor(math.min(options.bits, 64) * weights / 8))
  for i, layer in ipairs(trials.layers) do
    local c = best.chosen[layer.name]
    plan[i], bytes = { layer.name, c.type, c.method }, bytes + c.bytes
  end
  return { plan = plan, bits = 8 * bytes / weights, distance = best.distance, layers = trials.layers,
    chosen = best.chosen }
end

--- Searches the plan under which the model answers best within a bit budget.  The model is float before
--- and after.
---@param model vise.Model
---@param options vise.SensitivityOptions
---@return { plan: table[], bits: number, distance: number, layers: vise.BudgetLayer[], chosen: table }?
---@return string? message
---@return string? id
function M.search(model, options)
  return fail.catch(search, model, options)
end

return M
