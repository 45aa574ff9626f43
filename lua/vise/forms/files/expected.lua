--- expected.json: what the runs of a package measured.

local common = require "vise.forms.common"

local entry = {
  { "model", "string", "a hash of the model's files", optional = true },
  { "model_name", "string", "its folder's name", optional = true },
  common.params,
  { "metrics", "table[]", "in their order", fields = common.metric },
  { "bits_per_weight", "number", "of the quantized layers", optional = true },
  { "bytes", "integer", "of the artefact", optional = true },
  { "seconds", "number", "it took" },
  { "machine", "table", "that it ran on", fields = {
    { "cpu", "string", "its name" },
    { "class", "string", "of the engine" },
    { "threads", "integer", "that computed" },
  } },
  common.vise,
}

---@type vise.Form
return {
  name = "expected",
  title = "expected.json of a recipe",
  summary = "what the runs of a recipe measured",
  text = "`vise recipes record` writes it: one entry for each model and set of parameters.",
  fields = {
    common.schema,
    { "recorded", "table[]", "what was measured", fields = entry },
  },
  entry = entry,
}
