--- Refinement: the low-rank branch and the codes of the residual chosen in turns.
---
---   up, down = SVD_r(W~ - Q(R))     the branch takes what the codes cannot hold
---   R        = W~ - up down         anchored to W~ anew, so that no error is carried along
---
--- Round 0 is the plain split.  A round is not sure to improve on the one before it, so the best
--- is kept.

local core = require "vise.core"
local low_rank = require "vise.algorithms.low_rank"
local try = require("vise.fail").try

local M = {}

---@class vise.Split
---@field coded vise.Coded   Q(R)
---@field error number       ||R - Q(R)|| / ||W~||
---@field up? vise.Tensor    [out, rank] in the storage type; nil at rank 0
---@field down? vise.Tensor  [rank, in] in the storage type

---@class vise.Codec            How a residual becomes codes and back.
---@field encode fun(residual: vise.Tensor): vise.Coded?, string?, string?
---@field decode fun(coded: vise.Coded): vise.Tensor?, string?, string?
---@field round fun(t: vise.Tensor)  In place, after each step of the arithmetic.

--- The codec that stores what it says: codes of the f32 residual.
---@param scheme vise.Scheme
---@param search boolean  Search the scale of each group.
---@return vise.Codec
function M.codec(scheme, search)
  return {
    encode = function(residual) return core.encode(scheme, residual, { search = search }) end,
    decode = function(coded) return coded:decode() end,
    round = function() end,
  }
end

-- Factors of the target, and the codes of what they leave of the smoothed weight.
local function attempt(smoothed, target, opt)
  local codec = opt.codec
  local split, product = {}, nil
  if opt.rank > 0 then
    split.up, split.down = low_rank.factors(target, opt)
    product = low_rank.product(split.up, split.down, opt.smooth)
  end
  local branch <close> = product
  local rest <close> = branch and try(smoothed:sub(branch)) or try(smoothed:copy())
  codec.round(rest)
  split.coded = try(codec.encode(rest))
  local decoded <close> = try(codec.decode(split.coded))
  try(rest:sub(decoded, rest))
  split.error = try(rest:norm()) / math.max(try(smoothed:norm()), 1e-30)
  return split
end

local function close(split)
  split.coded:close()
  split.up:close()
  split.down:close()
end

---@class vise.RefineOptions: vise.LowRankOptions
---@field codec vise.Codec
---@field refine_iters integer
---@field keep_best boolean    Otherwise the last round is the result.
---@field early_stop boolean   Stop at the first round that does not improve, and leave it out.

---@class vise.RefineInfo
---@field rounds integer    That were run; fewer than asked for after an early stop.
---@field best integer      The round that is kept; 0 is the plain split.
---@field errors number[]   Of round 0 and of each round: ||R - Q(R)|| / ||W~||.

--- Splits a smoothed weight into a low-rank branch and a coded residual.
---@param smoothed vise.Tensor  f32 [out, in]
---@param opt vise.RefineOptions
---@return vise.Split
---@return vise.RefineInfo
function M.split(smoothed, opt)
  local kept = attempt(smoothed, smoothed, opt)
  local info = { rounds = 0, best = 0, errors = { kept.error } }
  if opt.rank == 0 then return kept, info end
  local current = kept
  for round = 1, opt.refine_iters do
    local decoded <close> = try(opt.codec.decode(current.coded))
    local target <close> = try(smoothed:sub(decoded))
    local split = attempt(smoothed, target, opt)
    info.rounds, info.errors[round + 1] = round, split.error
    local better = split.error < kept.error
    if current ~= kept then close(current) end
    current = split
    if better or not (opt.keep_best or opt.early_stop) then
      close(kept)
      kept, info.best = split, round
    elseif opt.early_stop then
      break
    end
  end
  if current ~= kept then close(current) end
  return kept, info
end

return M
