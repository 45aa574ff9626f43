--- Runs side by side: rows for people, and which of them no other one beats.

local runs = require "vise.runs"
local text = require "vise.text"

local M = {}

--- A value for people; a word where it is none.
---@param value any
---@param unit? string
---@return string
function M.number(value, unit)
  if type(value) ~= "number" then return value == nil and "-" or tostring(value) end
  local shown = math.type(value) == "integer" and ("%d"):format(value) or ("%.4g"):format(value)
  return unit and shown .. " " .. unit or shown
end

--- Has the terminal too few columns for a run's id beside all that is said of it?
---@return boolean
function M.is_narrow()
  local here = require("vise.terminal").of "stdout"
  return here.fixed and here.columns < 110
end

--- What is compared of a run.
---@param record table
---@return { metric?: vise.Metric, bits?: number, bytes?: integer, seconds?: number }
function M.figures(record)
  local bits, bytes = runs.sizes(record)
  return { metric = runs.main_metric(record), bits = bits, bytes = bytes, seconds = record.seconds }
end

-- "inf" is a word in JSON and a number here.
local function value_of(metric)
  local value = tonumber(metric.value) or metric.value == "inf" and math.huge or metric.value == "-inf" and -math.huge
  return value and (metric.better == "lower" and -value or value)
end

-- Is `a` no worse than `b` in quality and size, and better in one?
local function beats(a, b)
  return a.value >= b.value and a.bytes <= b.bytes and (a.value > b.value or a.bytes < b.bytes)
end

--- Which of some figures no other one beats in both the metric and the bytes.
---@param list table[]  Of M.figures; false for a run without any.
---@return table<integer, true>  By index; empty where there are not two to compare.
function M.pareto(list)
  local points, best = {}, {}
  for i, f in ipairs(list) do
    local value = f and f.metric and value_of(f.metric)
    if value and f.bytes then
      points[#points + 1] = { index = i, value = value, bytes = f.bytes, name = f.metric.name }
    end
  end
  if #points < 2 then return best end
  for _, a in ipairs(points) do
    local beaten = a.name ~= points[1].name
    for _, b in ipairs(points) do beaten = beaten or beats(b, a) end
    if not beaten then best[a.index] = true end
  end
  return best
end

--- The cells of a run's figures: metric, bits, bytes, time.
---@param f table
---@param brief? boolean  Without the metric's unit.
---@return string[]
function M.cells(f, brief)
  local unit = f.metric and not brief and f.metric.unit or nil
  local metric = f.metric and ("%s %s"):format(f.metric.name, M.number(f.metric.value, unit)) or "-"
  return { metric, f.bits and ("%.2f"):format(f.bits) or "-", f.bytes and ("%d"):format(f.bytes) or "-",
    f.seconds and text.seconds(f.seconds) or "-" }
end

return M
