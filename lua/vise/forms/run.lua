--- vise run --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  shapes = {
    { title = "one run", text = "Without several values for a parameter.", fields = {
      common.schema,
      common.vise,
      { "recipe", "table", "what ran", fields = {
        { "name", "string", "of the recipe" },
        { "version", "string", "of the recipe" },
      } },
      common.params,
      { "model", "string|null", "as it was given" },
      { "variant", "string|null", "of the model folder" },
      { "data", "string[]", "files as they were given" },
      { "dry_run", "boolean", "nothing was done but planned" },
      { "metrics", "table[]", "in their order", fields = common.metric },
      common.results,
      { "run", "string", "the id of its log", optional = true },
    } },
    { title = "a sweep", text = "With several values for a parameter: one point for each combination.", fields = {
      common.schema,
      common.vise,
      { "points", "table[]", "in the order they ran", fields = {
        { "label", "string", "its values" },
        { "status", "string", "how it ended", choices = { "done", "failed", "interrupted" } },
        { "metric", "table", "the first metric of the recipe", optional = true, fields = common.metric },
        { "bits_per_weight", "number", "of the quantized layers", optional = true },
        { "bytes", "integer", "of the artefact", optional = true },
        { "seconds", "number", "it took", optional = true },
        { "best", "boolean", "no other point is both smaller and better" },
        { "out", "string", "its folder", optional = true },
        { "run", "string", "the id of its log", optional = true },
        { "error", "table", "why it failed", optional = true, fields = common.failure },
        { "failed", "integer", "expectations that were not met", optional = true },
        common.maybe(common.results),
      } },
    } },
  },
}
