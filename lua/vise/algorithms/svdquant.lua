--- SVDQuant (arXiv 2411.05007, sections 4.1 and 4.2): move outliers of the activations into the
--- weights, take the part of the weights that is hard to quantize into a low-rank branch, and
--- quantize the residual.
---
---   s_i = a_i^(1/2) / w_i^(1/2)       a: largest |x| of channel i, w: largest |W[:, i]|
---   W diag(s) = up down + R           up, down: the first `rank` singular triplets
---   stored: Q(R), s, up, down diag(1/s)
---
--- Storage is 16-bit: s, up and the divided down are rounded to it, and R is what the rounded
--- factors leave, so the branch's own rounding is quantized with the rest and not lost.

local core = require "vise.core"

local M = {}

--- Largest |W[:, i]| for each input channel.
---@param weight vise.Tensor  f32 [out, in]
---@return vise.Tensor        f32 [in]
function M.weight_span(weight)
  local _, inp = weight:shape()
  local o <close> = core.observer("channel_span", { channels = inp })
  assert(o:update(weight))
  return o:result()
end

--- Smoothing factors from spans: a^(1/2) / w^(1/2), 1 where that is zero or not finite, rounded
--- to the storage type.
---@param activation_span vise.Tensor  f32 [in]
---@param weight_span vise.Tensor      f32 [in]
---@param storage "f16"|"bf16"
---@return vise.Tensor  [in] in the storage type
function M.smooth_factors(activation_span, weight_span, storage)
  local a, w, s = activation_span:totable(), weight_span:totable(), {}
  for i = 1, #a do
    local v = math.sqrt(a[i]) / math.sqrt(w[i])
    s[i] = (v > 0 and v < math.huge) and v or 1
  end
  local stored = core.tensor_of(storage, { #s }, s)
  -- A factor that overflows or vanishes in the storage type would poison the channel.
  for i, v in ipairs(stored:totable()) do
    if not (v > 0 and v < math.huge) then stored:set(i, 1) end
  end
  return stored
end

local SVD = { -- calibrate_precision -> how the decomposition is computed
  low = { method = "randomized", dtype = "f32" },
  medium = { method = "full", dtype = "f32" },
  high = { method = "full", dtype = "f64" },
}

--- The first `rank` singular triplets of `target`, as two factors in the storage type.
---@return vise.Tensor? up    [out, rank]: U diag(sigma)
---@return vise.Tensor|string down  [rank, in]: V', or the message of the failure
---@return string? id
local function factors(target, rank, storage, precision, seed)
  local how = SVD[precision]
  local a <close> = target:to(how.dtype)
  local u, s, vt = core.svd(a, { rank = rank, method = how.method, seed = seed })
  if not u then return nil, s, vt end
  local u32 <close> = u:to "f32"
  local s32 <close> = s:to "f32"
  local scaled <close> = u32:mul(s32)
  return scaled:to(storage), vt:to(storage)
end

---@class vise.SvdquantOptions
---@field rank integer              0 <= rank <= min(out, in)
---@field storage "f16"|"bf16"      The 16-bit type of factors, scales and smoothing.
---@field scheme vise.Scheme        Of the residual.
---@field precision? "low"|"medium"|"high"  Randomized f32 SVD, full f32, full f64.
---@field seed? integer             Of the randomized SVD.
---@field smooth? vise.Tensor       [in] in the storage type; nil: no smoothing.

--- Splits a weight into a coded residual and a low-rank branch.
---@param weight vise.Tensor  f32 [out, in]
---@param opt vise.SvdquantOptions
---@return { weight: vise.Coded, smooth?: vise.Tensor, down?: vise.Tensor, up?: vise.Tensor }?
---@return string? message
---@return string? id
function M.decompose(weight, opt)
  local smooth <close> = opt.smooth and opt.smooth:to "f32"
  local residual <close> = smooth and weight:mul(smooth) or weight:copy()
  local parts = { smooth = opt.smooth }
  if opt.rank > 0 then
    local up, down, id = factors(residual, opt.rank, opt.storage, opt.precision or "low", opt.seed or 0)
    if not up then return nil, down, id end
    local applied = down -- what multiplies the raw input
    if smooth then
      local wide <close> = down:to "f32"
      local divided <close> = wide:div(smooth)
      applied = divided:to(opt.storage)
      down:close()
    end
    parts.up, parts.down = up, applied
    local up32 <close> = up:to "f32"
    local down32 <close> = applied:to "f32"
    if smooth then down32:mul(smooth, down32) end
    local product <close> = core.matmul(up32, down32)
    residual:sub(product, residual)
  end
  local coded, message, id = core.encode(opt.scheme, residual)
  if not coded then return nil, message, id end
  parts.weight = coded
  return parts
end

return M
