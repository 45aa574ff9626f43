--- A sweep: one run for each point, each with its log and its folder; one that fails does not lose the others.

local core = require "vise.core"
local execute = require "vise.runs.execute"
local finite = require "vise.finite"
local run_table = require "vise.runs.table"
local text = require "vise.text"

local M = {}

---@class vise.SweepPoint
---@field label string
---@field outcome? vise.RunOutcome
---@field message? string  Of a point that failed.
---@field id? string
---@field seconds number
---@field figures? table

-- What the table says of a run that has no log.
local function figures_of(job, seconds)
  local record = { metrics = job.metrics, quantized = {}, artefacts = {}, seconds = seconds }
  for i, q in ipairs(job.quantized) do record.quantized[i] = q.report end
  local figures, bytes = run_table.figures(record), nil
  for _, saved in ipairs(job.saved) do bytes = (bytes or 0) + saved.bytes end
  figures.bytes = bytes or figures.bytes
  return figures
end

local function run_point(request, point)
  local own = {}
  for key, value in pairs(request) do own[key] = value end
  own.values, own.label = point.values, point.label
  own.out = request.out and request.out .. "/" .. point.label:gsub("/", "_") or nil
  local started = core.clock()
  local outcome, prepared, message, id
  prepared, message, id = execute.read(own)
  if prepared then outcome, message, id = execute.run(prepared) end
  local seconds = core.clock() - started
  local result = { label = point.label, outcome = outcome, prepared = prepared, seconds = seconds }
  if not outcome then
    result.message, result.id = message, id
  elseif outcome.status ~= "done" then
    result.message, result.id = outcome.message, outcome.id
  else
    result.figures = figures_of(outcome.job, seconds)
  end
  return result
end

--- Runs every point, in order.  Ctrl-C ends the sweep.
---@param request vise.RunRequest
---@param points { label: string, values: table<string, any> }[]
---@return vise.SweepPoint[]
function M.run(request, points)
  local results = {}
  for i, point in ipairs(points) do
    io.stderr:write(("point %d of %d: %s\n"):format(i, #points, text.escape(point.label)))
    results[i] = run_point(request, point)
    local outcome = results[i].outcome
    if outcome and outcome.status == "interrupted" or results[i].id == "E-RN-01" then break end
    if outcome and outcome.raised and results[i].id == "E-US-10" then error(outcome.raised, 0) end
    if results[i].id then
      io.stderr:write(("%s failed: %s: %s\n"):format(text.escape(point.label), results[i].id,
        text.escape_lines(results[i].message)))
    end
  end
  return results
end

--- The points as a table; `*` marks those that no other beats in both the metric and the bytes.
---@param results vise.SweepPoint[]
---@return string
function M.table(results)
  local figures = {}
  for i, r in ipairs(results) do figures[i] = r.figures or false end
  local best, rows = run_table.pareto(figures), { { "", "point", "metric", "bits", "bytes", "time", "run" } }
  for i, r in ipairs(results) do
    local cells = r.figures and run_table.cells(r.figures) or { r.id, "-", "-", text.seconds(r.seconds) }
    local run = r.outcome and r.outcome.run
    rows[i + 1] = { best[i] and "*" or "", r.label, cells[1], cells[2], cells[3], cells[4], run and run.id or "-" }
  end
  -- `vise runs` lists the ids, too.
  for _, row in ipairs(run_table.is_narrow() and rows or {}) do row[7] = nil end
  local note = next(best) and "* no other point is both better and smaller\n" or ""
  return text.table(rows, nil, { false, true, true, [7] = true }) .. note
end

--- The points as plain data.
---@param results vise.SweepPoint[]
---@return table[]
function M.plain(results)
  local figures, list = {}, core.array {}
  for i, r in ipairs(results) do figures[i] = r.figures or false end
  local best = run_table.pareto(figures)
  for i, r in ipairs(results) do
    local f, job = r.figures or {}, r.outcome and r.outcome.job
    local metric = f.metric
    list[i] = { label = r.label, status = r.outcome and r.outcome.status or "failed",
      metric = metric and { name = metric.name, unit = metric.unit, value = finite.or_word(metric.value) },
      bits_per_weight = f.bits, bytes = f.bytes, seconds = r.seconds, best = best[i] or false,
      out = r.outcome and r.outcome.out, run = r.outcome and r.outcome.run and r.outcome.run.id,
      error = r.id and { id = r.id, message = r.message } or nil, failed = job and job.failed or nil,
      results = job and job.results }
  end
  return list
end

return M
