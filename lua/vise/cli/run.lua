--- vise run: a recipe on a model.

-- What the run was, as data beside its results: enough to repeat it.
local function record(recipe, job, ctx)
  local core = require "vise.core"
  return {
    schema = 1,
    vise = require "vise.version",
    recipe = { name = recipe.header.name, version = recipe.header.version },
    params = job.params,
    model = ctx.options.model or core.null,
    variant = ctx.options.variant or core.null,
    data = core.array(ctx.options.data),
    dry_run = job.dry_run,
    results = job.results,
  }
end

return {
  name = "run",
  summary = "runs a recipe on a model",
  text = "A recipe is a folder: header.lua says what it is and which parameters it takes, recipe.lua does "
    .. "it. The parameters are checked before anything runs. With --out the results are written there, and "
    .. "run.json says what they were made from.",
  arguments = {
    { name = "recipe", type = "place", complete = "recipes", help = "the recipe's folder, or its name" },
  },
  options = {
    { name = "model", short = "m", type = "path", value = "DIR",
      help = "a model folder or .safetensors file" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "data", short = "d", type = "file", repeatable = true,
      help = "calibration or evaluation data" },
    { name = "out", short = "o", type = "place", value = "DIR", help = "the folder for the results" },
    { name = "param", short = "p", type = "pair", repeatable = true, complete = "parameters",
      help = "a parameter of the recipe" },
    { name = "dry-run", short = "n", type = "flag", help = "print the plan and stop; touch nothing" },
    { name = "params", type = "flag", help = "list the recipe's parameters and stop" },
    { name = "json", type = "flag", help = "print the results as one JSON object" },
  },
  examples = {
    { "vise run recipes/quickstart --out out/quickstart", "the main job on the models that come with vise" },
    { "vise run my-recipe --model models/dit --out out -p rank=8", "a parameter changed" },
    { "vise run recipes/int8 --model models/dit --variant fp16 --out out", "a model quantized, saved and measured" },
    { "vise run my-recipe --model models/dit --dry-run", "what would be done, and how big it gets" },
  },
  run = function(ctx)
    local params = require "vise.recipe.params"
    local recipe, message, id = require("vise.recipe").open(ctx.args.recipe)
    if not recipe then return nil, message, id end
    local specs = recipe.header.params or {}
    if ctx.options.params then
      io.stdout:write(require("vise.text").columns(params.rows(specs)))
      return 0
    end
    local values
    values, message, id = params.values(specs, ctx.options.param)
    if not values then return nil, message, id end

    local jobs, core = require "vise.job", require "vise.core"
    local job = jobs.new(recipe, { params = values, model = ctx.options.model,
      variant = ctx.options.variant, data = ctx.options.data,
      out = ctx.options.out, dry_run = ctx.options.dry_run, quiet = ctx.options.json })
    local done
    done, message, id = jobs.run(job)
    if not done then return nil, message, id end
    local shown = core.json_encode(record(recipe, job, ctx), 2) .. "\n"
    if job.out and not job.dry_run then
      done, message, id = require("vise.fail").catch(job.write, job, "run.json", shown)
      if not done then return nil, message, id end
    end
    if ctx.options.json then io.stdout:write(shown) end
    return job.failed > 0 and 1 or 0
  end,
}
