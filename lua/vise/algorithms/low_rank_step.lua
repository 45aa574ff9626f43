--- Low rank: a branch in 16 bits takes off the weight what codes hold worst (arXiv 2411.05007), as a step
--- before any that rounds.
---
---   W = up down + R,  the layer answers  Q(x) Q(R)' + (x down') up'
---
--- The first branch is the best of the weight itself, which makes R small and with it the noise of
--- coded activations.  In `rounds` more turns it takes what the codes of the last R miss,
---
---   up down = the best of  W - Q(R)   under   tr(D M D')
---
--- with the second moments M of the input (`metric` "moments"; "plain": sum of squares), found by the
--- singular vectors of D S, M + damping mean(diag M) I = S S'.  Q is rounding with searched scales, or GPTQ with
--- its defaults (`rounder`): then give "gptq" as the step that rounds.  The best turn is kept.

local core = require "vise.core"
local gptq = require "vise.algorithms.gptq"
local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"
local try = require("vise.fail").try

local M = {}

local DAMPING = 0.01 -- of the metric: directions that hardly occur still count
local FULL = 1024    -- the smaller side of matrices that are decomposed whole
local TINY = 1e-30   -- of a metric of an input that is always 0

local ROUNDERS = {
  rounding = function(layer)
    return try(core.encode(layer.scheme, layer.weight, { search = runs.searchable(layer.scheme) }))
  end,
  gptq = function(layer) return (gptq.round(layer, gptq.method.options)) end,
}

---@class vise.Metric  S and its inverse, M = S S'.
---@field root vise.Tensor     f32 [n, n]
---@field inverse vise.Tensor  f32 [n, n]

--- The metric of second moments.
---@param moments vise.Tensor  f32 [n, n]
---@return vise.Metric
function M.metric(moments)
  local d, v = try(core.eigh(moments))
  local values <close> = d
  local vectors <close> = v
  local mean = math.max(values:mean(), 0)
  local root, inverse = {}, {}
  for i, value in ipairs(values:totable()) do
    root[i] = math.sqrt(math.max(value, 0) + DAMPING * mean + TINY)
    inverse[i] = 1 / root[i]
  end
  local by <close> = try(core.tensor_of("f32", { #root }, root))
  local over <close> = try(core.tensor_of("f32", { #root }, inverse))
  local divided <close> = try(vectors:mul(over))
  return { root = try(vectors:mul(by)), inverse = try(divided:transpose()) }
end

local function close(metric)
  if not metric then return end
  metric.root:close()
  metric.inverse:close()
end

--- The best factors of a matrix at a rank, under a metric.
---@param target vise.Tensor  f32 [out, in]
---@param rank integer
---@param metric? vise.Metric
---@return vise.Tensor up    f32 [out, rank]
---@return vise.Tensor down  f32 [rank, in]
function M.factors(target, rank, metric)
  local seen <close> = metric and try(core.matmul(target, metric.root)) or try(target:copy())
  local whole = math.min(target:shape()) <= FULL or 2 * rank > math.min(target:shape())
  local left, sizes, right = try(core.svd(seen, { rank = rank, method = whole and "full" or "randomized" }))
  local u <close> = left
  local s <close> = sizes
  local vt <close> = right
  return try(u:mul(s)), metric and try(core.matmul(vt, metric.inverse)) or try(vt:copy())
end

-- Gives the layer a branch.
local function put(layer, up, down)
  if layer.parts.up then layer:drop_branch() end
  layer:add_branch(up, down)
end

-- How much of the weight the codes and the branch miss.
local function missed(layer, codes, metric)
  if metric then return layer:coded_error(codes) end
  local delta <close> = try(codes:decode())
  try(delta:sub(layer.weight, delta))
  return (delta:norm() / math.max(layer.original:norm(), TINY)) ^ 2
end

-- The first branch, then turns of codes for a branch and a branch for codes; the best stays.
local function alternate(layer, rank, metric, options)
  local up, down = M.factors(layer.weight, rank)
  local best = { error = math.huge }
  for turn = 0, options.rounds do
    put(layer, up, down)
    local codes <close> = ROUNDERS[options.rounder](layer)
    local error = missed(layer, codes, metric)
    if error < best.error then best = { error = error, up = up, down = down, turn = turn } end
    if turn == options.rounds then break end
    local target <close> = try(codes:decode())
    try(layer.original:sub(target, target))
    up, down = M.factors(target, rank, metric)
  end
  put(layer, best.up or up, best.down or down)
  layer.notes.turns, layer.notes.branch_error = best.turn, best.error
end

local function prepare(layer, options)
  local rank = layer.type.rank or options.rank
  if rank == 0 then return end
  local metric = options.metric == "moments" and M.metric(layer.moments) or nil
  local ok, problem = pcall(alternate, layer, rank, metric, options)
  close(metric)
  if not ok then error(problem, 0) end
end

---@type vise.Method
M.method = {
  name = "low_rank", branch = true, copies = 10,
  needs = function(options)
    return (options.metric == "moments" or options.rounder == "gptq") and { "moments" } or {}
  end,
  options = { rank = 0, metric = "moments", rounds = 8, rounder = "gptq" },
  check = options_of.checker { rank = options_of.integer(0, 99999), rounds = options_of.integer(0, 1000),
    metric = options_of.choice { moments = true, plain = true }, rounder = options_of.choice(ROUNDERS) },
  prepare = function(layers, options)
    for _, layer in ipairs(layers) do prepare(layer, options) end
  end,
}

return M
