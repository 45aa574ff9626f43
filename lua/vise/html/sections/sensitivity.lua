--- Sensitivity: what quantizing one layer alone does to the model.

local bars = require "vise.html.charts.bars"
local blocks = require "vise.html.blocks"
local heatmap = require "vise.html.charts.heatmap"
local entries = require "vise.html.entries"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

local MOST_BARS = 30

-- Names in the order of their first row, and the value at each pair.
local function pivot(rows)
  local layers, types, value, seen = {}, {}, {}, { layer = {}, type = {} }
  local function place(list, field, name)
    if not seen[field][name] then
      list[#list + 1] = name
      seen[field][name] = #list
    end
    return seen[field][name]
  end
  for _, row in ipairs(rows) do
    local l = place(layers, "layer", tostring(row.layer or numbers.NONE))
    local t = place(types, "type", tostring(row.type or "value"))
    value[l] = value[l] or {}
    value[l][t] = row.value
  end
  return layers, types, value
end

local function ranked(layers, value, unit)
  local order = {}
  for i in ipairs(layers) do order[i] = i end
  table.sort(order, function(a, b)
    local x, y = entries.badness(value[a][1]), entries.badness(value[b][1])
    if x ~= y then return x > y end
    return a < b
  end)
  local rows = {}
  for i = 1, math.min(#order, MOST_BARS) do
    local l = order[i]
    rows[i] = { name = layers[l], parts = { { value = value[l][1], series = 2 } },
      note = ("%s %s"):format(numbers.short(value[l][1]), unit) }
  end
  return rows
end

--- Sensitivity as a map of layers and types, or as bars where there is one type.
---@param doc table
---@return vise.html.Section?
function M.section(doc)
  local rows = doc.sensitivity or {}
  if #rows == 0 then return nil end
  local layers, types, value = pivot(rows)
  local unit = tostring(rows[1].unit or "")
  local content
  if #types > 1 then
    content = heatmap.draw(layers, types, function(r, c) return value[r][c] end, { corner = "layer",
      format = numbers.short, caption = unit ~= "" and ("In %s; darker is worse."):format(unit) or "Darker is worse." })
  else
    local drawn = ranked(layers, value, unit)
    local chart = bars.draw(drawn, { title = "Sensitivity of the layers", width = 960, left = 330, right = 130,
      description = "The most sensitive first." })
    content = blocks.figure(chart, ("The %d most sensitive of %d layers."):format(#drawn, #layers))
  end
  return { id = "sensitivity", title = "Sensitivity", content = {
    h.p { class = "note", "What happens when one layer is quantized and the others stay float." }, content } }
end

return M
