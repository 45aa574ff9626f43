--- Errors layer by layer: over the depth of the model, and as a table in any order.

local blocks = require "vise.html.blocks"
local entries = require "vise.html.entries"
local legend = require "vise.html.charts.legend"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"
local scatter = require "vise.html.charts.scatter"

local M = {}

local h = markup.h

local NAMED = 3 -- of the worst layers have their names in the chart

-- The kinds of layers by how many there are; those beyond what can be told apart are "others".
local function kinds_of(layers)
  local count, names = {}, {}
  for _, layer in ipairs(layers) do
    if not count[layer.kind] then names[#names + 1] = layer.kind end
    count[layer.kind] = (count[layer.kind] or 0) + 1
  end
  local first = {}
  for i, name in ipairs(names) do first[name] = i end
  table.sort(names, function(a, b)
    if count[a] ~= count[b] then return count[a] > count[b] end
    return first[a] < first[b]
  end)
  local place, shown = {}, {}
  for i, name in ipairs(names) do
    local own = #names <= legend.COUNT or i < legend.COUNT
    place[name] = own and i or legend.COUNT
    shown[place[name]] = own and name or "others"
  end
  return place, shown
end

-- A tick where each block begins, at most 16 of them.
local function block_ticks(layers)
  local starts, last = {}, nil
  for i, layer in ipairs(layers) do
    if layer.block and layer.block ~= last then
      last = layer.block
      starts[#starts + 1] = { at = i, label = last:match "%d+$" }
    end
  end
  if #starts < 2 then return nil end
  local ticks, stride = {}, (#starts + 15) // 16
  for i = 1, #starts, stride do ticks[#ticks + 1] = starts[i] end
  return ticks
end

--- Output error over depth.
---@param entry vise.html.Entry
---@return any
function M.depth(entry)
  local layers = entry.layers
  local place, kinds = kinds_of(layers)
  local named, points, errors = {}, {}, {}
  for i = 1, math.min(NAMED, #layers) do named[entry.worst[i]] = true end
  for i, layer in ipairs(layers) do
    errors[i] = layer.output_error
    points[i] = { x = i, y = layer.output_error, series = place[layer.kind], href = "#" .. layer.id,
      label = named[layer] and layer.name or nil, title = ("%s: %s, %s"):format(layer.name,
        numbers.percent(layer.output_error), layer.type) }
  end
  -- Named last, and so above the others.
  table.sort(points, function(a, b)
    if (a.label ~= nil) ~= (b.label ~= nil) then return b.label ~= nil end
    return a.x < b.x
  end)
  local lo, hi = require("vise.html.charts.scale").range(errors)
  local log = lo and lo > 0 and hi / lo > 30
  local ticks = block_ticks(layers)
  local chart, left_out = scatter.draw(points, { width = 960, height = 300, title = "Output error over depth",
    description = ("%d layers in the model's order; the table below has every value."):format(#layers),
    x = { label = ticks and "block" or "layer", ticks = ticks, lo = 0.5, hi = #layers + 0.5, grid = ticks ~= nil },
    y = { label = "output error", log = log, lo = not log and 0 or nil, format = numbers.percent_tick } })
  if not chart then return false end
  return h.figure { #kinds > 1 and legend.list(kinds) or false, h.div { class = "plot", chart },
    h.figcaption { "Relative error (L2) of what each layer gives, in the model's order",
      log and ", on a logarithmic scale" or "",
      left_out > 0 and (". %d layers have none to draw"):format(left_out) or "", "." } }
end

local ORDERS = {
  { "output error", "output_error" }, { "weight error", "weight_error" }, { "bits", "bits" }, { "size", "bytes" },
  { "model order" },
}
local LETTERS = { "a", "b", "c", "d", "e" }

-- Where each layer stands in each order: the style property that the style sheet sorts rows by.
local function orders_of(layers)
  local style = {}
  for o, order in ipairs(ORDERS) do
    local sorted = order[2] and entries.sorted(layers, order[2]) or layers
    for i, layer in ipairs(sorted) do
      style[layer] = (style[layer] or "") .. ("--%s:%d;"):format(LETTERS[o], i)
    end
  end
  return style
end

local function rows_of(entry)
  local style, worst, rows = orders_of(entry.layers), 0, {}
  for _, layer in ipairs(entry.layers) do
    if numbers.is_finite(layer.output_error) then worst = math.max(worst, layer.output_error) end
  end
  for i, layer in ipairs(entry.worst) do
    local share = worst > 0 and numbers.is_finite(layer.output_error) and math.max(0, layer.output_error / worst) or 0
    rows[i] = h.tr { id = layer.id, style = style[layer], ["data-name"] = true,
      h.th { scope = "row", layer.name }, h.td { layer.type }, h.td { class = "n", numbers.shape(layer.shape) },
      h.td { class = "n", numbers.fixed(layer.bits) }, h.td { class = "n", numbers.bytes(layer.bytes) },
      h.td { class = "n", numbers.percent(layer.weight_error) },
      h.td { class = "n share", style = ("--share:%.0f%%"):format(100 * share), numbers.percent(layer.output_error) },
      h.td { layer.output_of or "" } }
    rows[i] = { rows[i], markup.BREAK }
  end
  return rows
end

--- The layers as a table that is sorted without a script: a radio button for each order.
---@param entry vise.html.Entry
---@return vise.html.Node
function M.table(entry)
  local radios, labels = {}, {}
  for i, order in ipairs(ORDERS) do
    local id = ("%s-by-%d"):format(entry.id, i)
    radios[i] = h.input { type = "radio", class = "by" .. i, id = id, name = entry.id .. "-order", checked = i == 1 }
    labels[i] = h.label { class = "to" .. i, ["for"] = id, order[1] }
  end
  local head = {}
  for i, name in ipairs { "layer", "type", "shape", "bits", "size", "weight error", "output error", "measured on" } do
    head[i] = h.th { scope = "col", class = i >= 3 and i <= 7 and "n" or false, name }
  end
  local area = entry.id .. "-rows"
  return h.div { class = "sortable", radios, h.div { class = "orders", h.span { "Order by" }, labels },
    blocks.search(area, "layers"),
    h.div { class = "wrap", tabindex = "0", h.table { h.thead { h.tr { head } }, markup.BREAK,
      h.tbody { id = area, rows_of(entry) } } } }
end

--- Per-layer errors.
---@param _ table
---@param list vise.html.Entry[]
---@return vise.html.Section?
function M.section(_, list)
  local content = {}
  for _, entry in ipairs(list) do
    if #entry.layers > 0 then
      local one = { M.depth(entry), M.table(entry) }
      content[#content + 1] = #list == 1 and { h.div { id = entry.id, one } }
        or h.div { id = entry.id, h.h3 { entry.label }, one }
    end
  end
  if #content == 0 then return nil end
  return { id = "layers", title = "Layers", content = content }
end

return M
