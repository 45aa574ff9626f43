--- AWQ's clip search: the largest weights of a group are cut where that makes the outputs better.
---
---   for i = 0 .. shrink * grid - 1:  c = amax of the group * (1 - i / grid),  W' = Q(clamp(W, -c, c))
---   error of an output's group       d M_gg d',  d = W' - W in the group's inputs
---
--- with the block M_gg of the second moments of the input; each output and group keeps the first of its
--- best.  As AWQ does, layers whose names hold one of the words of `skip` are left alone: queries and keys,
--- whose products with each other a cut moves further than its own error says.

local core = require "vise.core"
local options_of = require "vise.algorithms.step_options"
local runs = require "vise.algorithms.runs"
local try = require("vise.fail").try

local M = {}

local TINY = 1e-30 -- in the place of the limit of an empty group

--- Cut at limits: W where |W| is within, else the limit with W's sign.
---@param weight vise.Tensor  f32 [out, in]
---@param limits vise.Tensor  f32 [out, in], above 0
---@return vise.Tensor
function M.clamp(weight, limits)
  local ratio <close> = try(weight:div(limits))
  try(ratio:clamp(-1, 1, ratio))
  return try(ratio:mul(limits))
end

-- The moments M_gg of each run's inputs.
local function blocks_of(moments, columns, size)
  local list = {}
  for first = 1, columns, size do
    local last = math.min(first + size - 1, columns)
    local rows <close> = try(moments:rows(first, last))
    list[#list + 1] = { first = first, last = last, moments = runs.slice(rows, first, last) }
  end
  return list
end

-- d M_gg d' of every run and output: numbers [runs * out].
local function errors(layer, cut, blocks)
  local coded <close> = try(core.encode(layer.scheme, cut))
  local delta <close> = try(coded:decode())
  try(delta:sub(layer.weight, delta))
  local all = {}
  for _, block in ipairs(blocks) do
    local d <close> = runs.slice(delta, block.first, block.last)
    local weighed <close> = try(core.matmul(d, block.moments))
    try(weighed:mul(d, weighed))
    local turned <close> = try(weighed:transpose())
    local sums <close> = try(turned:fold "sum")
    table.move(sums:totable(), 1, sums:count(), #all + 1, all)
  end
  return all
end

-- The largest |W| of each run, times factors, in all its places; above 0.
local function limits_of(top, factors, columns, size)
  local limits <close> = try(top:mul(factors))
  try(limits:add(TINY, limits))
  return runs.spread(limits, columns, size)
end

--- How far each output's runs are best cut, as a part of their largest |W|.
---@param layer vise.LayerWork
---@param top vise.Tensor  f32 [out, runs]: the largest |W| of each run.
---@param options { shrink: number, grid: integer }
---@return number[] factors  [runs * out]
---@return integer clipped   Of how many it is less than 1.
function M.search(layer, top, options)
  local columns = layer.shape[2]
  local size = runs.size(layer.scheme, columns)
  local blocks = blocks_of(layer.moments, columns, size)
  local best, factors, clipped = errors(layer, layer.weight, blocks), {}, 0
  for k = 1, #best do factors[k] = 1 end
  for i = 1, math.floor(options.shrink * options.grid) - 1 do
    local limits <close> = limits_of(top, 1 - i / options.grid, columns, size)
    local cut <close> = M.clamp(layer.weight, limits)
    for k, e in ipairs(errors(layer, cut, blocks)) do
      if e < best[k] then best[k], factors[k] = e, 1 - i / options.grid end
    end
  end
  for _, block in ipairs(blocks) do block.moments:close() end
  for _, factor in ipairs(factors) do clipped = clipped + (factor < 1 and 1 or 0) end
  return factors, clipped
end

local function skipped(name, words)
  for word in words:gmatch "[^,%s]+" do
    if name:find(word, 1, true) then return true end
  end
  return false
end

local function cut(layer, options)
  local columns = layer.shape[2]
  local size = runs.size(layer.scheme, columns)
  local sizes <close> = try(layer.weight:abs())
  local top <close> = runs.fold(sizes, size, "max")
  local factors, clipped = M.search(layer, top, options)
  layer.notes.clipped = clipped / math.max(#factors, 1)
  if clipped == 0 then return end
  local outputs, count = top:shape()
  local turned <close> = try(core.tensor_of("f32", { count, outputs }, factors))
  local by <close> = try(turned:transpose())
  local limits <close> = limits_of(top, by, columns, size)
  layer:replace(M.clamp(layer.weight, limits))
end

---@type vise.Method
M.method = {
  name = "awq_clip", needs = { "moments" }, copies = 6,
  options = { shrink = 0.5, grid = 20, skip = "q_, k_, query, key, Wqkv" },
  check = options_of.checker { shrink = options_of.number(0, 1), grid = options_of.integer(1, 1000) },
  prepare = function(layers, options)
    for _, layer in ipairs(layers) do
      if not skipped(layer.name, options.skip) then cut(layer, options) end
    end
  end,
}

return M
