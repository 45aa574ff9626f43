--- Log-equalization: the input divided by s_j = a_j / log2(2 + a_j), a_j = max |x_j|, which brings the
--- spans of channels to their logarithms whatever the weights are (llm-compressor).

local smoothing = require "vise.algorithms.smoothing"
local try = require("vise.fail").try

local M = {}

--- The factors of some spans.
---@param a number[]
---@return number[]
function M.factors(a)
  local s = {}
  for j, v in ipairs(a) do s[j] = v / math.log(2 + v, 2) end
  return s
end

---@type vise.Method
M.method = {
  name = "log_equalization", needs = { "span" }, smooth = true, shares = true,
  prepare = function(layers)
    local stored <close> = smoothing.stored(M.factors(layers[1].span:totable()), layers[1].storage)
    local s <close> = try(stored:to "f32")
    for _, layer in ipairs(layers) do layer:scale_inputs(s) end
  end,
}

return M
