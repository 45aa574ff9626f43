--- The job: what a recipe's body gets.

local core = require "vise.core"
local fail = require "vise.fail"
local progress = require "vise.progress"
local text = require "vise.text"

local M = {}

---@class vise.Job
---@field params table<string, any>  The recipe's parameters, typed and complete.
---@field model vise.Model           Opened when first asked for, from --model.
---@field data string[]              The files given with --data.
---@field folder string              The recipe's own folder: what it ships lies there.
---@field out? string                The folder given with --out.
---@field expects table[]            The header's expected results.
---@field dry_run boolean            Plan only; job:quantize ends the run.
---@field results table[]            What was reported, in order.
---@field failed integer             How many expectations were not met.
local Job = {}

-- Raised by job:quantize to end a dry run; M.run takes it as success.
local DONE = setmetatable({}, { __tostring = function() return "end of the dry run" end })

---@class vise.JobOptions
---@field params table<string, any>
---@field model? string
---@field variant? string
---@field data string[]
---@field out? string
---@field dry_run? boolean
---@field quiet? boolean  Nothing on stdout: what job:print says goes to stderr.

local function open_model(job)
  local path = job.model_path
  if not path then
    fail.try(nil, ("recipe %s needs a model: give --model DIR"):format(job.recipe.header.name), "E-RC-08")
  end
  return job:open(path, { variant = job.variant })
end

local metatable = {
  __index = function(job, name)
    if name == "model" then
      job.model = open_model(job)
      return rawget(job, "model")
    end
    return Job[name]
  end,
}

--- Makes the job of a recipe.
---@param recipe vise.Recipe
---@param options vise.JobOptions
---@return vise.Job
function M.new(recipe, options)
  return setmetatable({
    recipe = recipe, folder = recipe.folder, expects = recipe.header.expects or {}, params = options.params,
    model_path = options.model, variant = options.variant,
    data = options.data, out = options.out, dry_run = options.dry_run or false,
    stream = options.quiet and io.stderr or io.stdout, results = core.array {}, failed = 0, opened = {},
  }, metatable)
end

