--- Rotate: the first step of a chain, which turns a layer's input while the model runs (R4 of QuaRot,
--- arXiv 2404.00456, section 4).
---
---   y = x W' = (x H)(W H)',  H orthogonal
---
--- A few channels whose input is large spoil the scale of a whole token or group; H, a normalised
--- Hadamard matrix on blocks of n inputs, spreads each of them over its block, and the weight is turned
--- to match before it is rounded.  The layer multiplies its input by H in every forward, in
--- n log2 n additions a row.  Where the input is a norm's output, vise.transform(model, "rotate") does
--- the same once for the whole model and costs nothing afterwards; what comes out of a nonlinear
--- function, such as the input of down_proj, can only be turned here.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

-- The block for a number of inputs: as asked for, or the largest that divides them.
local function block_of(inputs, options)
  local block = options.block
  if block == 0 then return core.hadamard_size(inputs) end
  if math.type(block) ~= "integer" or block < 1 or core.hadamard_size(block) ~= block then
    fail.raise("E-CF-05", "method rotate: block is %s, expected 0 or the order of a Hadamard matrix", tostring(block))
  elseif inputs % block ~= 0 then
    fail.raise("E-CF-05", "method rotate: block %d does not divide the %d inputs of a layer", block, inputs)
  end
  return block
end

---@type vise.Method
M.method = {
  name = "rotate",
  options = { block = 0 },
  copies = 3,
  rotate = block_of,
  prepare = function(layers, options)
    for _, layer in ipairs(layers) do
      local block = block_of(layer.shape[2], options)
      layer:rotate_inputs(block)
      layer.notes.rotated = block
    end
  end,
}

return M
