--- The tensors that a model computes from, by name: what a forward makes of its arguments.

local Inputs = {}

function Inputs:__close()
  for _, tensor in pairs(self) do tensor:close() end
end

---@alias vise.models.Inputs table<string, vise.Tensor>

---@param tensors table<string, vise.Tensor>  They belong to it from now on.
---@return vise.models.Inputs
return function(tensors)
  return setmetatable(tensors, Inputs)
end
