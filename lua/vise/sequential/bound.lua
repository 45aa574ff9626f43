--- Bounds on the memory that calibration takes: what observers hold of the layers that are observed at one
--- time, which is all of them, or those of one block.

local States = require "vise.sequential.states"

local M = {}

local CHUNK_ROWS = 1024 -- that an observer of moments gathers

local COPIES = 6          -- of a matrix of moments, while a layer is made

-- Bytes that are held of one layer, and those more while it is made.
local function of_layer(layer, sample_rows)
  local inp, bytes, scratch = layer.shape[2], 0, 0
  for _, kind in ipairs(layer.type.needs) do
    if kind == "moments" then
      -- Half a matrix in f64 and its chunk of rows, and the whole one in f32; then the copies that a change of
      -- basis and a solver make of it.
      bytes, scratch = bytes + 8 * inp * inp + 4 * CHUNK_ROWS * inp, 4 * COPIES * inp * inp
    elseif kind ~= "range" then
      bytes = bytes + 12 * inp -- sums in f64, the result in f32
    end
  end
  return #layer.type.needs > 0 and bytes + 4 * sample_rows * inp or 0, scratch
end

--- What the statistics of a plan take at most at one time, in bytes.
---@param plan vise.Plan
---@param model vise.Model
---@param sample_rows integer
---@return integer
function M.statistics(plan, model, sample_rows)
  local by_block, most, scratch = {}, 0, 0
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      local block = plan.mode ~= "whole" and model:block_of(layer.name) or 0
      local held, more = of_layer(layer, sample_rows)
      by_block[block] = (by_block[block] or 0) + held
      most, scratch = math.max(most, by_block[block]), math.max(scratch, more)
    end
  end
  return most + scratch
end

--- What of the states between blocks is in memory at one time, beside those of the forward that runs.
---@param plan vise.Plan
---@return integer
function M.states(plan)
  return plan.mode == "whole" and 0 or States.PART_BYTES
end

return M
