--- Transform: changes a whole float model so that its answers stay as they were and its weights are
--- easier to quantize.  A transform changes tensors and, where it has to, settings of the model; both go
--- into an artefact made from it.

local builder = require "vise.models.build"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local registry = require "vise.transforms.registry"
local work = require "vise.transforms.work"

local M = {}

-- Raises unless the model is one that can be transformed now.
local function check_model(model, name)
  expect.model(model, "transform", "layers")
  if not model.stream then
    fail.raise("E-TR-02", "transform %s: family %s does not say who writes and reads its residual stream", name,
      tostring(model.family))
  elseif model.few_shot then
    fail.raise("E-TR-03", "transform %s: the model is armed to quantize itself", name)
  end
  for _, layer in ipairs(model:layers()) do
    if layer.quantized then
      fail.raise("E-TR-03", "transform %s: layer %s is quantized (%s); transforms are for float models", name,
        layer.name, layer.quantized.type.name)
    elseif #layer.hooks > 0 then
      fail.raise("E-TR-03", "transform %s: layer %s has a hook, which would be lost", name, layer.name)
    end
  end
end

local DTYPES = { model = true, f32 = true }

-- The model as the transform makes it.
local function prepare(model, transform, options, calibrate)
  local job = work.new(model, calibrate)
  transform.apply(job, options)
  local overlay = job:finish(options.dtype or "model")
  local transforms = core.array { table.unpack(model.transforms or {}) }
  transforms[#transforms + 1] = { name = transform.name, options = options, settings = job.changed }
  local built, message, id = builder.rebuild(model, transforms, overlay)
  work.close(overlay)
  return fail.try(built, message, id)
end

--- Transforms a float model in place: the whole of it, or on any failure nothing.
---@param model vise.Model
---@param name string
---@param given? table  Options.
---@return vise.Model?
---@return string? message
---@return string? id
function M.transform(model, name, given)
  local transform = registry.of(name)
  local options, calibrate = registry.options(transform, given)
  if options.dtype and not DTYPES[options.dtype] then
    fail.raise("E-TR-04", "%s: dtype is \"%s\", expected \"model\" or \"f32\"", name, options.dtype)
  end
  check_model(model, name)
  local built, message, id = fail.catch(prepare, model, transform, options, calibrate)
  if not built then return nil, message, id end
  builder.replace(model, built)
  return model
end

return M
