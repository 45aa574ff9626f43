--- The job of a recipe.

return {
  name = "job",
  kind = "class",
  class = "vise.Job",
  summary = "what the body of a recipe is given",
  text = "A recipe.lua returns function(job) ... end. Failures raise: the run ends with the message and its exit "
    .. "status, and models that the job opened are closed on every way out.",
  job = true,
  fields = {
    { "params", "table<string, any>", "the recipe's parameters, typed and complete" },
    { "model", "vise.Model", "opened when first asked for, from --model" },
    { "data", "string[]", "the files given with --data" },
    { "folder", "string", "the recipe's own folder: what it ships lies there" },
    { "out", "string", "the folder given with --out", optional = true },
    { "expects", "table[]", "the header's expected results" },
    { "dry_run", "boolean", "plan only; job:quantize ends the run" },
    { "results", "table[]", "what was reported, in order" },
    { "failed", "integer", "how many expectations were not met" },
  },
  functions = {},
}
