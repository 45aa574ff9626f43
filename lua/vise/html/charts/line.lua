--- Line charts: one or more series over a number.

local frames = require "vise.html.charts.frame"
local legend = require "vise.html.charts.legend"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"
local scatter = require "vise.html.charts.scatter"

local M = {}

local h = markup.h
local at = frames.at

-- A line through the points, broken where one is not finite.
local function path(frame, points)
  local d, up = {}, true
  for _, p in ipairs(points) do
    if numbers.is_finite(p.x) and numbers.is_finite(p.y) then
      d[#d + 1] = ("%s%s %s"):format(up and "M" or "L", at(frame.x.map(p.x)), at(frame.y.map(p.y)))
      up = false
    else
      up = true
    end
  end
  return table.concat(d)
end

--- Draws lines with a marker at each point.
---@param series { points: { x: number, y: number, title?: string }[] }[]
---@param spec table  As frame.new takes, with title.
---@return vise.html.Node|false  false if no point can be drawn
function M.draw(series, spec)
  local xs, ys = {}, {}
  for _, one in ipairs(series) do
    for _, p in ipairs(one.points) do
      if numbers.is_finite(p.x) and numbers.is_finite(p.y) then xs[#xs + 1], ys[#ys + 1] = p.x, p.y end
    end
  end
  if #xs == 0 then return false end
  scatter.fit(spec.y, ys)
  scatter.fit(spec.x, xs)
  local frame, out = frames.new(spec), {}
  for i, one in ipairs(series) do
    local marks = {}
    for _, p in ipairs(one.points) do
      if numbers.is_finite(p.x) and numbers.is_finite(p.y) and #one.points <= 200 then
        marks[#marks + 1] = h.path { d = legend.marker(i, at(frame.x.map(p.x)), at(frame.y.map(p.y))),
          p.title and h.title { p.title } or false }
      end
    end
    out[i] = h.g { class = "line " .. legend.class(i), h.path { class = "stroke", d = path(frame, one.points) }, marks }
  end
  return frames.svg(frame, spec, out)
end

return M
