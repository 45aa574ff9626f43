--- The layers of a report as bars of their error.

local bars = require "vise.plot.bars"
local fail = require "vise.fail"
local histogram = require "vise.plot.histogram"
local options_of = require "vise.plot.options"

local M = {}

local MOST, FEW = 20, 8 -- layers shown; fewer of them need no histogram

-- The layers of a report, of its plain form, or of a pipeline's components.
local function layers_of(report)
  if type(report) ~= "table" then
    fail.raise("E-TN-14", "plot.layers takes the report of vise.quantize, got a %s", type(report))
  end
  local list, names = {}, {}
  for name in pairs(report.components or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    for _, layer in ipairs(report.components[name].layers or {}) do list[#list + 1] = { layer, name .. ": " } end
  end
  if #names == 0 then
    for i, layer in ipairs(report.layers or {}) do list[i] = { layer, "" } end
  end
  return list
end

--- The error of each layer, the worst first.
---@param report vise.QuantizeReport|table  Or what report:plain() gives.
---@param options? vise.PlotOptions|table  by = "output_error" or "weight_error"; most = 20 layers; in_order
---@return string
function M.layers(report, options)
  local own = options_of.check("layers", options, { by = { "choice", "output_error", "weight_error" },
    most = { "integer", 1, 100000 }, in_order = { "boolean" }, log = { "boolean" } })
  local by, rows = own.by or "output_error", {}
  for _, entry in ipairs(layers_of(report)) do
    local value = entry[1][by]
    if type(value) == "number" then rows[#rows + 1] = { entry[2] .. entry[1].name, value } end
  end
  if not own.in_order then
    table.sort(rows, function(a, b)
      if a[2] ~= b[2] then return a[2] > b[2] end
      return a[1] < b[1]
    end)
  end
  return bars.bars(rows, { width = own.width, unicode = own.unicode, colour = own.colour, log = own.log,
    title = own.title or (by == "output_error" and "output error" or "weight error"), most = own.most or MOST })
end

--- What a verbose report ends with: how the layers' errors lie, and the worst layers.  Without colours,
--- for it goes into logs too.
---@param report vise.QuantizeReport|table
---@return string
function M.summary(report)
  local errors = {}
  for i, entry in ipairs(layers_of(report)) do errors[i] = entry[1].output_error end
  if #errors == 0 then return "" end
  local width = 78
  local shown = M.layers(report, { width = width, colour = 0, most = 10, title = "worst layers, by output error" })
  if #errors < FEW then return shown end
  return histogram.histogram(errors, { width = width, height = 5, colour = 0, title = "output errors of the layers" })
    .. "\n" .. shown
end

return M
