--- Reports: what a quantization did, as text and as data.

local config_fields = require "vise.config_fields"
local core = require "vise.core"
local fail = require "vise.fail"
local methods = require "vise.algorithms.methods"
local shared_inputs = require "vise.shared_inputs"
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

-- The names of the blocks that hold quantized layers: "transformer_blocks.0-5".
local function regions_of(plan)
  local order, blocks, rest = {}, {}, 0
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      local prefix, index = layer.name:match "^(.-)%.(%d+)%."
      if prefix then
        local b = blocks[prefix]
        if not b then
          b = { first = tonumber(index), last = tonumber(index) }
          blocks[prefix], order[#order + 1] = b, prefix
        end
        b.first, b.last = math.min(b.first, tonumber(index)), math.max(b.last, tonumber(index))
      else
        rest = rest + 1
      end
    end
  end
  local words = {}
  for i, prefix in ipairs(order) do
    local b = blocks[prefix]
    words[i] = b.first == b.last and ("%s.%d"):format(prefix, b.first)
      or ("%s.%d-%d"):format(prefix, b.first, b.last)
  end
  if rest > 0 then words[#words + 1] = ("%d outside blocks"):format(rest) end
  return words
end

-- How many layers each type has and which method made them, in the order of their names.
local function types_of(layers)
  local count, list = {}, core.array {}
  for _, layer in ipairs(layers) do
    local key = layer.type .. " " .. layer.method
    if not count[key] then
      count[key] = { type = layer.type, method = layer.method, layers = 0 }
      list[#list + 1] = count[key]
    end
    count[key].layers = count[key].layers + 1
  end
  table.sort(list, function(a, b)
    if a.type ~= b.type then return a.type < b.type end
    return a.method < b.method
  end)
  return list
end

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

local function type_words(layers)
  local words = {}
  for i, t in ipairs(types_of(layers)) do
    words[i] = ("%s%s (%d)"):format(t.type, methods.is_builtin(t.method) and "" or " by " .. t.method, t.layers)
  end
  return table.concat(words, ", ")
end

-- How many layers share their smoothing and branch with others, and why the rest cannot.
local function shared_words(r)
  local shared, groups, words, told = 0, 0, {}, {}
  for _, layer in ipairs(r.layers) do
    if layer.shares then shared = shared + 1 end
    if layer.shares == layer.name then groups = groups + 1 end
  end
  words[1] = ("%d layers in %d groups"):format(shared, groups)
  for _, layer in ipairs(r.plan.layers) do
    local reason = layer.type and layer.type.rank and shared_inputs.obstacle(layer.type, r.cfg)
    if reason and not told[reason] then words[#words + 1], told[reason] = reason, true end
  end
  return table.concat(words, "; ")
end

local WIDEST = 64 -- columns behind the name of a row: with it a line fits 80

-- How far the layers' outputs are from those of the float ones: the range, the middle, the worst.
local function error_rows(r)
  local list = r:worst()
  local worst, middle = list[1], list[(#list + 1) // 2]
  if not worst then return {} end
  return {
    { "error", ("of outputs %.4f to %.4f, of half the layers to %.4f"):format(list[#list].output_error,
      worst.output_error, middle.output_error) },
    { "worst", text.elide(worst.name, WIDEST) },
  }
end

-- The rows of one model's box.
local function rows_of(r)
  local rows = {
    { "regions", table.concat(regions_of(r.plan), ", ") },
    { "types", type_words(r.layers) },
    { "observed", ("%d of %d layers"):format(r.observed, #r.plan:calibrated() + #r.plan:few_shot()) },
    { "quantized", ("%d of %d asked for"):format(r.quantized, r.candidates) },
    { "skipped", ("%d of %d linear layers"):format(r.skipped, r.linear) },
  }
  for _, reason in ipairs(r.plan:reasons()) do
    rows[#rows + 1] = { "", ("%d %s"):format(reason.layers, reason.reason) }
  end
  local fallen = 0
  for _, layer in ipairs(r.plan.layers) do
    if layer.fallback then fallen = fallen + 1 end
  end
  if r.cfg.svdq.shared_inputs then rows[#rows + 1] = { "shared", shared_words(r) } end
  if fallen > 0 then rows[#rows + 1] = { "fallback", ("%d layers have %s"):format(fallen, r.cfg.fallback) } end
  return table.move(error_rows(r), 1, 2, #rows + 1, rows)
end

local function size_rows(r)
  return {
    { "on disk", ("%s, was %s (%.2fx), %.2f bits a weight"):format(text.bytes(r.file_bytes),
      text.bytes(r.source_bytes), r.source_bytes / r.file_bytes, r.bits_per_weight) },
    { "in memory", ("%s, at most %s more while it was made"):format(text.bytes(r.memory_bytes),
      text.bytes(math.max(0, r.peak_bytes - r.memory_bytes))) },
    { "time", ("%s, of it calibration %s"):format(text.seconds(r.seconds), text.seconds(r.calibration_seconds or 0)) },
  }
end

local function verbose_rows(r)
  local rows = {}
  for _, p in ipairs(r.plan.patterns) do
    rows[#rows + 1] = { p.where, ("%s: %d layers"):format(p.pattern, p.matched) }
  end
  for _, o in ipairs(r.plan.overlaps) do
    rows[#rows + 1] = { o.loser, ("gives way to %s on %d layers, first %s"):format(o.winner, o.layers, o.example) }
  end
  local usual, chosen = config_fields.defaults().svdq, {}
  for key, value in pairs(r.cfg:plain().svdq or {}) do
    if value ~= usual[key] then chosen[#chosen + 1] = ("%s = %s"):format(key, value) end
  end
  table.sort(chosen)
  if #chosen > 0 then rows[#rows + 1] = { "svdq", table.concat(chosen, ", ") } end
  if r.saved_to then rows[#rows + 1] = { "saved to", r.saved_to } end
  return rows
end

-- Rows between two dashed lines as long as the longest.
local function boxed(groups)
  local all = {}
  for _, rows in ipairs(groups) do
    for _, row in ipairs(rows) do
      local name = row[1]
      for line in text.wrap(row[2], WIDEST):gmatch "[^\n]+" do all[#all + 1], name = { name, line }, "" end
    end
  end
  local ascii = not require("vise.terminal").of("stdout").unicode
  local body, longest = text.columns(all, nil, nil, ascii), 0
  for line in body:gmatch "[^\n]+" do longest = math.max(longest, utf8.len(line) or #line) end
  local rule = ("-"):rep(longest) .. "\n"
  return rule .. body .. rule
end

--- The summary as a box of text.
---@return string
function Report:text()
  local groups = {}
  local names = {}
  for name in pairs(self.components or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    groups[#groups + 1] = { { "component", name } }
    groups[#groups + 1] = rows_of(self.components[name])
    if self.verbose then groups[#groups + 1] = verbose_rows(self.components[name]) end
  end
  if not self.components then
    groups[#groups + 1] = rows_of(self)
    if self.verbose then groups[#groups + 1] = verbose_rows(self) end
  end
  groups[#groups + 1] = size_rows(self)
  return boxed(groups) .. (self.verbose and "\n" .. require("vise.plot.layers").summary(self) or "")
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
  out.regions, out.types = core.array(regions_of(self.plan)), types_of(self.layers)
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
