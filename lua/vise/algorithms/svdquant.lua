--- SVDQuant (arXiv 2411.05007, sections 4.1 and 4.2): move outliers of the activations into the
--- weights, take the part of the weights that is hard to quantize into a low-rank branch, and
--- quantize the residual.
---
---   W~ = W diag(s)           s: vise.algorithms.smoothing
---   W~ = up down + R         up, down: vise.algorithms.low_rank, vise.algorithms.refine
---   stored: Q(R), s, up, down diag(1/s)
---
--- Storage is 16-bit: s, up and the divided down are rounded to it, and R is what the rounded
--- factors leave, so the branch's own rounding is quantized with the rest and not lost.

local balance = require "vise.algorithms.balance"
local emulate = require "vise.algorithms.emulate"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"
local options_of = require "vise.algorithms.svdquant_options"
local refine = require "vise.algorithms.refine"
local smoothing = require "vise.algorithms.smoothing"
local smoothing_search = require "vise.algorithms.smoothing_search"
local stack = require "vise.algorithms.stack"

local try = fail.try

local M = {}

---@class vise.SvdquantParts
---@field weight vise.Coded            Q(R)
---@field smooth? vise.Tensor          [in] in the storage type
---@field smooth_original? vise.Tensor [in]: before relaxation, with strategy "few_shot"
---@field down? vise.Tensor            [rank, in], divided by `smooth`
---@field up? vise.Tensor              [out, rank]

---@class vise.SvdquantLayer
---@field rank integer              0 <= rank <= min(out, in)
---@field storage "f16"|"bf16"      The 16-bit type of factors, scales and smoothing.
---@field scheme vise.Scheme        Of the residual.
---@field smooth? vise.Tensor       [in] in the storage type; nil: no smoothing.
---@field counts? integer[]         The weight is a stack: the rows of each layer in it.

local function decompose(weight, layer, options)
  local smooth <close> = layer.smooth and try(layer.smooth:to "f32") or nil
  local smoothed <close> = smooth and try(weight:mul(smooth)) or try(weight:copy())
  local how = { rank = layer.rank, storage = layer.storage, precision = options.calibrate_precision,
    seed = options.seed, refine_iters = options.refine_iters, keep_best = options.keep_best,
    early_stop = options.early_stop, smooth = smooth }
  if options.emulate then
    how.codec, how.smooth = emulate.codec(layer.scheme), nil
    how.codec.round(smoothed)
  else
    how.codec = refine.codec(layer.scheme, options.scale_search)
  end
  if layer.counts then
    local _, columns = weight:shape()
    how.codec = stack.codec(how.codec, layer.counts, columns)
  end
  local split, info = refine.split(smoothed, how)
  if options.emulate and smooth and split.down then
    local down <close> = split.down
    local wide <close> = try(down:to "f32")
    try(wide:div(smooth, wide))
    split.down = try(wide:to(layer.storage))
  end
  info.error = info.errors[info.best + 1]
  return { weight = split.coded, smooth = layer.smooth, down = split.down, up = split.up }, info
end

--- Splits a weight into a coded residual and a low-rank branch.
---@param weight vise.Tensor  f32 [out, in]
---@param layer vise.SvdquantLayer
---@param options? table  svdq = { ... } of a configuration.
---@return vise.SvdquantParts?
---@return vise.RefineInfo|string info_or_message
---@return string? id
function M.decompose(weight, layer, options)
  return fail.catch(decompose, weight, layer, options_of.check(options or {}))
end

-- What a layer of these parts answers.
local function answer(weight, type, layer, samples, options, smooth)
  local parts = decompose(weight, { rank = layer.rank, storage = layer.storage, scheme = layer.scheme,
    smooth = smooth }, options)
  parts.type = type
  local q = try(quantized_linear.new(parts))
  local y, message, id = q:forward(samples)
  q.smooth = nil -- the caller's
  q:close()
  return try(y, message, id)
end

-- The search scores plain splits: a refinement of every candidate would take as many times longer.
local function plain(options)
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.refine_iters = 0
  return copy
end

