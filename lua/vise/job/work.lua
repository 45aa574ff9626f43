--- What a job does with a model: plan, quantize, save, measure.

local core = require "vise.core"
local fail = require "vise.fail"
local params = require "vise.recipe.params"
local samples = require "vise.job.samples"
local text = require "vise.text"

-- How many of a report's layers get histograms, the worst first.
local HISTOGRAMS = 20

---@class vise.Job
local Job = {}

--- Raised by job:quantize to end a dry run; the one who runs the body takes it as success.
Job.DONE = setmetatable({}, { __tostring = function() return "end of the dry run" end })

local function layers(n) return n == 1 and "1 layer" or ("%d layers"):format(n) end

-- What a plan will do, in a few lines: sizes, memory, time, each pattern with what it matched, and
-- why layers stay as they are.
local function print_plan(job, title, plan)
  job:print("%s: %d layers, %d left as they are, %.2f bits a weight", title, plan.quantized, plan.skipped,
    plan.bits_per_weight)
  local changed = plan.changed_bytes > 0 and (", changed by transforms %d"):format(plan.changed_bytes) or ""
  job:print("  %d bytes on disk (tensors %d%s)", plan.file_bytes, plan.disk_bytes, changed)
  job:print("  %s in memory, at most %s more while it is made", text.bytes(plan.memory_bytes),
    text.bytes(plan.workspace_bytes))
  if plan.mode and plan.mode ~= "whole" then
    job:print("  calibrated block by block (%s): of that at most %s are statistics, and %s what passes between blocks",
      plan.mode, text.bytes(plan.statistics_bytes), text.bytes(plan.state_bytes))
  end
  if job.dry_run then
    local e = plan:estimate()
    local of_it = e.calibration_seconds or 0
    job:print("  about %s%s, and about %s at the peak, on this machine", text.seconds(e.seconds),
      not e.calibration_seconds and " without calibration" or of_it > 0 and (" (calibration %s)"):format(
      text.seconds(of_it)) or "", text.bytes(e.peak_bytes))
  end
  local rows = {}
  for _, p in ipairs(plan.patterns) do
    rows[#rows + 1] = { p.where, p.pattern, layers(p.matched) }
  end
  for _, o in ipairs(plan.overlaps) do
    rows[#rows + 1] = { o.loser, "gives way to " .. o.winner, ("%s, first %s"):format(layers(o.layers), o.example) }
  end
  for _, r in ipairs(plan:reasons()) do
    rows[#rows + 1] = { "float", r.reason, layers(r.layers) }
  end
  if #rows > 0 then job:say("out", text.table(rows, "  "), text.columns(rows, "  ")) end
end

-- Where a calibration block by block keeps its journal: beside the results, until the run is done.
local function journal_of(job)
  if not job.out then return nil end
  local work = job.out:gsub("/+$", "") .. ".work" .. (#job.journals > 0 and "-" .. #job.journals + 1 or "")
  job.journals[#job.journals + 1] = work
  return { work = work, resume = job.resume }
end

-- What the report of the run draws.
local function histograms_of(model, report)
  return require("vise.html.histograms").of(model, report, { layers = HISTOGRAMS })
end

--- Makes and prints the plan of a configuration; nothing is touched.
---@param model vise.Model|table<string, vise.Model>
---@param cfg vise.Config|table
---@return vise.Plan
function Job:plan(model, cfg)
  cfg = fail.try(require("vise").config(cfg))
  local plan = fail.try(require("vise").plan(model, cfg))
  local names = {}
  for name in pairs(plan.components or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    print_plan(self, ("%s, %s"):format(name, plan.components[name].cfg.quant_type), plan.components[name])
  end
  if #names == 0 then print_plan(self, cfg.quant_type, plan) end
  if self.dry_run then self:report("plan", plan:plain()) end
  return plan
end

--- Prints the plan, quantizes and prints the summary.  A dry run ends after the plan.
---@param model vise.Model|table<string, vise.Model>
---@param cfg vise.Config|table
---@param work? vise.Workload  Remembers what the float model does, to be asked for the quality later.
---@return vise.QuantizeReport
function Job:quantize(model, cfg, work)
  cfg = fail.try(require("vise").config(cfg))
  self:plan(model, cfg)
  if self.dry_run then error(Job.DONE, 0) end
  if work and not work.float then fail.try(work:reference(model)) end
  if work and self.sink then samples.add(self, "float", model) end
  local report = fail.try(require("vise").quantize(model, cfg, journal_of(self)))
  self:say("out", report:text())
  self:report("quantize", report:plain())
  self.quantized[#self.quantized + 1] = { label = report.quant_type, report = report:plain(),
    histograms = self.sink and histograms_of(model, report) or nil }
  return report
end

--- Saves a quantized model into the output folder, with the recipe that made it: `vise run
--- OUT/NAME/recipe --locked` makes the same bytes again.
---@param model vise.Model
---@param name? string  The artefact's folder; "artefact" if not given.
---@return { file: string, bytes: integer }
function Job:save(model, name)
  name = name or "artefact"
  local saved = fail.try(require("vise.artefact").save(model, self:path(name), nil, self.carried and self.carried()))
  self.saved[#self.saved + 1] = { name = name, file = saved.file, bytes = saved.bytes }
  return saved
end

-- The texts of --data, for a language model, and the tokenizer of its folder; what is left out is said.
local function texts_of(job)
  local settings = job.model.settings
  if #job.data_files == 0 or not (settings and settings.max_position_embeddings) then return nil end
  local tokenizer, message, id = require("vise.tokenizers").of(job.model)
  local texts = require("vise.data.texts").read_files(job.data, { tokenizer = tokenizer },
    function(line) job:print("%s", line) end)
  for _, one in ipairs(tokenizer and {} or texts) do
    if type(one) == "string" then fail.try(nil, message, id) end
  end
  return texts, tokenizer
end

local WORK = { "steps", "images", "calibration" } -- parameters that are options of the workload

--- The workload of the job's model: by the parameters steps, images and calibration where the recipe
--- has them, on the texts of --data where there are any.
---@return vise.Workload? work  nil: the model's family has none.
function Job:workload()
  local vise, options = require "vise", {}
  if not vise.workload.has(self.model) then return nil end
  for _, name in ipairs(WORK) do options[name] = self.params[name] end
  options.texts, options.tokenizer = texts_of(self)
  return fail.try(vise.workload.of(self.model, options))
end

--- Whether all parameters have the values that the header gives them, so that its expectations hold.
---@param naming? string[]  Parameters that may have others: the quant type's name says them.
---@return boolean
function Job:is_usual(naming)
  local job, free = self, {}
  for _, name in ipairs(naming or {}) do free[name] = true end
  for name, spec in pairs(job.recipe.header.params or {}) do
    local matters = not free[name] and spec.affects ~= "speed"
    if matters and not params.is_default(spec, job.params[name]) then return false end
  end
  return #job.data_files == 0
end

--- Does a whole run: quantizes the job's model, saves it to the output folder, measures it on its
--- workload and, if the other parameters are the header's, holds the result against what the header
--- expects of this type.
---@param cfg table         What vise.config takes; `calibrate` is the workload's if a type needs one.
---@param naming? string[]  Parameters that the quant type's name says.
---@param change? fun(model: vise.Model)  What is done to the float model first; the result is held against what
---                       the model was before.
---@return vise.QuantizeReport
function Job:standard(cfg, naming, change)
  local model, fields = self.model, {}
  for key, value in pairs(cfg) do fields[key] = value end
  local work = self:workload()
  if work and require("vise.config").is_calibrated(fields) and not fields.statistics then
    fields.calibrate = fields.calibrate or work:calibration()
  end
  if change then
    if work and not self.dry_run then fail.try(work:reference(model)) end
    change(model)
  end
  local report = self:quantize(model, fields, work)
  if self.out then
    local saved = self:save(model)
    self:print("saved to %s: %d bytes", saved.file, saved.bytes)
  end
  if work then self:measure(model, work, fields.quant_type, self:is_usual(naming)) end
  return report
end

-- What is measured, for people and for the log.
local MEASURES = {
  psnr = { words = "PSNR against float", format = "%.2f dB", unit = "dB", better = "higher" },
  sqnr = { words = "SQNR against float", format = "%.2f dB", unit = "dB", better = "higher" },
  loss_increase = { words = "rise of the loss", format = "%.5f nats a token", unit = "nats a token",
    better = "lower" },
}

--- Measures a quantized model on its workload and prints the result.
---@param model vise.Model
---@param work vise.Workload
---@param quant_type string
---@param usual boolean  Whether the header's expectations hold for this run.
function Job:measure(model, work, quant_type, usual)
  local quality = fail.try(work:quality(model))
  local about, target = MEASURES[quality.metric], nil
  self:print("%s %s: %s", quant_type, about.words, about.format:format(quality.value))
  self:report("quality", { type = quant_type, metric = quality.metric,
    value = quality.value < math.huge and quality.value or core.null })
  for _, e in ipairs(usual and self.expects or {}) do
    if e.type == quant_type and e.metric == quality.metric then
      self:expect(("%s %s"):format(quant_type, e.metric), quality.value, e)
      target = e.at_least or e.at_most
    end
  end
  if self.sink then samples.add(self, quant_type, model) end
  if self.sink and work.drawn and select(2, work.drawn:shape()) == 1 then
    self:image("float", work.float)
    self:image(quant_type, work.drawn)
  end
  self:metric(quality.metric, quality.value, { unit = about.unit, better = about.better, target = target })
end

return Job
