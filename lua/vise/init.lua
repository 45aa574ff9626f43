--- The public module: verbs and tensors at one level, the pieces below as lazily loaded modules.

local M = {}

-- Submodules, loaded when first asked for.
local submodules = { observe = true, picture = true }

-- Verbs: where each one lives.
local verbs = {
  config = "config",
  load = "load",
  open = "models",
  pattern = "pattern",
  quantize = "quantize",
  save = "artefact",
}

-- Functions of the core that are public as they are.
local from_core = { tensor = true, tensor_of = true }

--- What vise.quantize would do with a model, without doing it.
---@param model vise.Model
---@param fields vise.Config|table
---@return vise.Plan
function M.plan(model, fields)
  return require("vise.plan").make(model, require("vise.config").config(fields))
end

return setmetatable(M, {
  __index = function(_, name)
    local value
    if from_core[name] then
      value = require("vise.core")[name]
    elseif verbs[name] then
      value = require("vise." .. verbs[name])[name]
    elseif submodules[name] then
      value = require("vise." .. name)
    end
    M[name] = value
    return value
  end,
})
