--- Makes the layers of a plan one after the other, those that share an input together.

local core = require "vise.core"
local make = require "vise.make_layer"
local pipeline = require "vise.pipeline"
local progress = require "vise.progress"
local shared_inputs = require "vise.shared_inputs"

local M = {}

-- Makes a layer, and with it the others of its group.
local function make_with_group(t, layer, group, found)
  if not group then
    local q, result, id = make.layer(t.model:layer(layer.name), layer, found)
    if not q then return nil, result, id end
    t.made[layer.name], t.by_name[layer.name] = q, result
    return true
  end
  local linears = {}
  for i, other in ipairs(group) do linears[i] = t.model:layer(other.name) end
  local made, results, id = make.group(linears, group, found)
  if not made then return nil, results, id end
  for i, other in ipairs(group) do t.made[other.name], t.by_name[other.name] = made[i], results[i] end
  return true
end

local function weights_of(layers)
  local sum = 0
  for _, layer in ipairs(layers) do sum = sum + layer.shape[1] * layer.shape[2] end
  return sum
end

local SPLIT = 20 -- how much longer a weight takes, about, whose layer gets a low-rank branch

-- Layers of which one takes as long as another.
local function kind_of(layer)
  return ("%s %dx%d"):format(layer.type.name, layer.shape[1], layer.shape[2])
end

--- The progress of making all layers: weights, by kinds.
---@param targets vise.Target[]
---@return vise.Progress
function M.progress(targets)
  local sum, layers, kinds = 0, 0, {}
  for _, t in ipairs(targets) do
    sum, layers = sum + t.plan.weights, layers + t.plan.quantized
    for _, layer in ipairs(t.plan.layers) do
      if layer.type then
        local kind = kind_of(layer)
        kinds[kind] = kinds[kind] or { units = 0, cost = (layer.type.rank or 0) > 0 and SPLIT or 1 }
        kinds[kind].units = kinds[kind].units + layer.shape[1] * layer.shape[2]
      end
    end
  end
  return progress.new("quantize", sum, "weights", { kinds = kinds, items = layers, item = "layer",
    memory = function() return core.memory().bytes end })
end

--- Says that layers are done that were made before.
---@param layers vise.PlannedLayer[]
---@param bar vise.Progress
function M.skip(layers, bar)
  for _, layer in ipairs(layers) do bar:step(weights_of { layer }, kind_of(layer), 1) end
end

--- Makes those of some layers that have a type: into target.made, with their reports in target.by_name.
--- The model is as it was.
---@param t vise.Target
---@param layers vise.PlannedLayer[]
---@param found? table<string, vise.Captured>  By layer.
---@param bar vise.Progress
---@return true? ok
---@return string? message
---@return string? id
function M.make(t, layers, found, bar)
  local groups = shared_inputs.groups(layers, t.cfg, found)
  for _, layer in ipairs(layers) do
    if layer.type and not t.made[layer.name] then
      local group = groups[layer.name]
      bar:begin(pipeline.label(t, layer.name))
      local ok, message, id = make_with_group(t, layer, group, found and found[layer.name])
      for _, other in ipairs(group or { layer }) do t.model:layer(other.name):release() end
      if not ok then return nil, pipeline.label(t, message), id end
      bar:step(weights_of(group or { layer }), kind_of(layer), group and #group or 1)
    end
  end
  return true
end

return M
