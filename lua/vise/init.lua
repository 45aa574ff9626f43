--- The public module: verbs and tensors at one level, the pieces below as lazily loaded modules.

local M = {}

-- Submodules, loaded when first asked for.
local submodules = {}

-- Functions of the core that are public as they are.
local from_core = { tensor = true, tensor_of = true }

return setmetatable(M, {
  __index = function(_, name)
    local value
    if from_core[name] then
      value = require("vise.core")[name]
    elseif submodules[name] then
      value = require("vise." .. name)
    end
    M[name] = value
    return value
  end,
})
