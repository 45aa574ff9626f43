--- Where logits that are not finite come from: the window is run again with a look at every layer.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

-- What is wrong with a layer, if anything.
local function problem_of(layer, x)
  if x:nonfinite() then return ("in front of layer %s"):format(layer.name) end
  local y <close> = layer.quantized and fail.try(layer.quantized:forward(x))
    or fail.try(core.linear(x, layer.weight, layer.bias))
  return y:nonfinite() and ("the output of layer %s"):format(layer.name) or nil
end

--- The first layer with values that are not finite in a forward, in words.
---@param model vise.Model
---@param ... any  What the forward takes.
---@return string
function M.first_layer(model, ...)
  local found, undo = nil, {}
  for _, layer in ipairs(model.layers and model:layers() or {}) do
    undo[#undo + 1] = layer:hook(function(_, x) found = found or problem_of(layer, x) end)
  end
  local ok, y, message, id = pcall(model.forward, model, ...)
  for _, off in ipairs(undo) do off() end
  if not ok then error(y, 0) end
  fail.try(y, message, id):close()
  return found or "behind the last layer"
end

--- Fails with the place and the layer.
---@param model vise.Model
---@param window vise.eval.Window
---@param place integer  Of the id whose logits they are.
function M.raise(model, window, place)
  local ids <close> = fail.try(core.tensor_of("i64", { 1, #window.ids - 1 },
    table.move(window.ids, 1, #window.ids - 1, 1, {})))
  local text = window.text > 0 and ("text %d"):format(window.text) or "the texts"
  fail.try(nil, ("%s: the logits after id %d of a window are not finite, first %s"):format(text, place,
    M.first_layer(model, ids)), "E-EV-02")
end

return M
