--- Conv1D: a Linear whose weight lies transposed in the file, [inputs, outputs], as GPT-2 stores it.
---
--- To everyone else it is a Linear.  `weight`, [outputs, inputs], is a copy that is made when it is first
--- asked for; release() gives it back, and the next who asks makes it again.

local Linear = require "vise.nn.linear"
local try = require("vise.fail").try

---@class vise.nn.Conv1D: vise.nn.Linear
---@field stored vise.Tensor  [inputs, outputs], as it lies in the file.
local Conv1D = { kind = Linear.kind }

function Conv1D:__index(key)
  if key ~= "weight" then return Linear[key] end
  local stored = rawget(self, "stored")
  if not stored or stored:closed() then return stored end
  local weight = try(stored:transpose())
  rawset(self, "weight", weight)
  return weight
end

---@param name string
---@param outputs integer
---@param inputs integer
---@param stored vise.Tensor
---@param bias? vise.Tensor
---@return vise.nn.Conv1D
function Conv1D.new(name, outputs, inputs, stored, bias)
  local self = Linear.new(name, outputs, inputs, nil, bias)
  self.stored = stored
  return setmetatable(self, Conv1D)
end

return Conv1D