local function make(weight, args, options, counts)
  local layer = { rank = args.type.rank, storage = args.storage, scheme = args.scheme }
  local strategy, original, found = args.type.smooth, nil, nil
  if (strategy == "balance" or strategy == "search") and not args.samples then
    return fail.fail("E-OB-18", "smooth_strategy \"%s\" needs rows of the layer's input", strategy)
  end
  if strategy == "balance" then
    layer.smooth, found = balance.factors(weight, args.span, args.samples, { rank = layer.rank,
      storage = layer.storage, seed = options.seed, alpha = options.alpha, beta = options.beta,
      group = layer.scheme:fields().group, iters = options.balance_iters })
  elseif strategy == "search" then
    local quick = plain(options)
    layer.smooth, found = smoothing_search.best(weight, args.span, args.samples, args.storage, options.search_grid,
      function(smooth) return answer(weight, args.type, layer, args.samples, quick, smooth) end)
  else
    local weight_span <close> = smoothing.weight_span(weight)
    layer.smooth, original = smoothing.factors(weight_span, args.span, { strategy = strategy,
      storage = args.storage, alpha = options.alpha, beta = options.beta, relax = {
        strategy = options.few_shot_relax_strategy, factor = options.few_shot_relax_factor,
        top_ratio = options.few_shot_relax_top_ratio,
      } })
  end
  layer.counts = counts
  local parts, info = decompose(weight, layer, options)
  parts.smooth_original, info.smoothing = original, found
  return parts, info
end

---@class vise.SvdquantArgs
---@field type vise.QuantType       With its rank and its smoothing.
---@field storage "f16"|"bf16"
---@field scheme vise.Scheme        Of the residual.
---@field span? vise.Tensor         f32 [in], for strategies that use activations
---@field samples? vise.Tensor      f32 [n, in], for strategy "search"
---@field options? table            svdq = { ... } of a configuration.

--- Makes the parts of a quantized layer from its weight: smoothing, then the split.
---@param weight vise.Tensor  f32 [out, in]
---@param args vise.SvdquantArgs
---@return vise.SvdquantParts?
---@return vise.RefineInfo|string info_or_message
---@return string? id
function M.make(weight, args)
  return fail.catch(make, weight, args, options_of.check(args.options or {}))
end

local function copy_of(tensor)
  return tensor and try(tensor:copy())
end

local function make_shared(weights, args, options)
  local all, counts = stack.join(weights)
  local weight <close> = all
  local whole, info = make(weight, args, options, counts)
  local ups, list = whole.up and stack.cut(whole.up, counts) or {}, {}
  for i, coded in ipairs(whole.weight.parts) do
    list[i] = { weight = coded, up = ups[i], down = copy_of(whole.down), smooth = copy_of(whole.smooth),
      smooth_original = copy_of(whole.smooth_original) }
  end
  for _, name in ipairs { "up", "down", "smooth", "smooth_original" } do
    if whole[name] then whole[name]:close() end
  end
  return list, info
end

--- As a method (vise.algorithms.methods): its options are svdq = { ... } of the configuration, and
--- how a layer is smoothed stands in its type.
---@type vise.Method
M.method = {
  name = "svdquant",
  types = { "svdq_*" },
  resolve = function(type, cfg)
    local t = options_of.resolve(type, cfg.svdq, cfg.statistics)
    t.method = setmetatable({ options = cfg.svdq }, { __index = M.method })
    return t
  end,
  make = function(weight, about) return M.make(weight, about) end,
  make_group = function(weights, about) return M.make_shared(weights, about) end,
}

--- Makes the parts of layers that are given the same input: one smoothing and one decomposition of
--- their weights stacked by rows.  Each gets its rows of `up` and its residual's codes, and copies of
--- `down` and of the smoothing factors.
---@param weights vise.Tensor[]  [out, in], with the same number of inputs
---@param args vise.SvdquantArgs
---@return vise.SvdquantParts[]?
---@return vise.RefineInfo|string info_or_message  Of the stack.
---@return string? id
function M.make_shared(weights, args)
  return fail.catch(make_shared, weights, args, options_of.check(args.options or {}))
end

return M
