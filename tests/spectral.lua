--- The weight on which low-rank methods are judged: a spectrum that decays geometrically,
--- and noise.  W = 6 sum_j decay^j a_j b_j' + noise E, with normal columns a_j, b_j of length 1.

local core = require "vise.core"

local M = {}

--- Divides each column by its length.
local function normalise_columns(t)
  local rows, cols = t:shape()
  local values, lengths = t:totable(), {}
  for j = 1, cols do
    local sum = 0
    for i = 0, rows - 1 do sum = sum + values[i * cols + j] ^ 2 end
    lengths[j] = math.max(math.sqrt(sum), 1e-12)
  end
  return t:div(core.tensor_of("f32", { cols }, lengths))
end

---@class spectral.Options
---@field rows integer
---@field cols integer
---@field seed? integer   0
---@field noise? number   0.01
---@field decay? number   0.965

--- Makes the weight, f32 [rows, cols].
---@param opt spectral.Options
function M.weight(opt)
  local g = core.random(opt.seed or 0)
  local k = math.min(opt.rows, opt.cols)
  local a = normalise_columns(g:normal { opt.rows, k })
  local b = normalise_columns(g:normal { opt.cols, k })
  local e = g:normal { opt.rows, opt.cols }
  local strengths = {}
  for j = 1, k do strengths[j] = 6 * (opt.decay or 0.965) ^ (j - 1) end
  local w = core.matmul(a:mul(core.tensor_of("f32", { k }, strengths)), b, { trans_b = true })
  return w:axpy(opt.noise or 0.01, e)
end

return M
