--- Builds a model of a family from its settings and weights, and builds it anew in its own place when
--- a transform has changed some of them.

local Weights = require "vise.models.weights"
local core = require "vise.core"
local fail = require "vise.fail"
local streams = require "vise.models.stream"

local M = {}

--- Builds a model.  On failure the weights stay the caller's to close.
---@param class table
---@param settings table
---@param weights vise.Weights
---@return table? model
---@return string? message
---@return string? id
function M.build(class, settings, weights)
  local ok, model = pcall(class.new, settings, weights)
  if not ok then -- a description that does not expect a tensor to be missing: what is missing says more
    local message, id = weights:verdict()
    if message then return nil, message, id end
    error(model, 0)
  end
  weights.built = {}
  for key in pairs(model) do weights.built[key] = true end
  model.checkpoint, model.weights = weights.checkpoint, weights
  local message, id = weights:verdict(model:repeated())
  if not message then return model end
  model:release()
  return nil, message, id
end

--- What a transform did, as it stands in a manifest.
---@class vise.Transformed
---@field name string
---@field options table<string, any>
---@field settings table<string, any>  Of the model, that it changed.

-- The settings of config.json with what the transforms changed.
local function settings_of(class, model, transforms)
  local where = (model.checkpoint.folder or model.checkpoint.path) .. "/config.json"
  local settings = fail.try(class.settings_of(model.config, where))
  for _, transform in ipairs(transforms) do
    local changed = fail.try(streams.settings(model.stream, transform.settings, "transform " .. transform.name))
    for key, value in pairs(changed) do settings[key] = value end
  end
  return settings
end

-- The first changed tensor that has no place in the model.
local function unused(weights)
  local names = {}
  for name in pairs(weights.overlay) do
    if not weights.used[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return names[1]
end

local function prepare(model, transforms, weights)
  local class = getmetatable(model)
  return fail.try(M.build(class, settings_of(class, model, transforms), weights))
end

--- Builds the model as transforms leave it; the model itself is not touched.
---@param model table
---@param transforms vise.Transformed[]  All of them, from the first.
---@param overlay table<string, vise.Tensor>  What they changed; stays the caller's.
---@return table? built  For M.replace, or to be released.
---@return string? message
---@return string? id
function M.rebuild(model, transforms, overlay)
  local weights = Weights.new(model.checkpoint, overlay)
  local built, message, id = fail.catch(prepare, model, transforms, weights)
  if not built then
    weights:close()
    return nil, message, id
  end
  local without = unused(weights)
  if without then
    built:release()
    return fail.fail("E-TR-08", "tensor %s has no place in the model", core.escape(without))
  end
  built.transforms = #transforms > 0 and transforms or nil
  return built
end

--- Puts what was built in the place of what the model is; doing it again does no harm.
---@param model table
---@param built table
function M.replace(model, built)
  if model.weights == built.weights then return end
  local old = setmetatable({}, getmetatable(model))
  for key, value in pairs(model) do old[key] = value end
  fail.whole(function()
    for key in pairs(old.weights.built) do
      if built[key] == nil then model[key] = nil end
    end
    for key, value in pairs(built) do model[key] = value end
    model.transforms, model.quantization = built.transforms, nil
  end)
  old:release()
end

return M
