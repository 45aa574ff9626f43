--- Histograms: one or two on the same bins, the first filled, the second a line.

local frames = require "vise.html.charts.frame"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h
local at = frames.at

local function usable(hist)
  return type(hist) == "table" and type(hist.counts) == "table" and #hist.counts > 0
    and numbers.is_finite(hist.lo) and numbers.is_finite(hist.hi) and hist.lo < hist.hi
end

local function count(v)
  return numbers.is_finite(v) and v > 0 and v or 0
end

local function most(list)
  local top = 0
  for _, hist in ipairs(list) do
    for i = 1, #hist.counts do top = math.max(top, count(hist.counts[i])) end
  end
  return top
end

-- The outline of the bins as steps, from the left end of the axis to the right.
local function steps(frame, hist, base, floor)
  local n, d = #hist.counts, {}
  local width = (hist.hi - hist.lo) / n
  d[1] = ("M%s %s"):format(at(frame.x.map(hist.lo)), at(base))
  for i = 1, n do
    local c = count(hist.counts[i])
    d[#d + 1] = ("V%sH%s"):format(at(c > floor and frame.y.map(c) or base), at(frame.x.map(hist.lo + i * width)))
  end
  d[#d + 1] = "V" .. at(base)
  return table.concat(d)
end

--- A histogram, or two over each other.  The counts are drawn as their logarithms if `log` is set, from a
--- half up, so that a bin of one element can be seen.
---@param list { hist: table, class: string }[]
---@param spec { title: string, description?: string, width: integer, height: integer, label?: string, log?: boolean,
---  class?: string }
---@return vise.html.Node|false  false if there is nothing to draw
function M.draw(list, spec)
  local drawn, lo, hi = {}, math.huge, -math.huge
  for _, item in ipairs(list) do
    if usable(item.hist) then
      drawn[#drawn + 1] = item
      lo, hi = math.min(lo, item.hist.lo), math.max(hi, item.hist.hi)
    end
  end
  if #drawn == 0 then return false end
  local hists = {}
  for i, item in ipairs(drawn) do hists[i] = item.hist end
  local top, floor = math.max(1, most(hists)), spec.log and 0.5 or 0
  local chart = { width = spec.width, height = spec.height, class = spec.class, title = spec.title,
    description = spec.description, left = 42, right = 8, top = 8,
    x = { lo = lo, hi = hi, label = spec.label, ticks = 5 },
    y = { lo = floor, hi = spec.log and math.max(top, 2) or top, log = spec.log, ticks = 3 } }
  local frame = frames.new(chart)
  local paths = {}
  for i, item in ipairs(drawn) do
    paths[i] = h.path { class = item.class, d = steps(frame, item.hist, frame.bottom, floor) }
  end
  return frames.svg(frame, chart, paths)
end

--- How many elements a histogram leaves out, in words; nil if none.
---@param hist table
---@return string?
function M.left_out(hist)
  local words = {}
  for _, field in ipairs { "below", "above", "nan" } do
    local n = type(hist) == "table" and count(hist[field]) or 0
    if n > 0 then words[#words + 1] = ("%s %s"):format(numbers.integer(n), field == "nan" and "NaN" or field) end
  end
  return #words > 0 and table.concat(words, ", ") or nil
end

return M
