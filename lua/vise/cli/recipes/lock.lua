--- vise recipes lock: the hashes that `vise run --locked` holds a run to.

return {
  name = "lock",
  summary = "writes lock.json: hashes of recipe, model and data",
  text = "`vise run PKG --locked` with the same --model, --data and -p then refuses to run if any byte of the recipe, "
    .. "its assets, the model or the data is another one, or a parameter, or the engine, and names it.",
  arguments = {
    { name = "package", type = "string", complete = "recipes", help = "the recipe's folder" },
  },
  options = {
    { name = "model", short = "m", type = "path", value = "DIR", help = "the model that runs will take" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "data", short = "d", type = "file", repeatable = true, help = "the data that runs will take" },
    { name = "param", short = "p", type = "pair", repeatable = true, complete = "parameters",
      help = "a parameter of the recipe" },
    { name = "json", type = "flag", help = "print the lock" },
  },
  examples = {
    { "vise recipes lock my-recipe --model models/dit", "then: vise run my-recipe --model models/dit --locked" },
  },
  run = function(ctx)
    local o = ctx.options
    local lock, message, id = require("vise.runs.prepare").lock { recipe = ctx.args.package, given = o.param,
      model = o.model, variant = o.variant, data = o.data }
    if not lock then return nil, message, id end
    if o.json then
      io.stdout:write(lock.text)
      return 0
    end
    local about = lock.lock
    io.stdout:write(require("vise.text").table {
      { "locked", ("%s %s, %d files, %d assets"):format(about.recipe.name, about.recipe.version, #about.files,
        #about.assets) },
      { "model", about.model and ("%d files"):format(#about.model.files) or "none: runs with --model will be refused" },
      { "data", ("%d files"):format(#about.data) },
      { "engine", ("vise %s, %s"):format(about.engine.vise, about.engine.class) },
      { "file", lock.path },
    })
    return 0
  end,
}
