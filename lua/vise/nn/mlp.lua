--- MLP: two linear layers with a GELU between them.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@class vise.nn.MLP: vise.nn.Module
---@field up vise.nn.Linear
---@field down vise.nn.Linear
---@field gelu "tanh"|"erf"
local MLP = module.class "MLP"

---@param name string
---@param up vise.nn.Linear
---@param down vise.nn.Linear
---@param gelu "tanh"|"erf"
---@return vise.nn.MLP
function MLP.new(name, up, down, gelu)
  return setmetatable({ name = name, children = { up, down }, up = up, down = down, gelu = gelu }, MLP)
end

---@param x vise.Tensor
---@return vise.Tensor
function MLP:forward(x)
  local h <close> = self.up:forward(x)
  try(core.gelu(h, self.gelu, h))
  return self.down:forward(h)
end

return MLP
