--- The frame of a chart: an inline SVG with a title and a description for screen readers, axes, ticks
--- and a place for what is drawn.

local markup = require "vise.html.markup"
local scales = require "vise.html.charts.scale"

local M = {}

local h = markup.h

-- Around the plot.
local LEFT, RIGHT, TOP, BOTTOM = 58, 14, 12, 38

---@class vise.html.Axis
---@field lo? number
---@field hi? number
---@field log? boolean
---@field label? string
---@field ticks? integer|{ at: number, label: string }[]   How many, or which.
---@field format? fun(v: number): string
---@field grid? boolean

---@class vise.html.Frame
---@field x vise.html.Scale
---@field y vise.html.Scale
---@field left number
---@field right number
---@field top number
---@field bottom number

--- A coordinate: one decimal is a tenth of a pixel.
---@param v number
---@return string
function M.at(v)
  return (("%.1f"):format(v):gsub("%.0$", ""):gsub("^%-0$", "0"))
end

local at = M.at

local function axis_scale(axis, from, to)
  local fixed = type(axis.ticks) == "table" and axis.ticks
  local scale = scales.new(axis.lo, axis.hi, { from = from, to = to, log = axis.log, format = axis.format,
    ticks = not fixed and axis.ticks or nil })
  if fixed then scale.ticks = fixed end
  return scale
end

--- Measures a chart: its scales and the corners of the plot.
---@param spec { width: number, height: number, x: vise.html.Axis, y: vise.html.Axis }
---@return vise.html.Frame
function M.new(spec)
  local left, right = spec.left or LEFT, spec.width - (spec.right or RIGHT)
  local top, bottom = spec.top or TOP, spec.height - (spec.x.label and BOTTOM or BOTTOM - 14)
  return { left = left, right = right, top = top, bottom = bottom,
    x = axis_scale(spec.x, left, right), y = axis_scale(spec.y, bottom, top) }
end

local function axes(frame, spec)
  local out = {}
  for _, tick in ipairs(frame.y.ticks) do
    local y = frame.y.map(tick.at)
    out[#out + 1] = h.line { class = "grid", x1 = at(frame.left), x2 = at(frame.right), y1 = at(y), y2 = at(y) }
    out[#out + 1] = h.text { class = "tick", ["text-anchor"] = "end", x = at(frame.left - 8), y = at(y + 4),
      tick.label }
  end
  for _, tick in ipairs(frame.x.ticks) do
    local x = frame.x.map(tick.at)
    out[#out + 1] = h.line { class = spec.x.grid and "grid" or "mark", x1 = at(x), x2 = at(x),
      y1 = at(spec.x.grid and frame.top or frame.bottom), y2 = at(frame.bottom + 4) }
    out[#out + 1] = h.text { class = "tick", ["text-anchor"] = "middle", x = at(x), y = at(frame.bottom + 17),
      tick.label }
  end
  out[#out + 1] = h.line { class = "axis", x1 = at(frame.left), x2 = at(frame.right), y1 = at(frame.bottom),
    y2 = at(frame.bottom) }
  if spec.x.label then
    out[#out + 1] = h.text { class = "label", ["text-anchor"] = "middle", x = at((frame.left + frame.right) / 2),
      y = at(spec.height - 5), spec.x.label }
  end
  if spec.y.label then
    local y = (frame.top + frame.bottom) / 2
    out[#out + 1] = h.text { class = "label", ["text-anchor"] = "middle", x = "13", y = at(y),
      transform = ("rotate(-90 13 %s)"):format(at(y)), spec.y.label }
  end
  return out
end

--- A picture without axes.
---@param spec { width: number, height: number, title: string, description?: string, class?: string }
---@param content any
---@return vise.html.Node
function M.picture(spec, content)
  return h.svg { class = "chart " .. (spec.class or ""), viewBox = ("0 0 %d %d"):format(spec.width, spec.height),
    width = spec.width, height = spec.height, role = "img", ["aria-label"] = spec.title,
    h.title { spec.title }, spec.description and h.desc { spec.description } or false, content }
end

--- The chart: axes, and `content` over them.
---@param frame vise.html.Frame
---@param spec table  As given to `new`, with `title` and perhaps `description` and `class`.
---@param content any
---@return vise.html.Node
function M.svg(frame, spec, content)
  return M.picture(spec, { axes(frame, spec), content })
end

return M
