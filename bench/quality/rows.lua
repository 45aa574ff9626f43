--- The rows of bench/quality/table.lua: what is done to each model.

local vise = require "vise"

local M = {}

-- Types that a plan is searched among: of the uniform type's bits with narrower and wider groups, and its
-- neighbours.
local CHOICES = {
  [2] = { "int2_weight_only_g64", "int2_weight_only_g32", "int2_weight_only_g16", "int3_weight_only_g32" },
  [3] = { "int2_weight_only_g32", "int3_weight_only_g64", "int3_weight_only_g32", "int3_weight_only_g16",
    "int4_weight_only_g32" },
  [4] = { "int3_weight_only_g32", "int4_weight_only_g64", "int4_weight_only_g32", "int4_weight_only_g16",
    "int8_weight_only" },
}

-- The best plan found at the bits of the uniform type, every layer made by a method.
local function searched(case, model, uniform, method)
  local choices, cfg = {}, { quant_type = uniform, method = method }
  if require("vise.config").is_calibrated(cfg) then cfg.calibrate = case.calibrate end
  local bits = assert(vise.plan(model, cfg)).bits_per_weight
  for i, type in ipairs(CHOICES[tonumber(uniform:match "^int(%d)")]) do choices[i] = { type, method } end
  return assert(vise.algorithms.sensitivity.search(model, { choices = choices, bits = bits, forwards = case.forwards,
    calibrate = case.calibrate })).plan
end

--- The configuration of a row.
function M.config(case, row, model)
  if row.transform then assert(vise.transform(model, table.unpack(row.transform))) end
  local cfg = { quant_type = row.type, method = row.method, svdq = row.svdq, calibration = row.calibration }
  if row.searched then cfg.plan = searched(case, model, row.type, row.searched) end
  if require("vise.config").is_calibrated(cfg) then cfg.calibrate = case.calibrate end
  return cfg
end

local MSE = { name = "rounding", options = { search = "mse" } }
local ROTATED = { "rotate", { r1 = true, r2 = true } }

-- Weights alone, in groups.
local function weight_only(case, target)
  local type = ("int%d_weight_only_g%d"):format(target.bits, case.group)
  local rank = { name = "low_rank", options = { rank = 8 } }
  local rows = {
    { name = "RTN" },
    { name = "RTN, scale search", method = { MSE } },
    { name = "SmoothQuant", method = { "smoothquant" } },
    { name = "AWQ", method = { "awq" } },
    { name = "HQQ", method = { "hqq" } },
    { name = "rotation (R1, R2)", transform = ROTATED },
    { name = "low rank 8", method = { rank } },
    { name = "GPTQ", method = { "gptq" } },
    { name = "GPTQ, true sequential", method = { "gptq" }, calibration = { mode = "true_sequential" } },
    { name = "AWQ + GPTQ", method = { "awq", "gptq" } },
    { name = "searched plan, RTN", searched = "rounding" },
    { name = "searched plan, GPTQ", searched = "gptq", method = { "gptq" } },
    { name = "rotation + AWQ + low rank 8 + GPTQ", transform = ROTATED, method = { "awq", rank, "gptq" } },
    { name = "the same, searched plan", transform = ROTATED, searched = { "awq", rank, "gptq" },
      method = { "awq", rank, "gptq" } },
  }
  for _, row in ipairs(rows) do row.type = type end
  return rows
end

local PUBLISHED = { refine_iters = 0, scale_search = false, smooth_strategy = "activation" }

-- Both sides in 4 bits.
local function both(_, target)
  local r = target.rank
  local free, with = ("svdq_int4_r%d_dq"):format(r), ("svdq_int4_r%d"):format(r)
  local rows
  if r == 0 then
    rows = {
      { name = "RTN", type = free, svdq = { refine_iters = 0, scale_search = false } },
      { name = "RTN, scale search", type = free, svdq = { refine_iters = 0 } },
      { name = "SmoothQuant", type = free, method = { "smoothquant" } },
      { name = "AWQ", type = free, method = { "awq" } },
      { name = "rotation (R4)", type = free, method = { "rotate" } },
      { name = "GPTQ", type = free, method = { "gptq" } },
      { name = "balance + GPTQ", type = free, method = { "balance", "gptq" } },
      { name = "rotation + balance + GPTQ", type = free, method = { "rotate", "balance", "gptq" } },
    }
  else
    rows = {
      { name = "SVDQuant, published", type = with, svdq = PUBLISHED },
      { name = "SVDQuant, default", type = with },
      { name = "low rank", type = free, method = { "low_rank" } },
      { name = "low rank + GPTQ", type = free, method = { "low_rank", "gptq" } },
      { name = "balance + low rank + GPTQ", type = free, method = { "balance", "low_rank", "gptq" } },
      { name = "rotation + low rank + GPTQ", type = free, method = { "rotate", "low_rank", "gptq" } },
      { name = "rotation + balance + low rank + GPTQ", type = free,
        method = { "rotate", "balance", "low_rank", "gptq" } },
    }
  end
  return rows
end

--- The rows of a table.
function M.list(case, target)
  return (target.bits and weight_only or both)(case, target)
end

return M
