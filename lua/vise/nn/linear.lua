--- Linear: y = x W' + b, the layer that can be quantized.

local core = require "vise.core"
local module = require "vise.nn.module"
local try = require("vise.fail").try

---@alias vise.nn.Hook fun(layer: vise.nn.Linear, x: vise.Tensor)

---@class vise.nn.Linear: vise.nn.Module
---@field weight vise.Tensor   [outputs, inputs], as it lies in the file.
---@field bias? vise.Tensor    [outputs]
---@field inputs integer
---@field outputs integer
---@field quantized? { forward: fun(self: any, x: vise.Tensor): vise.Tensor }  Computes instead.
---@field hooks { call: vise.nn.Hook }[]  In the order in which they run.
local Linear = module.class "Linear"

---@param name string
---@param outputs integer
---@param inputs integer
---@param weight vise.Tensor
---@param bias? vise.Tensor
---@return vise.nn.Linear
function Linear.new(name, outputs, inputs, weight, bias)
  return setmetatable({
    name = name, children = {}, hooks = {},
    weight = weight, bias = bias, inputs = inputs, outputs = outputs,
  }, Linear)
end

--- Calls `hook(layer, x)` before every forward, after the hooks that are there already.
---@param hook vise.nn.Hook
---@return fun() undo  Takes the hook off again; the second call does nothing.
function Linear:hook(hook)
  local entry = { call = hook }
  -- A new list for every change: a hook may be taken off while the old one is being walked.
  self.hooks = table.move(self.hooks, 1, #self.hooks, 1, {})
  self.hooks[#self.hooks + 1] = entry
  return function()
    local kept = {}
    for _, other in ipairs(self.hooks) do
      if other ~= entry then kept[#kept + 1] = other end
    end
    self.hooks = kept
  end
end

-- The weight as it lies in the file: of a Conv1D the other way round.
local function stored(self)
  return rawget(self, "stored") or self.weight
end

--- The dtype of the weight.
---@return string
function Linear:dtype()
  return stored(self):dtype()
end

--- Bytes of the weight as it lies in the file.
---@return integer
function Linear:bytes()
  return stored(self):bytes()
end

--- Bytes of memory that the weight takes beside the file that it lies in.
---@return integer
function Linear:copied()
  return rawget(self, "stored") and self:bytes() or 0
end

--- Gives back what was made of the weight, if it is not as it lies in the file.
function Linear:release()
  local weight = rawget(self, "weight")
  if not rawget(self, "stored") or not weight then return end
  weight:close()
  self.weight = nil
end

---@param x vise.Tensor   f32 [..., inputs]
---@return vise.Tensor y  f32 [..., outputs]
function Linear:forward(x)
  for _, entry in ipairs(self.hooks) do entry.call(self, x) end
  if self.quantized then return try(self.quantized:forward(x)) end
  return try(core.linear(x, self.weight, self.bias))
end

return Linear
