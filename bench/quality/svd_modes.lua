-- Time of the decomposition by calibrate_precision, and how much of the weight the branch misses:
-- rank 32 of the spectral-decay weight, 1024 x 1024 and 2048 x 2048.

package.path = "tests/?.lua;bench/quality/?.lua;" .. package.path

local record = require "record"
local spectral = require "spectral"
local vise = require "vise"

local RANK = 32

local function measure(weight, precision)
  local started = vise.machine.clock()
  local up, down = vise.algorithms.low_rank.factors(weight, { rank = RANK, storage = "bf16", precision = precision,
    seed = 0 })
  local seconds = vise.machine.clock() - started
  local rest = weight:sub(vise.algorithms.low_rank.product(up, down))
  return seconds, rest:norm() / weight:norm()
end

local tables = {}
for _, size in ipairs { 1024, 2048 } do
  local weight = spectral.weight { rows = size, cols = size }
  local rows, slowest = { { "mode", "seconds", "times faster", "tail" } }, nil
  local found = {}
  for _, precision in ipairs { "high", "medium", "low" } do
    local seconds, tail = measure(weight, precision)
    slowest = slowest or seconds
    found[precision] = { precision, ("%.2f"):format(seconds), ("%.1f"):format(slowest / seconds),
      ("%.6f"):format(tail) }
  end
  for _, precision in ipairs { "low", "medium", "high" } do rows[#rows + 1] = found[precision] end
  tables[#tables + 1] = { title = ("%d x %d, rank %d"):format(size, size, RANK), rows = rows }
end
record.show("svd_modes", tables)