--- Opens a model, and says on stderr what is odd about it; it is closed at the end of the run.
---@param path string
---@param options? table  What vise.open takes.
---@return vise.Model
function Job:open(path, options)
  local model = fail.try(require("vise").open(path, options))
  self.opened[#self.opened + 1] = model
  for _, note in ipairs(model.notes or {}) do self:log("note: %s", note) end
  return model
end

-- The line that a format and its arguments make.
local function filled(name, format, ...)
  if select("#", ...) == 0 then return tostring(format) end
  local ok, line = pcall(string.format, format, ...)
  if not ok then fail.raise("E-RC-10", "job:%s(\"%s\"): %s", name, tostring(format), line) end
  return line
end

--- Prints a line of the result.
---@param format string
function Job:print(format, ...)
  self.stream:write(text.escape_lines(filled("print", format, ...)), "\n")
end

--- Prints a table with aligned columns; numbers go to the right.
---@param rows (string|number)[][]
function Job:table(rows)
  self.stream:write(text.columns(rows))
end

--- Says on stderr what is going on.
---@param format string
function Job.log(_, format, ...)
  io.stderr:write(text.escape_lines(filled("log", format, ...)), "\n")
end

--- The progress of some work: bar:step(n), bar:close().
---@param label string
---@param total? number
---@param unit? string
---@return vise.Progress
function Job.progress(_, label, total, unit)
  return progress.new(label, total, unit)
end

--- A path in the output folder, which is made if need be.
---@param name string
---@return string path
function Job:path(name)
  if not self.out then
    fail.try(nil, ("recipe %s writes files: give --out DIR"):format(self.recipe.header.name), "E-RC-09")
  end
  if name:find "^/" or ("/" .. name .. "/"):find("/../", 1, true) or name == "" then
    fail.raise("E-RC-10", "'%s' is no name inside the output folder", name)
  end
  local at = 1
  local path = self.out .. "/" .. name
  while true do -- every folder on the way
    local slash = path:find("/", at + 1, true)
    if not slash then return path end
    local part = path:sub(1, slash - 1)
    if not core.disk.exists(part) then fail.try(core.disk.mkdir(part)) end
    at = slash
  end
end

--- Writes a file into the output folder.
---@param name string
---@param bytes string
---@return string path
function Job:write(name, bytes)
  local path = self:path(name)
  fail.try(core.disk.write(path, bytes))
  return path
end

--- Adds a result: to --json, and to run.json in the output folder.
---@param name string
---@param data table  Plain data.
function Job:report(name, data)
  if type(name) ~= "string" or data == nil then
    fail.raise("E-RC-10", "job:report takes a name and data, got %s and %s", type(name), type(data))
  end
  self.results[#self.results + 1] = { name = name, data = data }
end

-- What a plan will do, in a few lines: sizes, memory, time, each pattern with what it matched, and
-- why layers stay as they are.
local function print_plan(job, title, plan)
  job:print("%s: %d layers, %d left as they are, %.2f bits a weight", title, plan.quantized, plan.skipped,
    plan.bits_per_weight)
  job:print("  %d bytes on disk (tensors %d), %s in memory, at most %s more while it is made", plan.file_bytes,
    plan.disk_bytes, text.bytes(plan.memory_bytes), text.bytes(plan.workspace_bytes))
  if job.dry_run then
    job:print("  about %s to make on this machine, without calibration (an estimate)", text.seconds(plan:seconds()))
  end
  local rows = {}
  for _, p in ipairs(plan.patterns) do
    rows[#rows + 1] = { p.where, p.pattern, ("%d layers"):format(p.matched) }
  end
  for _, o in ipairs(plan.overlaps) do
    rows[#rows + 1] = { o.loser, "gives way to " .. o.winner, ("%d layers, first %s"):format(o.layers, o.example) }
  end
  for _, r in ipairs(plan:reasons()) do
    rows[#rows + 1] = { "float", r.reason, ("%d layers"):format(r.layers) }
  end
  if #rows > 0 then job.stream:write(text.columns(rows, "  ")) end
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
  if self.dry_run then error(DONE, 0) end
  if work then fail.try(work:reference(model)) end
  local report = fail.try(require("vise").quantize(model, cfg))
  self.stream:write(report:text())
  self:report("quantize", report:plain())
  return report
end

-- The texts of --data, for a language model, and the tokenizer of its folder.
local function texts_of(job)
  if #job.data == 0 or job.model.family ~= "llama" then return nil end
  local texts, vise = {}, require "vise"
  for _, path in ipairs(job.data) do
    local stories = fail.try(vise.data.stories(path))
    table.move(stories, 1, #stories, #texts + 1, texts)
  end
  return texts, fail.try(vise.tokenizers.open(job.model.checkpoint.folder .. "/tok512.bin"))
end

local WORK = { "steps", "images", "calibration" } -- parameters that are options of the workload

-- The workload of the job's model by the parameters of those names.
local function workload_of(job)
  local options = {}
  for _, name in ipairs(WORK) do options[name] = job.params[name] end
  options.texts, options.tokenizer = texts_of(job)
  return fail.try(require("vise").workload.of(job.model, options))
end

-- Whether all parameters but those in `naming` have the values that the header gives them.
local function is_usual(job, naming)
  local free = {}
  for _, name in ipairs(naming) do free[name] = true end
  for name, spec in pairs(job.recipe.header.params or {}) do
    local value, default = job.params[name], spec.default
    if type(value) == "table" then value, default = table.concat(value, ","), table.concat(default, ",") end
    if not free[name] and value ~= default then return false end
  end
  return #job.data == 0
end

--- Does a whole run: quantizes the job's model, saves it to the output folder, measures it on its
--- workload and, if the other parameters are the header's, holds the result against what the header
--- expects of this type.
---@param cfg table         What vise.config takes; `calibrate` is the workload's if a type needs one.
---@param naming? string[]  Parameters that the quant type's name says.
---@return vise.QuantizeReport
function Job:standard(cfg, naming)
  local vise, model, fields = require "vise", self.model, {}
  for key, value in pairs(cfg) do fields[key] = value end
  local work = vise.workload.has(model) and workload_of(self) or nil
  if work and require("vise.config").is_calibrated(fields) and not fields.statistics then
    fields.calibrate = fields.calibrate or work:calibration()
  end
  local report = self:quantize(model, fields, work)
  if self.out then
    local saved = fail.try(vise.save(model, self:path "artefact"))
    self:print("saved to %s: %d bytes", saved.file, saved.bytes)
  end
  if work then self:measure(model, work, fields.quant_type, is_usual(self, naming or {})) end
  return report
end

-- What each measure of a workload is called, and how it is written.
local MEASURES = {
  psnr = { "PSNR against float", "%.2f dB" }, sqnr = { "SQNR against float", "%.2f dB" },
  loss_increase = { "rise of the loss", "%.5f nats a token" },
}

--- Measures a quantized model on its workload and prints the result.
---@param model vise.Model
---@param work vise.Workload
---@param quant_type string
---@param usual boolean  Whether the header's expectations hold for this run.
function Job:measure(model, work, quant_type, usual)
  local quality = fail.try(work:quality(model))
  local label, unit = table.unpack(MEASURES[quality.metric])
  self:print("%s %s: " .. unit, quant_type, label, quality.value)
  self:report("quality", { type = quant_type, metric = quality.metric,
    value = quality.value < math.huge and quality.value or core.null })
  for _, e in ipairs(usual and self.expects or {}) do
    if e.type == quant_type and e.metric == quality.metric then
      self:expect(("%s %s"):format(quant_type, e.metric), quality.value, e)
    end
  end
end

--- Holds a result against what it should be.  A run with unmet expectations exits with 1.
---@param what string
---@param value number
---@param bounds { at_least?: number, at_most?: number }
---@return boolean met
function Job:expect(what, value, bounds)
  if type(value) ~= "number" or type(bounds) ~= "table" then
    fail.raise("E-RC-10", "expect %s: it takes a number and bounds, got %s and %s", tostring(what), type(value),
      type(bounds))
  end
  local low, high = bounds.at_least, bounds.at_most
  if low == nil and high == nil then fail.raise("E-RC-10", "expect %s: give at_least or at_most", what) end
  local met = value == value and not (low and value < low) and not (high and value > high)
  self:report("expect", { what = what, value = value == value and value or "NaN", at_least = low,
    at_most = high, met = met })
  if not met then
    self.failed = self.failed + 1
    local wanted = low and high and ("from %g to %g"):format(low, high)
      or low and ("at least %g"):format(low) or ("at most %g"):format(high)
    self:log("%s is %s, expected %s", what, value == value and ("%g"):format(value) or "NaN", wanted)
  end
  return met
end

local function close_all(job)
  for _, model in ipairs(job.opened) do model:close() end
end

--- Runs the body.  Models that the job opened are closed on every way out.
---@param job vise.Job
---@return true? ok
---@return string? message
---@return string? id
function M.run(job)
  local results = table.pack(xpcall(job.recipe.body, function(raised)
    -- The traceback is the recipe's own, for E-RC-07; what carries an id needs none.
    if raised == DONE or type(raised) == "table" and raised.id then return raised end
    raised = tostring(raised)
    if raised:find "E%-%u%u%-%d%d: " then return raised end
    local trace = debug.traceback(nil, 2):gsub("\n%s*%[C%]: in function 'xpcall'.*$", "")
    return { bug = raised, trace = trace }
  end, job))
  close_all(job)
  if results[1] then
    -- nil and a message is a failure, with an id of vise's or without.
    if results[2] ~= nil or results[3] == nil then return true end
    return nil, tostring(results[3]), type(results[4]) == "string" and results[4] or "E-RC-07"
  end
  local raised = results[2]
  if raised == DONE then return true end
  if type(raised) == "table" and raised.id then return nil, raised.message, raised.id end
  if type(raised) == "table" and raised.bug then
    if raised.bug:find "^lua/vise/" then error({ message = raised.bug, trace = raised.trace }, 0) end
    return fail.fail("E-RC-07", "%s\n%s", raised.bug, raised.trace)
  end
  error(raised, 0)
end

return M
