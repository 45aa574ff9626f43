--- ModulatedNorm: LayerNorm without weights of its own, then x * (1 + scale) + shift, where shift
--- and scale come from the conditioning.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.ModulatedNorm: vise.nn.Module
---@field eps number
local ModulatedNorm = module.class "ModulatedNorm"

---@param name string
---@param eps number
---@return vise.nn.ModulatedNorm
function ModulatedNorm.new(name, eps)
  return setmetatable({ name = name, children = {}, eps = eps }, ModulatedNorm)
end

---@param x vise.Tensor      [B, T, D]
---@param shift vise.Tensor  [B, D], may be columns of a wider tensor
---@param scale vise.Tensor  likewise
---@return vise.Tensor
function ModulatedNorm:forward(x, shift, scale)
  local y = try(core.layer_norm(x, self.eps))
  return try(core.modulate(y, shift, scale, y))
end

return ModulatedNorm
