--- Scatter charts: points of several series, each with a tooltip and perhaps a link and a name beside it.

local frames = require "vise.html.charts.frame"
local legend = require "vise.html.charts.legend"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h
local at = frames.at

---@class vise.html.Point
---@field x number
---@field y number
---@field series? integer
---@field title string    What the tooltip says.
---@field href? string    A place on the page.
---@field label? string   Written beside the point.

-- Names stay inside the plot and off each other: one that has no room is left to the tooltip.
local function labels(frame, points)
  local out, taken = {}, {}
  for _, p in ipairs(points) do
    local x, y = p.label and frame.x.map(p.x), p.label and frame.y.map(p.y)
    local width = p.label and 6.3 * (utf8.len(p.label) or #p.label)
    local left = p.label and x + 9 + width > frame.right
    local free = p.label ~= nil
    for _, other in ipairs(free and taken or {}) do
      if math.abs(other.y - y) < 14 and math.abs(other.x - x) < 24 + math.max(width, other.width) then free = false end
    end
    if free then
      taken[#taken + 1] = { x = x, y = y, width = width }
      out[#out + 1] = h.text { class = "name", ["text-anchor"] = left and "end" or "start",
        x = at(left and x - 9 or x + 9), y = at(y + 4), p.label }
    end
  end
  return out
end

--- Draws points; those that are not finite, or have no logarithm where one is asked for, are left out.
---@param points vise.html.Point[]
---@param spec table  As frame.new takes, with title.
---@return vise.html.Node|false
---@return integer left_out
function M.draw(points, spec)
  local kept, xs, ys = {}, {}, {}
  for _, p in ipairs(points) do
    local fits = numbers.is_finite(p.x) and numbers.is_finite(p.y) and not (spec.y.log and p.y <= 0)
      and not (spec.x.log and p.x <= 0)
    if fits then
      kept[#kept + 1], xs[#xs + 1], ys[#ys + 1] = p, p.x, p.y
    end
  end
  local left_out = #points - #kept
  if #kept == 0 then return false, left_out end
  M.fit(spec.x, xs)
  M.fit(spec.y, ys)
  local frame = frames.new(spec)
  local marks = {}
  for i, p in ipairs(kept) do
    local x, y = at(frame.x.map(p.x)), at(frame.y.map(p.y))
    local mark = h.path { class = legend.class(p.series or 1), d = legend.marker(p.series or 1, x, y),
      h.title { p.title } }
    marks[i] = p.href and h.a { href = p.href, tabindex = "-1", mark } or mark
  end
  return frames.svg(frame, spec, { h.g { class = "points", marks }, labels(frame, kept) }), left_out
end

--- Gives an axis the range of what is drawn, and some air, where it has none of its own.
---@param axis vise.html.Axis
---@param values number[]
function M.fit(axis, values)
  local lo, hi = require("vise.html.charts.scale").range(values)
  if not lo then return end
  if axis.log then
    axis.lo, axis.hi = axis.lo or lo / 1.15, axis.hi or hi * 1.15
  else
    local air = (hi / 2 - lo / 2) * 0.1
    axis.lo, axis.hi = axis.lo or lo - air, axis.hi or hi + air
  end
end

return M
