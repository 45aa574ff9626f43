--- Reports: what a quantization did, as text and as data.

local core = require "vise.core"
local fail = require "vise.fail"
local groups = require "vise.report.groups"
local text = require "vise.text"

local M = {}

---@class vise.QuantizeReport
---@field quant_type string       Of the config; "several" for a pipeline of different ones.
---@field plan vise.Plan          Of the only model; a pipeline's are in `components`.
---@field layers vise.LayerReport[]
---@field components? table<string, vise.QuantizeReport>
---@field linear integer          Linear layers there are.
---@field candidates integer      Of them asked for.
---@field quantized integer
---@field skipped integer         The others: linear - quantized.
---@field observed integer        Layers whose input calibration or a file told about.
---@field disk_bytes integer      Of the tensors.
---@field file_bytes integer      Of the artefact's file.
---@field memory_bytes integer
---@field source_bytes integer
---@field bits_per_weight number
---@field seconds number
---@field peak_bytes integer      The most counted memory during the call, beyond what it began with.
local Report = {}
Report.__index = Report

local SUMS = { "linear", "candidates", "quantized", "skipped", "observed", "disk_bytes", "file_bytes",
  "memory_bytes", "source_bytes", "weights" }

local function single(target)
  local plan = target.plan
  local observed = 0
  for _, layer in ipairs(target.layers) do
    if layer.captured then observed = observed + 1 end
  end
  return setmetatable({ quant_type = target.cfg.quant_type, cfg = target.cfg, plan = plan, layers = target.layers,
    linear = #plan.layers, candidates = plan.candidates, quantized = plan.quantized, skipped = plan.skipped,
    observed = observed, disk_bytes = plan.disk_bytes, file_bytes = plan.file_bytes,
    memory_bytes = plan.memory_bytes, source_bytes = plan.source_bytes, weights = plan.weights,
    bits_per_weight = plan.bits_per_weight, saved_to = target.cfg.save_to }, Report)
end

--- Makes the report of targets that are done.
---@param targets vise.Target[]
---@param more table  seconds, calibration_seconds, peak_bytes, verbose
---@return vise.QuantizeReport
function M.new(targets, more)
  local whole
  if not targets[1].name then
    whole = single(targets[1])
  else
    whole = setmetatable({ components = {}, layers = {} }, Report)
    for _, field in ipairs(SUMS) do whole[field] = 0 end
    for _, t in ipairs(targets) do
      local own = single(t)
      own.seconds, own.peak_bytes = more.seconds, more.peak_bytes
      whole.components[t.name] = own
      for _, field in ipairs(SUMS) do whole[field] = whole[field] + own[field] end
      whole.quant_type = (not whole.quant_type or whole.quant_type == own.quant_type) and own.quant_type or "several"
    end
    whole.bits_per_weight = 8 * whole.disk_bytes / whole.weights
  end
  for key, value in pairs(more) do whole[key] = value end
  return whole
end

--- The summary as a box of text.
---@return string
function Report:text()
  return require("vise.report.summary").text(self)
end

Report.__tostring = Report.text

local function all_layers(report)
  if not report.components then return report.layers end
  local list = {}
  for name, own in pairs(report.components) do
    for _, layer in ipairs(own.layers) do
      local entry = { component = name }
      for key, value in pairs(layer) do entry[key] = value end
      list[#list + 1] = entry
    end
  end
  return list
end

--- The layers, the one with the largest error first.
---@param by? "output_error"|"weight_error"  Output error if not given.
---@return vise.LayerReport[]
function Report:worst(by)
  by = by or "output_error"
  if by ~= "output_error" and by ~= "weight_error" then
    fail.raise("E-CF-05", "worst takes \"output_error\" or \"weight_error\", got %s", tostring(by))
  end
  local all = all_layers(self)
  local list = table.move(all, 1, #all, 1, {})
  table.sort(list, function(a, b)
    if a[by] ~= b[by] then return a[by] > b[by] end
    return (a.component or "") .. a.name < (b.component or "") .. b.name
  end)
  return list
end

--- The layers as a table of text, the one with the largest error first.
---@param by? "output_error"|"weight_error"
---@param count? integer  How many; all if not given.
---@return string
function Report:layer_table(by, count)
  local rows, list = { { "layer", "type", "weight error", "output error", "measured on", "bytes" } }, self:worst(by)
  for i = 1, math.min(#list, count or #list) do
    local l = list[i]
    rows[i + 1] = { (l.component and l.component .. ": " or "") .. l.name, l.type, ("%12.5f"):format(l.weight_error),
      ("%12.5f"):format(l.output_error), l.output_of, l.disk_bytes }
  end
  return text.columns(rows)
end

--- The report as plain data, for JSON.
---@return table
function Report:plain()
  local out = { quant_type = self.quant_type, seconds = self.seconds, peak_bytes = self.peak_bytes,
    calibration_seconds = self.calibration_seconds, bits_per_weight = self.bits_per_weight }
  for _, field in ipairs(SUMS) do out[field] = self[field] end
  if self.components then
    out.components = {}
    for name, own in pairs(self.components) do out.components[name] = own:plain() end
    return out
  end
  out.regions, out.types = core.array(groups.regions(self.plan)), groups.types(self.layers)
  out.reasons = core.array(self.plan:reasons())
  out.patterns, out.overlaps = core.array(self.plan.patterns), core.array(self.plan.overlaps)
  out.layers, out.config = core.array {}, self.cfg:plain()
  for i, layer in ipairs(self.layers) do out.layers[i] = layer end
  out.float_layers = core.array {}
  for _, layer in ipairs(self.plan.layers) do
    if not layer.type then
      table.insert(out.float_layers, { name = layer.name, shape = core.array(layer.shape), reason = layer.reason })
    end
  end
  return out
end

--- Writes the report as one HTML file, which loads nothing and is readable without scripts.
---@param path string
---@param options? table  See vise.html.documents.of_report.
---@return true?
---@return string? message
---@return string? id
function Report:html(path, options)
  local document, message, id = fail.catch(require("vise.html.documents").of_report, self, options)
  if not document then return nil, message, id end
  return require("vise.html").write(path, document)
end

--- The report as JSON text.
---@return string
function Report:json()
  return assert(core.json_encode(self:plain(), 2)) .. "\n"
end

return M
