--- Rounding: every value to the nearest code of its scheme, with the scale that the scheme's
--- convention gives the group, or the best of some.  The method of all types without a low-rank branch.
---
---   search       candidates                                     error of a candidate
---   "none"       what the convention makes of the range
---   "squares"    multiples of the scale, or narrower ranges     sum (w' - w)^2
---   "mse"        ranges from 1.00 to 0.81 of the whole          sum |w' - w|^2.4         LLM Compressor
---   "wide"       ranges from 1.00 to 0.21 of the whole          sum |w' - w|^2.4         GPTQ's --mse
---   "importance" ranges from 1.00 to 0.05 of the whole          sum E[x^2] |w' - w|^3    imatrix
---
--- `shrink`, `grid` and `norm`, where they are not 0, take the place of those of the search: candidates are
--- 1 - i / grid for i from 0 below shrink * grid.  Per tensor, and of 8-bit floats, there is nothing to search.

local core = require "vise.core"
local options_of = require "vise.algorithms.step_options"

local M = {}

local SEARCHES = {
  none = false,
  squares = { shrink = 0.41, grid = 100, norm = 2 },
  mse = { shrink = 0.2, grid = 100, norm = 2.4 },
  wide = { shrink = 0.8, grid = 100, norm = 2.4 },
  importance = { shrink = 1, grid = 20, norm = 3 },
}

--- The search that options of a step ask for, as vise.coded.encode takes it.
---@param options { search: string, shrink?: number, grid?: integer, norm?: number }
---@return boolean|table
function M.search(options)
  local named, found, other = SEARCHES[options.search], {}, false
  if not named then return false end
  for key, value in pairs(named) do
    local own = options[key] or 0
    found[key], other = own ~= 0 and own or value, other or own ~= 0
  end
  return (other or options.search ~= "squares") and found or true -- squares: as the scheme is searched best
end

local function round(scheme, weight, options, importance)
  return core.encode(scheme, weight, { search = M.search(options),
    importance = options.search == "importance" and importance or nil })
end

local function optional(check)
  return function(value, where)
    if value ~= 0 then check(value, where) end
  end
end

local NAMES = {}
for name in pairs(SEARCHES) do NAMES[name] = true end

---@type vise.Method
M.method = {
  name = "rounding",
  types = { "float8_*", "int8_*", "int2_*", "int3_*", "int4_*", "w4a8*", "nvfp4*" },
  copies = 3,
  needs = function(options) return options.search == "importance" and { "importance" } or {} end,
  options = { search = "none", shrink = 0, grid = 0, norm = 0 },
  check = options_of.checker { search = options_of.choice(NAMES), shrink = optional(options_of.number(0, 1)),
    grid = optional(options_of.integer(1, 10000)), norm = optional(options_of.number(1, 4)) },
  round = function(layer, options) return round(layer.scheme, layer.weight, options, layer.importance) end,
  make = function(weight, about)
    local coded, message, id = round(about.scheme, weight, about.options, about.importance)
    if not coded then return nil, message, id end
    return { weight = coded }
  end,
}

return M
