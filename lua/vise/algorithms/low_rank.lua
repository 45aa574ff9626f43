--- The low-rank branch: the first singular triplets of a matrix as two factors in 16 bits.

local core = require "vise.core"
local try = require("vise.fail").try

local M = {}

-- calibrate_precision -> how the decomposition is computed
local METHODS = {
  low = { method = "randomized", dtype = "f32" },
  medium = { method = "full", dtype = "f32" },
  high = { method = "full", dtype = "f64" },
}

---@class vise.LowRankOptions
---@field rank integer
---@field storage "f16"|"bf16"
---@field precision "low"|"medium"|"high"
---@field seed integer           Of the randomized decomposition.
---@field smooth? vise.Tensor    f32 [in]: `down` is stored divided by it.

--- The best factors of `target` at a rank, rounded to the storage type.  With smoothing, `down` is
--- divided by it before it is rounded, because that is what gets stored.
---@param target vise.Tensor  f32 [out, in]
---@param opt vise.LowRankOptions
---@return vise.Tensor up    [out, rank]: U diag(sigma)
---@return vise.Tensor down  [rank, in]: V' diag(1/smooth)
function M.factors(target, opt)
  local how = METHODS[opt.precision]
  local a <close> = try(target:to(how.dtype))
  local u, s, vt = try(core.svd(a, { rank = opt.rank, method = how.method, seed = opt.seed }))
  local u_wide <close> = u
  local s_wide <close> = s
  local vt_wide <close> = vt
  local u32 <close> = try(u_wide:to "f32")
  local s32 <close> = try(s_wide:to "f32")
  local up32 <close> = try(u32:mul(s32))
  local down32 <close> = try(vt_wide:to "f32")
  if opt.smooth then try(down32:div(opt.smooth, down32)) end
  return try(up32:to(opt.storage)), try(down32:to(opt.storage))
end

--- What the stored factors add up to in the smoothed space: up down diag(smooth), f32 [out, in].
---@param up vise.Tensor
---@param down vise.Tensor
---@param smooth? vise.Tensor  f32 [in]
---@return vise.Tensor
function M.product(up, down, smooth)
  local up32 <close> = try(up:to "f32")
  local down32 <close> = try(down:to "f32")
  if smooth then try(down32:mul(smooth, down32)) end
  return try(core.matmul(up32, down32))
end

return M
