--- vise run: a recipe on a model.

-- The words that began this run, for its log.
local function words_of(ctx)
  local words = { "vise", "run", ctx.args.recipe }
  local o = ctx.options
  for _, name in ipairs { "model", "variant", "out" } do
    if o[name] then table.move({ "--" .. name, o[name] }, 1, 2, #words + 1, words) end
  end
  for _, path in ipairs(o.data) do table.move({ "--data", path }, 1, 2, #words + 1, words) end
  for _, pair in ipairs(o.param) do table.move({ "-p", table.concat(pair, "=") }, 1, 2, #words + 1, words) end
  if o.resume then words[#words + 1] = "--resume" end
  if o.locked then words[#words + 1] = "--locked" end
  return words
end

local function request_of(ctx)
  local o = ctx.options
  return {
    recipe = ctx.args.recipe, given = o.param, model = o.model, variant = o.variant, data = o.data, out = o.out,
    place = not o.no_log and not o.dry_run and require("vise.runs").place(o.runs) or nil,
    dry_run = o.dry_run, resume = o.resume, quiet = o.json, locked = o.locked, command = words_of(ctx),
  }
end

-- The lines that say where everything is and how to do it again; on stderr, where results are not.
local function say_where(outcome)
  local rows, run = {}, outcome.run
  for _, saved in ipairs(outcome.job.saved) do
    rows[#rows + 1] = { "artefact", ("%s (%s)"):format(saved.file:match "^(.*)/[^/]*$",
      require("vise.text").bytes(saved.bytes)) }
  end
  if run then
    local page = run.folder .. "/report.html"
    local drawn = require("vise.core").disk.exists(page)
    rows[#rows + 1] = { drawn and "report" or "log", drawn and page or run.folder }
    rows[#rows + 1] = { "again", "vise rerun " .. run.id }
  end
  if #rows > 0 then io.stderr:write(require("vise.text").table(rows)) end
end

local function one(prepared, json)
  local execute = require "vise.runs.execute"
  local outcome, message, id = execute.run(prepared)
  if not outcome then return nil, message, id end
  if outcome.status ~= "done" and outcome.run then outcome.job:log("the log of this run is %s", outcome.run.folder) end
  for _, path in ipairs(outcome.status ~= "done" and outcome.job:unfinished() or {}) do
    outcome.job:log("%s holds what is done: --resume goes on from there", path)
  end
  if outcome.raised then error(outcome.raised, 0) end
  if outcome.status ~= "done" then return nil, outcome.message, outcome.id end
  if json then io.stdout:write(execute.summary(prepared, outcome.job)) else say_where(outcome) end
  return outcome.job.failed > 0 and 1 or 0
end

local function many(request, points, json)
  local sweep, text = require "vise.runs.sweep", require "vise.text"
  local results = sweep.run(request, points)
  if json then
    local core = require "vise.core"
    local all = { schema = 1, vise = require "vise.version", points = sweep.plain(results) }
    io.stdout:write(core.json_encode(all, 2), "\n")
  else
    io.stdout:write(sweep.table(results))
    if request.out then io.stderr:write(text.escape(("results: %s/POINT"):format(request.out)), "\n") end
    if request.place then io.stderr:write(text.escape(("reports: %s/RUN/report.html"):format(request.place)), "\n") end
  end
  local failed, unmet = 0, 0
  for _, r in ipairs(results) do
    if r.id == "E-RN-01" then return nil, "the sweep was interrupted", "E-RN-01" end
    if r.id then failed = failed + 1 else unmet = unmet + r.outcome.job.failed end
  end
  if failed > 0 then return nil, ("%d of %d points of the sweep failed"):format(failed, #points), "E-RU-06" end
  return unmet > 0 and 1 or 0
end

-- What would be run: every value and where it comes from.
local function print_config(prepared, points, request)
  local rows, header = {}, prepared.opened.header
  local function add(name, value, from) rows[#rows + 1] = { name, value or "none", from or "" } end
  add("recipe", ("%s %s"):format(header.name, header.version), prepared.opened.folder)
  add("model", prepared.model, prepared.model and not request.model and "params.json" or "")
  if prepared.variant then add("variant", prepared.variant) end
  for _, path in ipairs(prepared.data) do add("data", path, #request.data == 0 and "params.json" or "") end
  add("out", request.out)
  add("log", request.place)
  local given = {}
  for _, pair in ipairs(request.given) do
    given[(type(pair) == "string" and pair or pair[1]):match "[%w_]+" or ""] = true
  end
  for _, point in ipairs(points) do
    if #points > 1 then rows[#rows + 1] = { point.label } end
    local names = {}
    for name in pairs(point.values) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      local shown = require("vise.recipe.params").show(prepared.specs[name], point.values[name])
      local from = given[name] and "given" or prepared.resolved.params[name] ~= nil and "params.json" or "default"
      add("  " .. name, shown == "" and "none" or shown, from)
    end
  end
  io.stdout:write(require("vise.text").table(rows))
  return 0
end

return {
  name = "run",
  summary = "runs a recipe on a model",
  text = "A recipe is a folder, or the name of one that `vise recipes` lists: header.lua says what it is and which "
    .. "parameters it takes, recipe.lua does it. Everything is checked before anything runs. With --out the results "
    .. "are written there. Each run has a log, RUNS/ID/: its parameters, hashes of model and data, metrics, lines, "
    .. "report.html and the recipe itself; `vise runs` lists them and `vise rerun` repeats one. Several values for a "
    .. "parameter, -p bits=3,4, are a sweep: each runs into a folder of its own, and a table compares them.",
  arguments = {
    { name = "recipe", type = "string", complete = "recipes", help = "the recipe's folder, or its name" },
  },
  options = {
    { name = "model", short = "m", type = "path", value = "DIR",
      help = "a model folder or .safetensors file" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "data", short = "d", type = "file", repeatable = true,
      help = "calibration or evaluation data" },
    { name = "out", short = "o", type = "place", value = "DIR", help = "the folder for the results" },
    { name = "param", short = "p", type = "pair", repeatable = true, complete = "parameters",
      help = "a parameter of the recipe; several values with commas are a sweep" },
    { name = "dry-run", short = "n", type = "flag", help = "print the plan and stop; touch nothing" },
    { name = "resume", type = "flag", help = "go on from what a run left in OUT.work" },
    { name = "params", type = "flag", help = "list the recipe's parameters and stop" },
    { name = "print-config", type = "flag", help = "print what would be run, with every value, and stop" },
    { name = "locked", type = "flag", help = "refuse to run if anything differs from the recipe's lock.json" },
    { name = "runs", type = "place", value = "DIR", help = "the folder of the runs' logs; VISE_RUNS, else ./runs" },
    { name = "no-log", type = "flag", help = "keep no log of this run" },
    { name = "json", type = "flag", help = "print the results as one JSON object" },
  },
  examples = {
    { "vise run recipes/quickstart --out out/quickstart", "the main job on the models that come with vise" },
    { "vise run my-recipe --model models/dit --out out -p rank=8", "a parameter changed" },
    { "vise run recipes/int8 --model models/dit --variant fp16 --out out", "a model quantized, saved and measured" },
    { "vise run svdq --model models/dit --out out -p rank=8,16,32", "three runs and a table" },
    { "vise run out/artefact/recipe --locked --out again", "the same bytes again, or the difference by name" },
    { "vise run my-recipe --model models/dit --dry-run", "what would be done, and how big it gets" },
  },
  run = function(ctx)
    local params = require "vise.recipe.params"
    local request = request_of(ctx)
    if ctx.options.params then
      return require("vise.cli.recipes.params").run { args = ctx.args, options = { param = ctx.options.param } }
    end
    local prepared, points, message, id
    prepared, message, id = require("vise.runs.execute").read(request)
    if not prepared then return nil, message, id end
    points, message, id = params.points(prepared.specs, ctx.options.param)
    if not points then return nil, message, id end
    if ctx.options.print_config then return print_config(prepared, points, request) end
    if #points > 1 then return many(request, points, ctx.options.json) end
    prepared.values = points[1].values
    return one(prepared, ctx.options.json)
  end,
}
