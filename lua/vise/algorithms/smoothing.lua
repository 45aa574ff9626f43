--- Smoothing: one factor s_i for each input channel, which divides activations and multiplies
--- weights, so that what is hard to quantize moves from one to the other (arXiv 2211.10438).
---
---   activation   a_i^alpha / w_i^beta         a: largest |x| of channel i, w: largest |W[:, i]|
---   weight       w_i^-beta over the geometric mean of these, clamped to [1/4, 4]
---   weight_inv   w_i^beta likewise
---   few_shot     activation, from spans that a few forwards gave, relaxed
---   identity     none
---
--- 1 stands wherever a factor is 0 or not finite.  beta is 1 - alpha if not given.

local core = require "vise.core"
local relax = require "vise.algorithms.relax"
local try = require("vise.fail").try

local M = {}

local LEAST, MOST = 0.25, 4 -- of factors from weights alone

local function repair(v)
  return v > 0 and v < math.huge and v or 1
end

--- Largest |W[:, i]| for each input channel.
---@param weight vise.Tensor  f32 [out, in]
---@return vise.Tensor        f32 [in]
function M.weight_span(weight)
  local _, inputs = weight:shape()
  local o <close> = try(core.observer("channel_span", { channels = inputs }))
  try(o:update(weight))
  return try(o:result())
end

-- Numbers as a tensor of the storage type.  A factor that overflows or vanishes there would poison
-- its channel.
local function stored(factors, storage)
  local t = try(core.tensor_of(storage, { #factors }, factors))
  for i, v in ipairs(t:totable()) do
    if repair(v) ~= v then t:set(i, 1) end
  end
  return t
end

--- a^alpha / w^beta of two lists of spans, repaired.
---@param a number[]
---@param w number[]
---@param alpha number
---@param beta number
---@return number[]
function M.ratios(a, w, alpha, beta)
  local s = {}
  for i = 1, #a do s[i] = repair(a[i] ^ alpha / w[i] ^ beta) end
  return s
end

-- w^exponent, scaled to a geometric mean of 1 and kept within bounds.
local function from_weight(w, exponent)
  local s, logs = {}, 0
  for i = 1, #w do
    s[i] = repair(w[i] ^ exponent)
    logs = logs + math.log(s[i])
  end
  local mean = repair(math.exp(logs / math.max(#w, 1)))
  for i = 1, #s do s[i] = repair(math.min(math.max(s[i] / mean, LEAST), MOST)) end
  return s
end

---@class vise.SmoothOptions
---@field strategy string
---@field storage "f16"|"bf16"
---@field alpha number
---@field beta? number
---@field relax? vise.RelaxOptions  Of strategy "few_shot".

--- The factors of a strategy in the storage type; nil for identity.  For few_shot also those that
--- the spans give without relaxation.
---@param weight_span vise.Tensor  f32 [in]
---@param span? vise.Tensor        f32 [in], of the activations
---@param opt vise.SmoothOptions
---@return vise.Tensor? smooth
---@return vise.Tensor? original
function M.factors(weight_span, span, opt)
  local w, beta = weight_span:totable(), opt.beta or 1 - opt.alpha
  if opt.strategy == "identity" then return nil end
  if opt.strategy == "weight" then return stored(from_weight(w, -beta), opt.storage) end
  if opt.strategy == "weight_inv" then return stored(from_weight(w, beta), opt.storage) end
  local a = span:totable()
  local plain = stored(M.ratios(a, w, opt.alpha, beta), opt.storage)
  if opt.strategy ~= "few_shot" then return plain end
  local relaxed = relax.multipliers(a, opt.relax)
  for i = 1, #a do relaxed[i] = relaxed[i] * a[i] end
  return stored(M.ratios(relaxed, w, opt.alpha, beta), opt.storage), plain
end

--- Factors from a list of numbers, in the storage type.
M.stored = stored

return M
