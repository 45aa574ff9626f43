--- Doing a logged run again: the same recipe, model, data and engine, or a refusal that names what differs.

local core = require "vise.core"
local execute = require "vise.runs.execute"
local fail = require "vise.fail"
local outputs = require "vise.runs.outputs"

local disk = core.disk

local M = {}

-- Where a file or folder of the record lies now.
local function find(what, record, given)
  if given then return given end
  for _, path in ipairs { record.given, record.path } do
    if type(path) == "string" and disk.exists(path) then return path end
  end
  return fail.try(nil, ("%s %s is not here: say where it lies with --%s"):format(what, core.escape(record.given), what),
    "E-RU-04")
end

-- The request that repeats a run.
local function request_of(run, options)
  local record, data = run.record, {}
  if #(options.data or {}) > 0 and #options.data ~= #record.data then
    fail.try(nil, ("the run had %d data files, %d are given"):format(#record.data, #options.data), "E-RU-04")
  end
  for i, file in ipairs(record.data) do data[i] = find("data", file, (options.data or {})[i]) end
  return {
    recipe = run.folder .. "/recipe", model = record.model and find("model", record.model, options.model),
    variant = record.model and record.model.variant, data = data, out = options.out,
    own_out = not options.out and record.out ~= nil, place = options.place, quiet = options.quiet, locked = true,
    label = record.label, command = { "vise", "rerun", run.id },
  }
end

-- Compares what came out with what the record says came out then.
local function compare(record, outcome)
  local list, now = core.array {}, {}
  local artefacts, others = core.array {}, core.array {}
  if outcome.out then artefacts, others = outputs.of(outcome.out, outcome.job.written) end
  for _, artefact in ipairs(artefacts) do now[artefact.name] = artefact.files end
  for i, artefact in ipairs(record.artefacts) do
    local made = now[artefact.name]
    local difference = not made and "it was not made" or outputs.difference(artefact.files, made)
    list[i] = { name = artefact.name, files = #artefact.files, difference = difference }
  end
  return list, outputs.difference(record.outputs or {}, others)
end

---@class vise.Rerun
---@field outcome vise.RunOutcome
---@field artefacts { name: string, files: integer, difference?: string }[]
---@field others? string  The first difference among other files, which may hold times.
---@field same boolean

--- Does a run again.
---@param run vise.Run
---@param options { model?: string, data?: string[], out?: string, place?: string, quiet?: boolean }
---@return vise.Rerun? result
---@return string? message
---@return string? id
function M.run(run, options)
  if run.record.status == "running" then
    return fail.fail("E-RU-04", "run %s is still running", core.escape(run.id))
  end
  return fail.catch(function()
    local outcome, prepared, message, id
    prepared, message, id = execute.read(request_of(run, options))
    if prepared then outcome, message, id = execute.run(prepared) end
    if not outcome then fail.try(nil, message, id == "E-PK-08" and "E-RU-04" or id) end
    if outcome.raised then error(outcome.raised, 0) end
    if outcome.status ~= "done" then fail.try(nil, outcome.message, outcome.id) end
    local artefacts, others = compare(run.record, outcome)
    local same = true
    for _, artefact in ipairs(artefacts) do same = same and not artefact.difference end
    return { outcome = outcome, artefacts = artefacts, others = others, same = same }
  end)
end

return M
