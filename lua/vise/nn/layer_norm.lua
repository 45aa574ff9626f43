--- LayerNorm: (x - mean) / sqrt(variance + eps) * weight + bias.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.LayerNorm: vise.nn.Module
---@field weight vise.Tensor
---@field bias? vise.Tensor
---@field eps number
local LayerNorm = module.class "LayerNorm"

---@param name string
---@param weight vise.Tensor
---@param bias? vise.Tensor
---@param eps number
---@return vise.nn.LayerNorm
function LayerNorm.new(name, weight, bias, eps)
  return setmetatable({ name = name, children = {}, weight = weight, bias = bias, eps = eps }, LayerNorm)
end

---@param x vise.Tensor
---@return vise.Tensor
function LayerNorm:forward(x)
  return try(core.layer_norm(x, self.eps, self.weight, self.bias))
end

return LayerNorm
