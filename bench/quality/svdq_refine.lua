-- The refinement tables of the published recipe beside ours: relative error of the weight that codes
-- and factors stand for, on the spectral-decay weight (256 x 128, seed 0, stored in bf16).
--
--   published  the recipe's own figures
--   emulated   the same arithmetic here: every step rounded to bf16, the last round kept
--   plain      our arithmetic, no scale search
--   improved   our arithmetic with scale search, the best round kept

package.path = "tests/?.lua;bench/quality/?.lua;" .. package.path

local record = require "record"
local spectral = require "spectral"
local vise = require "vise"

local svdquant, low_rank = vise.algorithms.svdquant, vise.algorithms.low_rank
local weight = spectral.weight { rows = 256, cols = 128 }
local stored = weight:to("bf16"):to "f32"

local FORMATS = { "int4", "nvfp4" }
local ROUNDS = { [0] = { int4 = 0.026423, nvfp4 = 0.024128 }, [1] = { int4 = 0.021266, nvfp4 = 0.019196 },
  [2] = { int4 = 0.019715, nvfp4 = 0.017313 }, [5] = { int4 = 0.018608, nvfp4 = 0.015490 },
  [10] = { int4 = 0.018134, nvfp4 = 0.014506 } }
local RANKS = {
  [0] = { int4 = { 0.107640, 0.107640 }, nvfp4 = { 0.096408, 0.096408 } },
  [16] = { int4 = { 0.052492, 0.041568 }, nvfp4 = { 0.047716, 0.036375 } },
  [32] = { int4 = { 0.026423, 0.018656 }, nvfp4 = { 0.024128, 0.015476 } },
  [64] = { int4 = { 0.008012, 0.005075 }, nvfp4 = { 0.007328, 0.004314 } },
  [128] = { int4 = { 0.001674, 0.001789 }, nvfp4 = { 0.001666, 0.001732 } },
}
local MODES = {
  emulated = { emulate = "bf16" },
  plain = { scale_search = false },
  improved = { scale_search = true },
}

local function scheme_of(format)
  return vise.scheme(vise.quant_types.scheme_args(vise.quant_types.parse("svdq_" .. format .. "_r8").weight, "bf16"))
end

local function error_of(format, rank, rounds, mode)
  local options = { refine_iters = rounds }
  for key, value in pairs(MODES[mode]) do options[key] = value end
  local parts, info = svdquant.decompose(stored, { rank = rank, storage = "bf16", scheme = scheme_of(format) }, options)
  if not parts then return nil, info end
  local values = options.emulate and vise.algorithms.emulate.codec(scheme_of(format)).decode(parts.weight)
    or parts.weight:decode()
  if parts.up then values:add(low_rank.product(parts.up, parts.down), values) end
  return vise.ops.compare(values, weight).rel_l2
end

local function cell(value)
  return value and ("%.6f"):format(value) or "-"
end

local function row(label, format, rank, rounds, published)
  local emulated = error_of(format, rank, rounds, "emulated")
  local plain, improved = error_of(format, rank, rounds, "plain"), error_of(format, rank, rounds, "improved")
  return { label, cell(published), cell(emulated), cell(plain), cell(improved),
    ("%+.1f %%"):format(100 * (improved / published - 1)) }
end

local tables = {}
for _, format in ipairs(FORMATS) do
  local head = { "rounds", "published", "emulated", "plain", "improved", "improved to published" }
  local by_round = { title = format .. ", rank 32", rows = { head } }
  for _, rounds in ipairs { 0, 1, 2, 5, 10 } do
    table.insert(by_round.rows, row(rounds, format, 32, rounds, ROUNDS[rounds][format]))
  end
  local by_rank = { title = format .. ", by rank, 0 and 5 rounds", rows = {} }
  by_rank.rows[1] = table.move(head, 2, #head, 2, { "rank, rounds" })
  for _, rank in ipairs { 0, 16, 32, 64, 128 } do
    for i, rounds in ipairs { 0, 5 } do
      table.insert(by_rank.rows, row(("%d, %d"):format(rank, rounds), format, rank, rounds, RANKS[rank][format][i]))
    end
  end
  table.insert(tables, by_round)
  table.insert(tables, by_rank)
end
record.show("svdq_refine", tables)
