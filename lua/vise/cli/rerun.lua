--- vise rerun: a logged run once more, bit for bit.

local function print_result(result, out)
  local text = require "vise.text"
  for _, artefact in ipairs(result.artefacts) do
    io.stdout:write(text.escape(artefact.difference and ("%s: %s"):format(artefact.name, artefact.difference)
      or ("%s: same bytes, %d files"):format(artefact.name, artefact.files)), "\n")
  end
  if #result.artefacts == 0 then io.stdout:write "done; the first run saved no artefact to compare\n" end
  if result.others then io.stderr:write("note: ", text.escape(result.others), ", which may hold times\n") end
  local rows = {}
  if out then rows[1] = { "out", out } end
  if result.outcome.run then rows[#rows + 1] = { "log", result.outcome.run.folder } end
  io.stderr:write(text.pairs(rows))
end

return {
  name = "rerun",
  summary = "repeats a run and compares the bytes",
  text = "Takes recipe and parameters from the run's folder, and refuses if recipe, model, data or engine are not the "
    .. "ones of the run. Without --out the results go into the new run's own folder. The status is 0 when every "
    .. "artefact has the same bytes as then, 1 when one has others.",
  arguments = {
    { name = "id", type = "string", complete = "runs",
      help = "a run's id, the beginning of one, last, or a run's folder" },
  },
  options = {
    { name = "out", short = "o", type = "place", value = "DIR", help = "the folder for the results" },
    { name = "model", short = "m", type = "path", value = "DIR", help = "where the model lies now" },
    { name = "data", short = "d", type = "file", repeatable = true, help = "where the data lie now" },
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "no-log", type = "flag", help = "keep no log of the new run" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise rerun last --out again", "the last run once more" },
  },
  run = function(ctx)
    local runs, o = require "vise.runs", ctx.options
    local place = runs.place(o.runs)
    local run, message, id = runs.find(place, ctx.args.id)
    if not run then return nil, message, id end
    local result
    result, message, id = require("vise.runs.repeat").run(run, { model = o.model, data = o.data, out = o.out,
      place = not o.no_log and place or nil, quiet = o.json })
    if not result then return nil, message, id end
    if o.json then
      local core, outcome = require "vise.core", result.outcome
      io.stdout:write(core.json_encode({ schema = 1, of = run.id, run = outcome.run and outcome.run.id,
        out = outcome.out, same = result.same, artefacts = result.artefacts, results = outcome.job.results }, 2), "\n")
    else
      print_result(result, result.outcome.out)
    end
    return result.same and 0 or 1
  end,
}
