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
--- loss).  Scores are added up as if layers did not act on one another.

local answers = require "vise.algorithms.answers"
local budget = require "vise.algorithms.budget"
local config = require "vise.config"
local fail = require "vise.fail"
local quantize = require "vise.quantize"
local restore = require "vise.restore"
local suggest = require "vise.suggest"

local M = {}

local FORWARDS = 16

---@class vise.SensitivityOptions
---@field choices (string|[string, vise.MethodLike])[]  Quant types, each with a method or without.
---@field calibrate fun(model: vise.Model)  Runs the model.
---@field bits? number                 search: bits of a weight of all layers together, everything counted.
---@field regions? "blocks"|"all"|vise.PatternLike[]
---@field exclude? vise.PatternLike[]
---@field calibration? table           As of a config.
---@field forwards? integer            Of calibrate, that scores are taken on: at most so many, 16.
---@field on_layer? fun(name: string)  After each score.

local known = { "bits", "calibrate", "calibration", "choices", "exclude", "forwards", "on_layer", "regions" }

local function check(options)
  local names = {}
  for _, name in ipairs(known) do names[name] = true end
  for name in pairs(options) do
    if not names[name] then
      fail.raise("E-CF-02", "sensitivity has no option '%s'%s", tostring(name), suggest.hint(tostring(name), known))
    end
  end
  if type(options.choices) ~= "table" or #options.choices == 0 then
    fail.raise("E-CF-03", "choices must be a list of quant types, got %s", tostring(options.choices))
  elseif type(options.calibrate) ~= "function" then
    fail.raise("E-CF-03", "calibrate must be a function that runs the model, got %s", type(options.calibrate))
  end
end

-- The configuration of the whole model under a choice.
local function config_of(choice, options)
  local quant_type, method = choice, nil
  if type(choice) == "table" then quant_type, method = choice[1], choice[2] end
  local fields = { quant_type = quant_type, method = method, regions = options.regions, exclude = options.exclude }
  if config.is_calibrated(fields) then
    fields.calibrate, fields.calibration = options.calibrate, options.calibration
  end
  return fields, method
end

-- Takes the quantized layers off, and gives them by name.
local function take_off(model)
  local held = {}
  for _, layer in ipairs(model:layers()) do
    held[layer.name], layer.quantized = layer.quantized, nil
  end
  return held
end

-- Adds the scores of all layers under one choice to the list.
local function score(model, kept, choice, options, by_name, list)
  local fields, method = config_of(choice, options)
  local report = fail.try(quantize.quantize(model, fields))
  local held = take_off(model)
  local ok, problem = pcall(function()
    for _, made in ipairs(report.layers) do
      local layer = model:layer(made.name)
      if not by_name[made.name] then
        by_name[made.name] = { name = made.name, weights = made.shape[1] * made.shape[2], choices = {} }
        list[#list + 1] = by_name[made.name]
      end
      layer.quantized = held[made.name]
      table.insert(by_name[made.name].choices, { type = made.type, method = method, bytes = made.disk_bytes,
        score = kept:distance(model) })
      layer.quantized = nil
      if options.on_layer then options.on_layer(made.name) end
    end
  end)
  fail.whole(function()
    for name, quantized in pairs(held) do model:layer(name).quantized = quantized end
  end)
  restore.restore(model)
  if not ok then error(problem, 0) end
end

local function scores(model, options)
  check(options)
  local kept <close> = answers.record(model, options.calibrate, options.forwards or FORWARDS)
  local list, by_name = {}, {}
  for _, choice in ipairs(options.choices) do score(model, kept, choice, options, by_name, list) end
  return list
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

local function search(model, options)
  local layers, weights = scores(model, options), 0
  for _, layer in ipairs(layers) do weights = weights + layer.weights end
  local is_number = type(options.bits) == "number" and options.bits > 0 -- NaN is not
  if not is_number then
    fail.raise("E-CF-03", "bits must be a number above 0, got %s", tostring(options.bits))
  end
  local limit = math.min(options.bits, 64) * weights / 8
  local chosen, sum = budget.solve(layers, math.floor(limit))
  local plan = {}
  for i, layer in ipairs(layers) do
    local c = chosen[layer.name]
    plan[i] = { layer.name, c.type, c.method }
  end
  return { plan = plan, bits = 8 * sum.bytes / weights, score = sum.score, layers = layers, chosen = chosen }
end

--- Searches the plan of least score within a bit budget.  The model is float before and after.
---@param model vise.Model
---@param options vise.SensitivityOptions
---@return { plan: table[], bits: number, score: number, layers: vise.BudgetLayer[], chosen: table }?
---@return string? message
---@return string? id
function M.search(model, options)
  return fail.catch(search, model, options)
end

return M
