--- Rounding: every value to the nearest code of its scheme, with the scale that the scheme's
--- convention gives the group.  The method of all types without a low-rank branch.

local core = require "vise.core"

local M = {}

---@type vise.Method
M.method = {
  name = "rounding",
  types = { "float8_*", "int8_*", "int2_*", "int3_*", "int4_*", "w4a8*", "nvfp4*" },
  copies = 3,
  round = function(layer) return core.encode(layer.scheme, layer.weight) end,
  make = function(weight, about)
    local coded, message, id = core.encode(about.scheme, weight)
    if not coded then return nil, message, id end
    return { weight = coded }
  end,
}

return M
