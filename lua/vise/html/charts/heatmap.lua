--- Heat maps: a value for each row and column, as a table whose cells are shaded, so that every number can
--- be read and every cell be found without seeing.

local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"
local scales = require "vise.html.charts.scale"

local M = {}

local h = markup.h

--- Draws the map.  Shades follow the logarithm of positive values, else the value.
---@param rows string[]
---@param columns string[]
---@param value fun(row: integer, column: integer): number?
---@param spec { corner: string, format: fun(v: any): string, caption?: string }
---@return vise.html.Node
function M.draw(rows, columns, value, spec)
  local all = {}
  for r = 1, #rows do
    for c = 1, #columns do
      local v = value(r, c)
      if numbers.is_finite(v) then all[#all + 1] = v end
    end
  end
  local lo, hi = scales.range(all)
  local scale = scales.new(lo, hi, { from = 0, to = 100, log = lo ~= nil and lo > 0 })
  local head, body = { h.th { scope = "col", spec.corner } }, {}
  for c, name in ipairs(columns) do head[c + 1] = h.th { scope = "col", class = "n", name } end
  for r, name in ipairs(rows) do
    local cells = { h.th { scope = "row", name } }
    for c = 1, #columns do
      local v = value(r, c)
      local shade = numbers.is_finite(v) and ("--heat:%.0f%%"):format(scale.map(v)) or false
      cells[c + 1] = h.td { class = "n heat", style = shade, v ~= nil and spec.format(v) or numbers.NONE }
    end
    body[r] = h.tr { cells }
  end
  return h.div { class = "wrap", h.table { class = "plain", spec.caption and h.caption { spec.caption } or false,
    h.thead { h.tr { head } }, h.tbody { body } } }
end

return M
