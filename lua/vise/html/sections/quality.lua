--- What was measured: the last value of every metric, and those over steps as lines.

local blocks = require "vise.html.blocks"
local legend = require "vise.html.charts.legend"
local line = require "vise.html.charts.line"
local markup = require "vise.html.markup"
local metrics = require "vise.html.metrics"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

local ARROWS = { higher = "↑ higher is better", lower = "↓ lower is better" }

local function target_cell(metric)
  local met = metrics.met(metric)
  if met == nil then return metric.target ~= nil and numbers.short(metric.target) or "" end
  return h.span { class = met and "good" or "bad", metrics.words(metric) }
end

--- The last value of every metric against its target.
---@param doc table
---@return vise.html.Section?
function M.table(doc)
  local rows = {}
  for i, metric in ipairs(metrics.latest(doc.metrics)) do
    rows[i] = { tostring(metric.name), numbers.short(metric.value), tostring(metric.unit or ""),
      metric.stderr ~= nil and "± " .. numbers.short(metric.stderr) or "", ARROWS[metric.better] or "",
      target_cell(metric) }
  end
  if #rows == 0 then return nil end
  return { id = "quality", title = "Quality", content = blocks.table({ { "metric" }, { "value", n = true }, { "unit" },
    { "± stderr", n = true }, { "direction" }, { "target" } }, rows) }
end

-- The metrics with steps: a list of series for each unit, since one axis has one unit.
local function by_unit(list)
  local order, units = {}, {}
  for _, metric in ipairs(list or {}) do
    if numbers.is_finite(metric.step) then
      local unit, name = tostring(metric.unit or ""), tostring(metric.name)
      if not units[unit] then
        units[unit] = { names = {}, series = {}, place = {} }
        order[#order + 1] = unit
      end
      local group = units[unit]
      if not group.place[name] then
        group.names[#group.names + 1], group.series[#group.series + 1] = name, { points = {} }
        group.place[name] = #group.names
      end
      local points = group.series[group.place[name]].points
      points[#points + 1] = { x = metric.step, y = metric.value,
        title = ("%s at %s: %s"):format(name, numbers.short(metric.step), metrics.value(metric)) }
    end
  end
  return order, units
end

--- Metrics over steps.
---@param doc table
---@return vise.html.Section?
function M.steps(doc)
  local order, units = by_unit(doc.metrics)
  local charts = {}
  for _, unit in ipairs(order) do
    local group = units[unit]
    for _, one in ipairs(group.series) do table.sort(one.points, function(a, b) return a.x < b.x end) end
    local title = table.concat(group.names, ", ", 1, math.min(#group.names, 4))
    local chart = line.draw(group.series, { width = 960, height = 260, title = title .. " over steps",
      description = ("%d series over the steps of the run."):format(#group.names),
      x = { label = "step" }, y = { label = unit ~= "" and unit or "value" } })
    if chart then
      charts[#charts + 1] = h.figure { legend.list(group.names), h.div { class = "plot", chart } }
    end
  end
  if #charts == 0 then return nil end
  return { id = "steps", title = "Metrics over steps", content = charts }
end

return M
