--- vise runs --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "place", "string", "the folder of the logs" },
    { "runs", "table[]", "the oldest first", fields = {
      { "id", "string", "of the run" },
      { "folder", "string", "its log" },
      { "recipe", "string", "its name" },
      { "version", "string", "of the recipe" },
      { "model", "string", "as it was given", optional = true },
      { "status", "string", "how it ended", choices = { "running", "done", "failed", "interrupted" } },
      { "started", "string", "in UTC, ISO 8601" },
      { "seconds", "number", "it took", optional = true },
      { "metric", "table", "the first that was measured, its last value", optional = true, fields = common.metric },
      { "bits_per_weight", "number", "of the quantized layers", optional = true },
      { "bytes", "integer", "of the artefacts", optional = true },
      { "failed", "integer", "expectations that were not met", optional = true },
      { "label", "string", "of a point of a sweep", optional = true },
    } },
    { "problems", "string[]", "logs that cannot be read" },
  },
}
