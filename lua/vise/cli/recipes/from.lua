--- vise recipes from: a package from a run.

return {
  name = "from",
  summary = "makes a package from a run that is done",
  text = "The recipe of the run under a new name: its parameters' values become the defaults (params.json), what it "
    .. "measured is in expected.json, and lock.json holds it to the model and data of the run.",
  arguments = {
    { name = "run", type = "string", complete = "runs", help = "a run's id, the beginning of one, or last" },
    { name = "name", type = "string", help = "the new recipe's name: lower-case words joined by '-'" },
  },
  options = {
    { name = "to", type = "place", value = "DIR", help = "the folder to write; ./NAME if not given" },
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise recipes from last my-int8", "then: vise run my-int8" },
  },
  run = function(ctx)
    local runs = require "vise.runs"
    local run, message, id = runs.find(runs.place(ctx.options.runs), ctx.args.run)
    if not run then return nil, message, id end
    local made
    made, message, id = require("vise.recipe.from_run").make(run, ctx.args.name, ctx.options.to or ctx.args.name)
    if not made then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode({ schema = 1, folder = made.folder, name = ctx.args.name,
        package = made.package.hash, of = run.id }, 2), "\n")
    else
      io.stdout:write(require("vise.text").table {
        { "made", ("%s, %d files, from run %s"):format(made.folder, #made.package.files, run.id) },
        { "run", "vise run " .. made.folder },
      })
    end
    return 0
  end,
}
