--- Algorithms: how a layer's weight becomes codes.  An algorithm uses what a user's can use.

local methods = require "vise.algorithms.methods"

-- Of the steps, what is of use without a layer.
local function some(name, ...)
  local module, chosen = require("vise.algorithms." .. name), {}
  for _, key in ipairs { ... } do chosen[key] = module[key] end
  return chosen
end

return {
  awq = some("awq", "scales"),
  balance = require "vise.algorithms.balance",
  budget = require "vise.algorithms.budget",
  emulate = require "vise.algorithms.emulate",
  gptq = some("gptq", "factor"),
  hqq = some("hqq", "steps"),
  low_rank = require "vise.algorithms.low_rank",
  method = methods.method,
  names = methods.names,
  refine = require "vise.algorithms.refine",
  relax = require "vise.algorithms.relax",
  register = methods.register,
  sensitivity = require "vise.algorithms.sensitivity",
  smoothing = require "vise.algorithms.smoothing",
  smoothing_search = require "vise.algorithms.smoothing_search",
  smoothquant = some("smoothquant", "factors"),
  svdquant = require "vise.algorithms.svdquant",
}
