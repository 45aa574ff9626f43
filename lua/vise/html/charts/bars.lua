--- Bars: named values, one below the other.

local frames = require "vise.html.charts.frame"
local legend = require "vise.html.charts.legend"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h
local at = frames.at

local ROW, GAP = 26, 8

--- Draws bars from 0; each may be made of several parts.
---@param rows { name: string, parts: { value: number, series?: integer, title?: string }[], note?: string }[]
---@param spec { title: string, description?: string, width: integer, left?: integer, right?: integer }
---@return vise.html.Node|false
function M.draw(rows, spec)
  local most, sums = 0, {}
  for i, row in ipairs(rows) do
    sums[i] = 0
    for _, part in ipairs(row.parts) do
      if numbers.is_finite(part.value) and part.value > 0 then sums[i] = sums[i] + part.value end
    end
    most = math.max(most, sums[i])
  end
  if #rows == 0 then return false end
  local left, right = spec.left or 150, spec.right or 120
  local length = spec.width - left - right
  local out = {}
  for i, row in ipairs(rows) do
    local x, y = left, (i - 1) * (ROW + GAP) + GAP
    out[#out + 1] = h.text { class = "row", ["text-anchor"] = "end", x = at(left - 10), y = at(y + ROW / 2 + 4),
      row.name }
    for p, part in ipairs(row.parts) do
      if numbers.is_finite(part.value) and part.value > 0 then
        local width = most > 0 and part.value / most * length or 0
        out[#out + 1] = h.rect { class = "bar " .. legend.class(part.series or p), x = at(x), y = at(y),
          width = at(width), height = ROW, part.title and h.title { part.title } or false }
        x = x + width
      end
    end
    if row.note then out[#out + 1] = h.text { class = "row", x = at(x + 8), y = at(y + ROW / 2 + 4), row.note } end
  end
  local chart = { width = spec.width, height = #rows * (ROW + GAP) + GAP, title = spec.title,
    description = spec.description, class = "bars" }
  return frames.picture(chart, out)
end

return M
