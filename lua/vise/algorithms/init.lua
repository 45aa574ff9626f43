--- Algorithms: how a layer's weight becomes codes.  An algorithm uses what a user's can use.

local methods = require "vise.algorithms.methods"

return {
  balance = require "vise.algorithms.balance",
  budget = require "vise.algorithms.budget",
  emulate = require "vise.algorithms.emulate",
  low_rank = require "vise.algorithms.low_rank",
  method = methods.method,
  names = methods.names,
  refine = require "vise.algorithms.refine",
  relax = require "vise.algorithms.relax",
  register = methods.register,
  sensitivity = require "vise.algorithms.sensitivity",
  smoothing = require "vise.algorithms.smoothing",
  smoothing_search = require "vise.algorithms.smoothing_search",
  svdquant = require "vise.algorithms.svdquant",
}
