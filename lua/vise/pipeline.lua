--- Pipelines: several models that are quantized together, { name = model, ... }.

local config = require "vise.config"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.Target
---@field name? string         Of the component; nil for a model of its own.
---@field model vise.Model
---@field cfg vise.Config

---@param value any
---@return boolean
function M.is_model(value)
  return type(value) == "table" and type(value.layers) == "function"
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function check_models(pipeline)
  local any = false
  for _, model in pairs(type(pipeline) == "table" and pipeline or {}) do any = any or M.is_model(model) end
  if not any then expect.model(pipeline, "quantize", "layers") end
  for name, model in pairs(pipeline) do
    if type(name) ~= "string" or not M.is_model(model) then
      fail.raise("E-PL-07", "the pipeline's '%s' is no model", tostring(name))
    end
  end
end

--- What a configuration means for a model or a pipeline: each model with its own configuration, by
--- name.  A configuration without components counts for every model of a pipeline.
---@param target vise.Model|table<string, vise.Model>
---@param cfg vise.Config
---@return vise.Target[]
function M.targets(target, cfg)
  if M.is_model(target) then
    if cfg.components then
      fail.raise("E-PL-07", "the config has components (%s), so give the pipeline: { name = model }",
        table.concat(sorted_names(cfg.components), ", "))
    end
    return { { model = target, cfg = cfg } }
  end
  check_models(target)
  local there = sorted_names(target)
  local whole = cfg.components and cfg or config.config { from = cfg, components = there }
  local targets = {}
  for i, name in ipairs(sorted_names(whole.components)) do
    if not target[name] then
      fail.raise("E-PL-07", "the pipeline has no component '%s'%s; there are %s", name, suggest.hint(name, there),
        table.concat(there, ", "))
    end
    targets[i] = { name = name, model = target[name], cfg = whole.components[name] }
  end
  return targets
end

--- The name of a layer in a message: its component's before it.
---@param target vise.Target
---@param layer string
---@return string
function M.label(target, layer)
  return target.name and ("%s: %s"):format(target.name, layer) or layer
end

return M
