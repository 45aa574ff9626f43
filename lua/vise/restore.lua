--- Restore: a quantized model is float again.  Its float weights stay in the checkpoint and were never
--- touched, so nothing is lost; a search that tries many types opens its model once.

local builder = require "vise.models.build"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"

local M = {}

local function check_options(model, options)
  for key, value in pairs(options or {}) do
    if key ~= "keep_transforms" or type(value) ~= "boolean" then
      fail.raise("E-US-14", "restore has no option '%s' = %s; there is keep_transforms, true or false", tostring(key),
        tostring(value))
    end
  end
  local keep = options and options.keep_transforms or false
  if keep and model.transforms and model.weights.partial then
    fail.raise("E-TR-11", "restore: the artefact that was loaded has no float weights of its %d layers after %s",
      model.quantization and #model.quantization.layers or 0, model.transforms[1].name)
  end
  return keep
end

--- Takes the quantized layers off a model and frees them, and takes its transforms back unless they are
--- to be kept.  A model that is as it was opened stays so.
---@param model vise.Model
---@param options? { keep_transforms?: boolean }
---@return vise.Model?
---@return string? message
---@return string? id
function M.restore(model, options)
  expect.model(model, "restore", "layers")
  local keep, made, built = check_options(model, options), {}, nil
  if model.transforms and not keep then
    local message, id
    built, message, id = builder.rebuild(model, core.array {}, {})
    if not built then return nil, message, id end
  end
  for _, linear in ipairs(model:layers()) do
    if linear.quantized then made[#made + 1] = linear.quantized end
  end
  fail.whole(function()
    for _, linear in ipairs(model:layers()) do linear.quantized = nil end
    model.quantization = nil
    if built then builder.replace(model, built) end
  end)
  for _, q in ipairs(made) do q:close() end
  return model
end

return M
