--- vise runs show: one run.

local function print_run(run)
  local text, core = require "vise.text", require "vise.core"
  local number = require("vise.runs.table").number
  local record, rows = run.record, {}
  local function add(name, value) if value ~= nil then rows[#rows + 1] = { name, tostring(value) } end end
  add("run", run.id)
  add("status", record.error and ("%s: %s: %s"):format(record.status, tostring(record.error.id),
    tostring(record.error.message)) or record.status)
  add("recipe", ("%s %s"):format(record.recipe.name, record.recipe.version))
  add("model", record.model and record.model.given)
  for _, file in ipairs(record.data) do add("data", file.given) end
  add("out", record.out and record.out.given)
  add("started", record.started)
  add("time", record.seconds and text.seconds(record.seconds))
  add("engine", ("vise %s, %s, %s threads"):format(tostring(record.vise), tostring(record.engine.class),
    tostring(record.threads)))
  local names = {}
  for name in pairs(record.params) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local value = record.params[name]
    value = type(value) == "table" and core.json_encode(value) or tostring(value)
    rows[#rows + 1] = { i == 1 and "parameters" or "", ("%s = %s"):format(name, value) }
  end
  for i, metric in ipairs(record.metrics) do
    rows[#rows + 1] = { i == 1 and "metrics" or "", ("%s %s"):format(tostring(metric.name),
      number(metric.value, metric.unit)) }
  end
  for i, q in ipairs(record.quantized) do
    rows[#rows + 1] = { i == 1 and "quantized" or "", ("%s: %d layers, %.2f bits a weight, %s"):format(
      tostring(q.label), q.layers, q.bits_per_weight, text.bytes(q.file_bytes)) }
  end
  for i, artefact in ipairs(record.artefacts) do
    rows[#rows + 1] = { i == 1 and "artefacts" or "",
      ("%s, %d files"):format(tostring(artefact.name), #artefact.files) }
  end
  add("folder", run.folder)
  if record.status ~= "running" then add("again", "vise rerun " .. run.id) end
  io.stdout:write(text.pairs(rows))
end

return {
  name = "show",
  summary = "one run: what it was made from, what it measured, where it lies",
  arguments = {
    { name = "id", type = "string", complete = "runs", help = "a run's id, the beginning of one, or last" },
  },
  options = {
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "json", type = "flag", help = "print its run.json" },
  },
  examples = {
    { "vise runs show last", "the last run" },
  },
  run = function(ctx)
    local runs = require "vise.runs"
    local run, message, id = runs.find(runs.place(ctx.options.runs), ctx.args.id)
    if not run then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode(run.record, 2), "\n")
    else
      print_run(run)
    end
    return 0
  end,
}
