--- What was decided before anything was touched, and what it takes on disk and in memory.

local bars = require "vise.html.charts.bars"
local blocks = require "vise.html.blocks"
local entries = require "vise.html.entries"
local legend = require "vise.html.charts.legend"
local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

-- Layers left float, in one fold for each reason.
local function left_float(report)
  local order, names = {}, {}
  for _, layer in ipairs(report.float_layers or {}) do
    local reason = tostring(layer.reason)
    if not names[reason] then
      names[reason], order[#order + 1] = {}, reason
    end
    table.insert(names[reason], h.li { h.code { tostring(layer.name) }, " ", numbers.shape(layer.shape) })
  end
  local out = {}
  for i, reason in ipairs(order) do
    out[i] = blocks.fold(("%d left float: %s"):format(#names[reason], reason), h.ul { names[reason] })
  end
  if #order > 0 then return out end
  for i, r in ipairs(report.reasons or {}) do
    out[i] = h.p { ("%s left float: %s"):format(numbers.integer(r.layers), tostring(r.reason)) }
  end
  return out
end

local function rules(report)
  local rows = {}
  for _, p in ipairs(report.patterns or {}) do
    rows[#rows + 1] = { tostring(p.where), h.code { tostring(p.pattern) }, numbers.integer(p.matched) }
  end
  for _, o in ipairs(report.overlaps or {}) do
    rows[#rows + 1] = { tostring(o.loser), ("gives way to %s, first on %s"):format(tostring(o.winner),
      tostring(o.example)), numbers.integer(o.layers) }
  end
  if #rows == 0 then return false end
  return blocks.table({ { "rule" }, { "pattern" }, { "layers", n = true } }, rows)
end

local function one(entry, several)
  local r, facts = entry.report, {}
  local function add(name, value)
    if value then facts[#facts + 1] = { name, value } end
  end
  local types = {}
  for i, t in ipairs(r.types or {}) do types[i] = ("%s (%s)"):format(tostring(t.type), numbers.integer(t.layers)) end
  add("types", #types > 0 and table.concat(types, ", "))
  local regions = {}
  for i, region in ipairs(r.regions or {}) do regions[i] = tostring(region) end
  add("regions", #regions > 0 and table.concat(regions, ", "))
  add("quantized", r.quantized and ("%s of %s asked for"):format(numbers.integer(r.quantized),
    numbers.integer(r.candidates or r.quantized)))
  add("left float", r.skipped and ("%s of %s linear layers"):format(numbers.integer(r.skipped),
    numbers.integer(r.linear)))
  add("observed", r.observed and ("the input of %s layers"):format(numbers.integer(r.observed)))
  return { several and h.h3 { entry.label } or false, blocks.facts(facts), rules(r), left_float(r) }
end

--- Each layer's type or the reason why it has none, and the rules that decided it.
---@param _ table
---@param list vise.html.Entry[]
---@return vise.html.Section?
function M.plan(_, list)
  local content = {}
  for i, entry in ipairs(list) do content[i] = one(entry, #list > 1) end
  if #content == 0 then return nil end
  return { id = "plan", title = "Plan", content = content }
end

local function size_rows(list)
  local rows = {}
  for i, e in ipairs(list) do
    local r = e.report
    rows[i] = { e.label, numbers.bytes(r.source_bytes), numbers.bytes(r.file_bytes), numbers.fixed(entries.ratio(r)),
      numbers.fixed(r.bits_per_weight), numbers.bytes(r.memory_bytes), numbers.bytes(r.peak_bytes),
      numbers.seconds(r.seconds) }
  end
  return rows
end

-- The bars: each source once, and each artefact.
local function size_bars(list)
  local drawn, source = {}, nil
  for _, e in ipairs(list) do
    local r = e.report
    if numbers.is_finite(r.source_bytes) and numbers.is_finite(r.file_bytes) then
      if source ~= r.source_bytes then
        source = r.source_bytes
        drawn[#drawn + 1] = { name = #list > 1 and "source" or "before",
          parts = { { value = source, series = legend.COUNT } }, note = numbers.bytes(source) }
      end
      drawn[#drawn + 1] = { name = #list > 1 and e.label or "after", parts = { { value = r.file_bytes, series = 1 } },
        note = ("%s, %s bits"):format(numbers.bytes(r.file_bytes), numbers.fixed(r.bits_per_weight)) }
    end
  end
  return drawn
end

--- Sizes and times.
---@param _ table
---@param list vise.html.Entry[]
---@return vise.html.Section?
function M.sizes(_, list)
  local drawn = size_bars(list)
  if #drawn == 0 then return nil end
  local chart = bars.draw(drawn, { title = "Bytes of the quantized layers before and after",
    description = "A bar for the float source and one for each artefact.", width = 960, left = 190, right = 170 })
  return { id = "sizes", title = "Sizes", content = {
    h.p { class = "note", "The layers that were quantized, with scales, factors, smoothing and bias." },
    blocks.figure(chart),
    blocks.table({ { "model" }, { "before", n = true }, { "after", n = true }, { "ratio", n = true },
      { "bits a weight", n = true }, { "in memory", n = true }, { "peak while made", n = true }, { "time", n = true } },
      size_rows(list)) } }
end

return M
