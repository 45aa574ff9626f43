--- Trials of types: every layer of a model quantized under each of several choices, put on and taken off at
--- will, and the distance of what the model then answers from what it answered as float.

local answers = require "vise.algorithms.answers"
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
---@field rounds? integer              search: how often layers are scored around a plan at most, 2.
---@field on_layer? fun(name: string)  After each score.

local known = { "bits", "calibrate", "calibration", "choices", "exclude", "forwards", "on_layer", "regions",
  "rounds" }

local function check(options, budgeted)
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
  local is_number = type(options.bits) == "number" and options.bits > 0 -- NaN is not
  if budgeted and not is_number then
    fail.raise("E-CF-03", "bits must be a number above 0, got %s", tostring(options.bits))
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
  restore.restore(model)
  return held
end

---@class vise.Trials  Every layer under every choice, and what the float model answered.
---@field model vise.Model
---@field kept vise.Answers
---@field layers vise.BudgetLayer[]
---@field held table<string, vise.QuantizedLinear>[]  By choice, then by layer.
---@field options vise.SensitivityOptions
local Trials = {}
Trials.__index = Trials

-- Makes every layer under one choice.
local function make(trials, choice, by_name)
  local fields, method = config_of(choice, trials.options)
  local report = fail.try(quantize.quantize(trials.model, fields))
  trials.held[#trials.held + 1] = take_off(trials.model)
  for _, made in ipairs(report.layers) do
    local layer = by_name[made.name]
    if not layer then
      layer = { name = made.name, weights = made.shape[1] * made.shape[2], choices = {} }
      by_name[made.name], trials.layers[#trials.layers + 1] = layer, layer
    end
    table.insert(layer.choices, { type = made.type, method = method, bytes = made.disk_bytes, held = #trials.held })
  end
end

--- Quantizes a float model under every choice, and takes the layers off again.
---@param model vise.Model
---@param options vise.SensitivityOptions
---@param budgeted? boolean  options.bits has to be there.
---@return vise.Trials
function M.new(model, options, budgeted)
  check(options, budgeted)
  local self = setmetatable({ model = model, layers = {}, held = {}, options = options,
    kept = answers.record(model, options.calibrate, options.forwards or FORWARDS) }, Trials)
  local by_name = {}
  local ok, problem = pcall(function()
    for _, choice in ipairs(options.choices) do make(self, choice, by_name) end
  end)
  if ok then return self end
  self:close()
  error(problem, 0)
end

-- Puts a choice onto a layer; nil: it is float.
function Trials:put(name, choice)
  self.model:layer(name).quantized = choice and self.held[choice.held][name] or nil
end

--- The distance of the answers when each layer has its choice, and those without one are float.
---@param chosen table<string, vise.BudgetChoice>  By layer.
---@return number
function Trials:distance(chosen)
  local ok, distance = pcall(function()
    for _, layer in ipairs(self.layers) do self:put(layer.name, chosen[layer.name]) end
    return self.kept:distance(self.model)
  end)
  fail.whole(function()
    for _, layer in ipairs(self.layers) do self:put(layer.name, nil) end
  end)
  if not ok then error(distance, 0) end
  return distance
end

--- Scores every choice of every layer by the distance with all other layers as `around` has them; if that
--- has any, above the least of the layer.
---@param around table<string, vise.BudgetChoice>
function Trials:score(around)
  local chosen = {}
  for name, choice in pairs(around) do chosen[name] = choice end
  for _, layer in ipairs(self.layers) do
    local least = next(around) and math.huge or 0
    for _, choice in ipairs(layer.choices) do
      chosen[layer.name] = choice
      choice.score = self:distance(chosen)
      least = math.min(least, choice.score)
    end
    for _, choice in ipairs(layer.choices) do choice.score = math.max(choice.score - least, 0) end
    chosen[layer.name] = around[layer.name]
    if self.options.on_layer then self.options.on_layer(layer.name) end
  end
end

--- Frees the layers and the answers.
function Trials:close()
  self.kept:close()
  for _, held in ipairs(self.held) do
    for _, quantized in pairs(held) do quantized:close() end
  end
  self.held = {}
end

Trials.__close = Trials.close

return M
