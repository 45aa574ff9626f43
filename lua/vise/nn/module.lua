--- Modules: the tree that a model is.  Every module knows its full name in the checkpoint and its
--- children in the order in which they run.

local M = {}

---@class vise.nn.Module
---@field kind string                The class's name.
---@field name string                The checkpoint's own, "transformer_blocks.0.attn1".
---@field children vise.nn.Module[]  In the order in which they run.
local Module = {}

local function collect(module, found)
  for _, child in ipairs(module.children) do
    if child.kind == "Linear" then found[#found + 1] = child end
    collect(child, found)
  end
  return found
end

--- Lists the layers that can be quantized, in the order in which they run.
---@return vise.nn.Linear[]
function Module:layers()
  return collect(self, {})
end

--- Finds a layer by its full name.
---@param name string
---@return vise.nn.Linear?  nil if there is none of that name.
function Module:layer(name)
  for _, layer in ipairs(self:layers()) do
    if layer.name == name then return layer end
  end
end

--- Makes a class of modules: a table that holds its methods and is its instances' metatable.
---@param kind string
function M.class(kind)
  local class = { kind = kind }
  for name, method in pairs(Module) do class[name] = method end
  class.__index = class
  return class
end

return M
