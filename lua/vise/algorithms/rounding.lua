--- Rounding: every value to the nearest code of its scheme.  The method of all types without a low-rank
--- branch, and what rounds in a chain that does not say how.
---
--- A group's scale is what the scheme's convention gives it, or it is searched:
---
---   squares      the scale of the least squares of the errors
---   mse          the best of the ranges (1 - i/grid) [min, max], i < shrink * grid, by sum |error|^norm:
---                0.2, 100 and 2.4 are llm-compressor's; 0.8, 100 and 2.4 GPTQ's and QuaRot's
---   importance   the same with the mean x_j^2 of the inputs as weights: 1, 20 and 3 are llm-compressor's

local core = require "vise.core"
local options_of = require "vise.algorithms.step_options"

local M = {}

local SEARCHES = { none = true, squares = true, mse = true, importance = true }

-- Codes of a weight, with what is known of its input.  A method that builds on this one has options of
-- its own.
local function encode(weight, about, options)
  if not SEARCHES[options.search] or options.search == "none" then return core.encode(about.scheme, weight) end
  if options.search == "squares" then return core.encode(about.scheme, weight, { search = true }) end
  return core.encode(about.scheme, weight, {
    search = { shrink = options.shrink, grid = options.grid, norm = options.norm },
    importance = options.search == "importance" and about.importance or nil })
end

---@type vise.Method
M.method = {
  name = "rounding",
  types = { "float8_*", "int8_*", "int2_*", "int3_*", "int4_*", "w4a8*", "nvfp4*" },
  copies = 3,
  needs = function(options) return options.search == "importance" and { "importance" } or {} end,
  options = { search = "none", shrink = 0.2, grid = 100, norm = 2.4 },
  check = options_of.checker { search = options_of.choice(SEARCHES), shrink = options_of.number(0, 1),
    grid = options_of.integer(1, 10000), norm = options_of.number(1, 4) },
  round = function(layer, options) return encode(layer.weight, layer, options) end,
  make = function(weight, about)
    local coded, message, id = encode(weight, about, about.options)
    if not coded then return nil, message, id end
    return { weight = coded }
  end,
}

return M
