--- What the machine can do at most: sides that are measured between the others of a run.

local core = require "vise.core"

local M = {}

local L2_SLICE, L3_SLICE, DRAM_SLICE = 1 << 18, 1 << 22, 1 << 20
local LEAST = 1 << 20 -- bytes that are far, however few are asked for

--- A side whose rate is a limit of others.
---@class vise.bench.Limit : vise.bench.Side
---@field work number    Operations or bytes of a run.
---@field unit string

-- Zeros that have been written, so that each page is its own memory.
local function buffer(bytes)
  return core.tensor("u8", { bytes })
end

local function memory_side(name, from, slice, passes, to)
  return { name = name, unit = "GB/s", work = from:bytes() * passes, tensors = { from, to },
    run = function() assert(core.bench_memory(from, slice, passes, to)) end }
end

--- Peaks of a backend: those that its instruction set has.
---@param backend string
---@return vise.bench.Limit[]
function M.peaks(backend)
  local sides = {}
  for _, kind in ipairs { "int8", "bf16", "f32" } do
    local operations = core.bench_peak(kind, backend)
    if operations then
      sides[#sides + 1] = { name = kind, unit = kind == "int8" and "GOP/s" or "GFLOP/s", work = operations,
        run = function() assert(core.bench_peak(kind, backend)) end }
    end
  end
  return sides
end

--- Reads and copies, from the nearest to the farthest memory.
---@param cold_bytes integer  More than the last cache holds.
---@param with_copies? boolean
---@return vise.bench.Limit[]
function M.memory(cold_bytes, with_copies)
  if not core.bench_memory(buffer(256), 256, 1) then return {} end
  local threads = core.threads()
  cold_bytes = math.max(cold_bytes, LEAST)
  local far = buffer(cold_bytes)
  local sides = {
    memory_side("l2", buffer(L2_SLICE * threads), L2_SLICE, 64),
    memory_side("l3", buffer(math.min(L3_SLICE * threads, cold_bytes)), math.min(L3_SLICE, cold_bytes // threads), 8),
    memory_side("dram", far, DRAM_SLICE, 1),
  }
  if with_copies then
    sides[4] = memory_side("l2 copy", buffer(L2_SLICE * threads), L2_SLICE, 64, buffer(L2_SLICE * threads))
    sides[5] = memory_side("dram copy", far, DRAM_SLICE, 1, buffer(cold_bytes))
  end
  return sides
end

--- Those limits that some sides ask for by name, on the threads in use.
---@param wanted table<string, any>
---@param cold_bytes integer
---@return table<string, vise.bench.Limit> by_name
---@return vise.bench.Limit[] sides
function M.of(wanted, cold_bytes)
  local by_name, list = {}, {}
  local groups = { M.peaks((core.backend())) }
  if wanted.l2 or wanted.l3 or wanted.dram then groups[2] = M.memory(cold_bytes) end
  for _, group in ipairs(groups) do
    for _, side in ipairs(group) do
      if wanted[side.name] then
        by_name[side.name], list[#list + 1] = side, side
      end
    end
  end
  return by_name, list
end

--- Work a second, once it is measured.
---@param side vise.bench.Limit?
---@return number?
function M.rate(side)
  return side and side.work / side.seconds
end

return M
