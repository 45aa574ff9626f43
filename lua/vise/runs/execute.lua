--- One run of a recipe: what it is made from is prepared, then the body runs and the log is written.

local core = require "vise.core"
local fail = require "vise.fail"
local finite = require "vise.finite"
local folders = require "vise.folder"
local jobs = require "vise.job"
local packages = require "vise.recipe.package"
local prepare = require "vise.runs.prepare"

local try = fail.try

local M = { read = prepare.read }

local function start_log(p)
  local files = prepare.carried_files(p)
  files[#files + 1] = { name = packages.PARAMS, bytes = p.params_text }
  return try(require("vise.runs.log").start(p.place, prepare.record(p), files))
end

-- Everything but the body.
local function begin(p)
  p.values = p.values or try(require("vise.recipe.params").values(p.specs, p.given or {}))
  local header = p.opened.header
  if header.inputs and header.inputs.model then jobs.need_model(header, p.model) end
  if p.locked or p.place or p.out and not p.dry_run then prepare.identify(p) end
  if p.place and not p.dry_run then
    p.log = start_log(p)
    if p.own_out then p.out = p.log.folder .. "/out" end
    p.log.record.out = prepare.located(p.out)
  end
  return p
end

-- Says that the recipe did not look at what was given to it.
local function warn_of_ignored(p, job)
  for _, name in ipairs { "model", "data" } do
    local given = name == "model" and p.model or name == "data" and p.data[1]
    if given and not job.used[name] then
      job:log("note: recipe %s did not use --%s %s", p.opened.header.name, name, given)
    end
  end
end

--- The metrics of a job as JSON data: what is not finite is a word.
---@param job vise.Job
---@return table[]
function M.metrics(job)
  local list = core.array {}
  for i, metric in ipairs(job.metrics) do
    list[i] = {}
    for key, value in pairs(metric) do list[i][key] = finite.or_word(value) end
  end
  return list
end

-- What the record says of a job that has ended, however it did.
local function fill_in(record, job)
  record.results, record.failed = job.results, job.failed
  for i, q in ipairs(job.quantized) do
    local r = q.report
    record.quantized[i] = { label = q.label, bits_per_weight = r.bits_per_weight, file_bytes = r.file_bytes,
      layers = r.quantized, skipped = r.skipped }
  end
  record.metrics = M.metrics(job)
end

-- Ends the log, the report first, so that a run that says "done" has one.
local function end_log(p, job, outcome)
  local record = p.log.record
  record.error = outcome.id and { id = outcome.id, message = outcome.message } or nil
  fill_in(record, job)
  if outcome.status == "done" and p.out then
    record.out = prepare.located(p.out)
    record.artefacts, record.outputs = require("vise.runs.outputs").of(p.out, job.written)
  end
  try(require("vise.runs.document").write(p, job, outcome.status))
  return try(p.log:finish(outcome.status))
end

-- run.json in the output folder: what the results there were made from.
local function write_summary(p, job)
  local shown = M.summary(p, job)
  try(folders.make_parents(p.out .. "/x"))
  try(folders.replace(p.out .. "/run.json", shown))
end

---@class vise.RunOutcome
---@field status "done"|"failed"|"interrupted"
---@field job vise.Job
---@field run? vise.RunLog
---@field out? string
---@field message? string
---@field id? string
---@field raised? any  What has to go on up: Ctrl-C, a bug.

local function body(p)
  local job = jobs.new(p.opened, { params = p.values, model = p.model, variant = p.variant, data = p.data, out = p.out,
    dry_run = p.dry_run, resume = p.resume, quiet = p.quiet, folder = p.body_home and p.body_home.folder, sink = p.log,
    carried = p.package and function() return prepare.carried(p) end or nil })
  local ok, done, message, id = pcall(jobs.run, job)
  local outcome = { status = "done", job = job, run = p.log, out = p.out, log = p.log }
  if not ok then
    local text = tostring(type(done) == "table" and done.message or done)
    outcome.raised, outcome.message = done, text
    outcome.id = text:match "E%-%u%u%-%d%d" or "E-US-10"
  elseif not done then
    outcome.message, outcome.id = message, id
  else
    if not p.dry_run then warn_of_ignored(p, job) end
    return outcome
  end
  outcome.status = outcome.id == "E-RN-01" and "interrupted" or "failed"
  return outcome
end

--- Runs what was prepared.
---@param prepared vise.Prepared
---@return vise.RunOutcome? outcome  Of a body that failed, too.
---@return string? message  What went wrong around it.
---@return string? id
function M.run(prepared)
  return fail.catch(function()
    local p = begin(prepared)
    local outcome = body(p)
    local logged, message, id = true, nil, nil
    if p.log then logged, message, id = fail.catch(end_log, p, outcome.job, outcome) end
    if not logged and outcome.status == "done" then try(nil, message, id) end
    if not logged then outcome.job:log("note: %s: the log of the run is incomplete: %s", id, message) end
    if outcome.status == "done" and p.out and not p.dry_run then write_summary(p, outcome.job) end
    return outcome
  end)
end

--- The results of a run as JSON text: of --json, and of run.json in the output folder.
---@param p vise.Prepared
---@param job vise.Job
---@return string
function M.summary(p, job)
  return assert(core.json_encode({
    schema = 1,
    vise = require "vise.version",
    recipe = { name = p.opened.header.name, version = p.opened.header.version },
    params = require("vise.recipe.resolved").plain(p.values, p.specs),
    model = p.model or core.null,
    variant = p.variant or core.null,
    data = core.array(table.move(p.data, 1, #p.data, 1, {})),
    dry_run = job.dry_run,
    results = job.results,
    metrics = M.metrics(job),
    run = p.log and p.log.id or nil,
  }, 2)) .. "\n"
end

return M
