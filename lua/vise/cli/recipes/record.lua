--- vise recipes record: what a package's run measures, into its expected.json.

local function print_entry(entry, path)
  local rows = { { "recorded", path } }
  for _, metric in ipairs(entry.metrics) do
    rows[#rows + 1] = { metric.name, require("vise.runs.table").number(metric.value, metric.unit) }
  end
  if entry.bits_per_weight then rows[#rows + 1] = { "bits", ("%.2f"):format(entry.bits_per_weight) } end
  rows[#rows + 1] = { "time", require("vise.text").seconds(entry.seconds) }
  io.stdout:write(require("vise.text").table(rows))
end

return {
  name = "record",
  summary = "runs a package and writes what it measured to expected.json",
  text = "Metrics, bits, bytes and time of a run on the model given, with the machine. Another model, or other "
    .. "parameters, is another entry; the same ones replace theirs. The run has a log as any other.",
  arguments = {
    { name = "package", type = "folder", help = "the recipe's folder" },
  },
  options = {
    { name = "model", short = "m", type = "path", value = "DIR", help = "a model folder or .safetensors file" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "data", short = "d", type = "file", repeatable = true, help = "calibration or evaluation data" },
    { name = "param", short = "p", type = "pair", repeatable = true, complete = "parameters",
      help = "a parameter of the recipe" },
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "json", type = "flag", help = "print the entry" },
  },
  examples = {
    { "vise recipes record my-recipe --model models/dit", "before sharing it" },
  },
  run = function(ctx)
    local o, folder = ctx.options, ctx.args.package:gsub("(.)/+$", "%1")
    local expected, execute = require "vise.recipe.expected", require "vise.runs.execute"
    local recorded, prepared, outcome, ok, message, id
    recorded, message, id = expected.read(folder)
    if not recorded then return nil, message, id end
    prepared, message, id = execute.read { recipe = folder, given = o.param, model = o.model, variant = o.variant,
      data = o.data, place = require("vise.runs").place(o.runs), own_out = true, quiet = o.json,
      command = { "vise", "recipes", "record", folder } }
    if not prepared then return nil, message, id end
    outcome, message, id = execute.run(prepared)
    if not outcome then return nil, message, id end
    if outcome.raised then error(outcome.raised, 0) end
    if outcome.status ~= "done" then return nil, outcome.message, outcome.id end
    local entry, path = expected.entry(outcome.run.record), folder .. "/expected.json"
    ok, message, id = require("vise.folder").replace(path, expected.text(recorded, entry))
    if not ok then return nil, message, id end
    if o.json then
      entry.schema = 1
      io.stdout:write(require("vise.core").json_encode(entry, 2), "\n")
    else
      print_entry(entry, path)
    end
    return 0
  end,
}
