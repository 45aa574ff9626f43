--- The top of the page: what was done, whether it is good enough, and where it is worst.

local blocks = require "vise.html.blocks"
local entries = require "vise.html.entries"
local scatter = require "vise.html.charts.scatter"
local markup = require "vise.html.markup"
local metrics = require "vise.html.metrics"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

-- The layer that changes most among all entries.
local function worst_of(list)
  local layer, entry
  for _, e in ipairs(list) do
    local first = e.worst[1]
    if first and first.output_error ~= nil
      and (not layer or entries.badness(first.output_error) > entries.badness(layer.output_error)) then
      layer, entry = first, e
    end
  end
  return layer, entry
end

local function size_sentence(list)
  if #list == 1 then
    local r = list[1].report
    local ratio = entries.ratio(r)
    if not numbers.is_finite(r.bits_per_weight) then return nil end
    return ("%s bits a weight%s."):format(numbers.fixed(r.bits_per_weight),
      ratio and (", %s× smaller than the source"):format(numbers.fixed(ratio)) or "")
  end
  local lo, hi
  for _, e in ipairs(list) do
    local b = e.report.bits_per_weight
    if numbers.is_finite(b) then lo, hi = math.min(lo or b, b), math.max(hi or b, b) end
  end
  if not lo then return nil end
  return ("%d models, %s to %s bits a weight."):format(#list, numbers.fixed(lo), numbers.fixed(hi))
end

local function verdict(doc, list)
  local compared = doc.comparison and require("vise.html.sections.comparison").sentence(doc.comparison)
  local words = { compared or metrics.verdict(doc.metrics) or false }
  local size = size_sentence(list)
  if size then words[#words + 1] = { " ", size } end
  local layer, entry = worst_of(list)
  if layer then
    words[#words + 1] = { " The output of ", h.a { href = "#" .. layer.id, h.code { layer.name } },
      (" changes most%s: by %s."):format(#list > 1 and (", in %s"):format(entry.label) or "",
        numbers.percent(layer.output_error)) }
  end
  return (compared or #words > 1 or words[1]) and h.p { class = "verdict", words }
end

local function tile(name, value, more, class)
  return h.li { h.div { class = "name", name }, h.div { class = "value " .. (class or ""), value },
    more and h.div { class = "more", more } or false }
end

local function single_tiles(entry)
  local r, out = entry.report, {}
  out[1] = tile("type", tostring(r.quant_type or numbers.NONE), r.quantized and ("%s of %s linear layers"):format(
    numbers.integer(r.quantized), numbers.integer(r.linear)), "word")
  if r.bits_per_weight then
    out[#out + 1] = tile("bits a weight", numbers.fixed(r.bits_per_weight), "stored, everything counted")
  end
  if r.file_bytes then
    out[#out + 1] = tile("size of these layers", numbers.bytes(r.file_bytes),
      ("was %s"):format(numbers.bytes(r.source_bytes)))
  end
  local layer, mean = entry.worst[1], entries.mean(entry.layers, "output_error")
  if mean then
    out[#out + 1] = tile("output error, mean", numbers.percent(mean), layer and layer.output_error ~= nil
      and ("worst %s"):format(numbers.percent(layer.output_error)))
  end
  return out
end

local function tiles(doc, list)
  local out = #list == 1 and single_tiles(list[1]) or {}
  for i, metric in ipairs(metrics.latest(doc.metrics)) do
    if i > 4 then break end
    local met = metrics.met(metric)
    out[#out + 1] = tile(metric.name, metrics.value(metric), met ~= nil and h.span { class = met and "good" or "bad",
      metrics.words(metric) } or metric.unit and "" or false)
  end
  return #out > 0 and h.ul { class = "tiles", out } or false
end

local function run_line(doc)
  local run, words = doc.run or {}, { "vise " .. (doc.kind or "report") }
  if run.id then words[#words + 1] = tostring(run.id) end
  if run.recipe then words[#words + 1] = ("%s %s"):format(tostring(run.recipe), tostring(run.version or "")) end
  if run.started then words[#words + 1] = tostring(run.started) end
  if numbers.is_finite(run.seconds) then words[#words + 1] = numbers.seconds(run.seconds) end
  if run.status ~= nil and run.status ~= "ok" and run.status ~= 0 then
    words[#words + 1] = "status " .. tostring(run.status)
  end
  return table.concat(words, " · ")
end

--- The header of a page.
---@param doc table
---@param list vise.html.Entry[]
---@return any
function M.header(doc, list)
  return { h.p { class = "eyebrow", run_line(doc) }, h.h1 { doc.title or "vise" }, verdict(doc, list),
    tiles(doc, list) }
end

local function bits_chart(list)
  local points = {}
  for _, e in ipairs(list) do
    points[#points + 1] = { x = e.report.bits_per_weight, y = entries.mean(e.layers, "output_error"), label = e.label,
      title = ("%s: %s bits a weight, mean output error %s"):format(e.label, numbers.fixed(e.report.bits_per_weight),
        numbers.percent(entries.mean(e.layers, "output_error"))) }
  end
  local chart = scatter.draw(points, { width = 960, height = 280, title = "Bits a weight against the mean output error",
    description = "One point for each quantized model; further left is smaller, further down is closer to float.",
    x = { label = "bits a weight" }, y = { label = "mean output error", log = true, format = numbers.percent_tick } })
  return chart and blocks.figure(chart, "Further left is smaller, further down is closer to float.")
end

--- Several quantized models side by side.
---@param _ table
---@param list vise.html.Entry[]
---@return vise.html.Section?
function M.models(_, list)
  if #list < 2 then return nil end
  local rows = {}
  for i, e in ipairs(list) do
    local r, worst = e.report, e.worst[1]
    rows[i] = { h.a { href = "#" .. e.id, e.label }, numbers.integer(r.quantized), numbers.integer(r.skipped),
      numbers.fixed(r.bits_per_weight), numbers.bytes(r.file_bytes), numbers.fixed(entries.ratio(r)),
      numbers.percent(entries.mean(e.layers, "output_error")),
      worst and numbers.percent(worst.output_error) or numbers.NONE, worst and worst.name or "" }
  end
  return { id = "models", title = "Models", content = { blocks.table({ { "model" }, { "layers", n = true },
    { "left float", n = true }, { "bits", n = true }, { "size", n = true }, { "ratio", n = true },
    { "mean error", n = true }, { "worst", n = true }, { "in layer" } }, rows), bits_chart(list) } }
end

return M
