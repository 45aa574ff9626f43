--- Restore: a quantized model is float again.  Its float weights stay in the checkpoint and were never
--- touched, so nothing is lost; a search that tries many types opens its model once.

local expect = require "vise.models.expect"
local fail = require "vise.fail"

local M = {}

--- Takes the quantized layers off a model and frees them.  A model that is float stays as it is.
---@param model vise.Model
---@return vise.Model
function M.restore(model)
  expect.model(model, "restore", "layers")
  local made = {}
  for _, linear in ipairs(model:layers()) do
    if linear.quantized then made[#made + 1] = linear.quantized end
  end
  fail.whole(function()
    for _, linear in ipairs(model:layers()) do linear.quantized = nil end
    model.quantization = nil
  end)
  for _, q in ipairs(made) do q:close() end
  return model
end

return M
