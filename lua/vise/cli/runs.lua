--- vise runs: the log of runs, as a list.

-- Ids say the recipe.  On a narrow terminal the model and the metric's unit give way, so that they stay whole.
local COLUMNS = { "id", "model", "status", "metric", "bits", "time" }

local function row_of(run, brief)
  local table_of = require "vise.runs.table"
  local record = run.record
  local cells = table_of.cells(table_of.figures(record), brief)
  local model = record.model and record.model.given:match "([^/]+)/*$" or "-"
  local status = record.status == "done" and record.failed ~= 0 and "missed" or record.status
  return { run.id, model, status, cells[1], cells[2], cells[4] }
end

local function plain(run)
  local record, runs = run.record, require "vise.runs"
  local bits, bytes = runs.sizes(record)
  return { id = run.id, folder = run.folder, recipe = record.recipe.name, version = record.recipe.version,
    model = record.model and record.model.given, status = record.status, started = record.started,
    seconds = record.seconds, metric = runs.main_metric(record), bits_per_weight = bits, bytes = bytes,
    failed = record.failed, label = record.label }
end

return {
  name = "runs",
  summary = "lists the runs that were logged, shows one, compares two",
  text = "Every `vise run` keeps a log in RUNS/ID/: run.json, params.json, metrics.jsonl, log.jsonl, report.html and "
    .. "the recipe. The metric is the first that the run measured. Status: done; missed: done, but an expectation was "
    .. "not met; failed; interrupted; running.",
  commands = { "show", "compare" },
  arguments = {},
  options = {
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "last", short = "n", type = "integer", min = 1, value = "N", help = "only the last N" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise runs", "what was run here" },
    { "vise runs show last", "the last run: parameters, metrics, files" },
    { "vise runs compare last 20261122-1015", "two runs side by side" },
  },
  run = function(ctx)
    local runs = require "vise.runs"
    local place = runs.place(ctx.options.runs)
    local list, problems = runs.list(place)
    local first = math.max(1, #list - (ctx.options.last or #list) + 1)
    list = table.move(list, first, #list, 1, {})
    if ctx.options.json then
      local core = require "vise.core"
      local all = core.array {}
      for i, run in ipairs(list) do all[i] = plain(run) end
      local listed = { schema = 1, place = place, runs = all, problems = core.array(problems) }
      io.stdout:write(core.json_encode(listed, 2), "\n")
      return 0
    end
    local text = require "vise.text"
    local rows, narrow = { table.move(COLUMNS, 1, #COLUMNS, 1, {}) }, require("vise.runs.table").is_narrow()
    for i, run in ipairs(list) do rows[i + 1] = row_of(run, narrow) end
    for _, row in ipairs(narrow and rows or {}) do table.remove(row, 2) end
    if #list > 0 then
      io.stdout:write(text.table(rows, nil, { true, [narrow and 3 or 4] = true }))
    else
      io.stdout:write(text.escape(("no runs in %s: `vise run RECIPE` makes one"):format(place)), "\n")
    end
    for _, problem in ipairs(problems) do io.stderr:write("note: ", text.escape_lines(problem), "\n") end
    return 0
  end,
}
