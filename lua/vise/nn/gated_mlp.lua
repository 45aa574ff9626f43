--- GatedMLP: down(silu(gate(x)) * up(x)), also called SwiGLU.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.GatedMLP: vise.nn.Module
---@field gate vise.nn.Linear
---@field up vise.nn.Linear
---@field down vise.nn.Linear
local GatedMLP = module.class "GatedMLP"

---@param name string
---@param gate vise.nn.Linear
---@param up vise.nn.Linear
---@param down vise.nn.Linear
---@return vise.nn.GatedMLP
function GatedMLP.new(name, gate, up, down)
  return setmetatable({
    name = name, children = { gate, up, down }, gate = gate, up = up, down = down,
  }, GatedMLP)
end

---@param x vise.Tensor
---@return vise.Tensor
function GatedMLP:forward(x)
  local h <close> = self.gate:forward(x)
  local u <close> = self.up:forward(x)
  try(core.silu_mul(h, u, h))
  return self.down:forward(h)
end

return GatedMLP
