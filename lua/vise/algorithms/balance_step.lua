--- Balanced smoothing (vise.algorithms.balance) as a step: factors found by descent on rows of the input,
--- for types that code both sides.
---
--- It counts with a branch of the type's rank and takes the weight's noise for less than it is, since
--- the steps after it take most of that away.

local balance = require "vise.algorithms.balance"
local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"
local try = require("vise.fail").try

local M = {}

---@type vise.Method
M.method = {
  name = "balance", needs = { "span", "samples" }, rows = 512, smooth = true, copies = 8,
  types = { "svdq_int4_*", "svdq_nvfp4_*", "int8_per_*", "w4a8*", "nvfp4" },
  options = { alpha = 0.5, iterations = 20, rank = 0, seed = 0 },
  check = options_of.checker { alpha = options_of.number(0, 1), iterations = options_of.integer(1, 10000),
    rank = options_of.integer(0, 99999), seed = options_of.integer(0, math.maxinteger) },
  prepare = function(layers, options)
    for _, layer in ipairs(layers) do
      local stored <close> = balance.factors(layer.weight, layer.span, layer.samples, {
        rank = layer.type.rank or options.rank, storage = layer.storage, seed = options.seed, alpha = options.alpha,
        group = runs.size(layer.scheme, layer.shape[2]), iters = options.iterations })
      local s <close> = try(stored:to "f32")
      layer:scale_inputs(s)
    end
  end,
}

return M
