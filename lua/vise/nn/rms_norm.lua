--- RMSNorm: x / sqrt(mean(x^2) + eps) * weight.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.RMSNorm: vise.nn.Module
---@field weight vise.Tensor
---@field eps number
local RMSNorm = module.class "RMSNorm"

---@param name string
---@param weight vise.Tensor
---@param eps number
---@return vise.nn.RMSNorm
function RMSNorm.new(name, weight, eps)
  return setmetatable({ name = name, children = {}, weight = weight, eps = eps }, RMSNorm)
end

---@param x vise.Tensor
---@return vise.Tensor
function RMSNorm:forward(x)
  return try(core.rms_norm(x, self.weight, self.eps))
end

return RMSNorm
