--- run.json: the record of a run.

local common = require "vise.forms.common"

local located = {
  { "given", "string", "as it was given" },
  { "path", "string", "from the root" },
}

---@type vise.Form
return {
  name = "run",
  title = "run.json of a run",
  summary = "the log of a run",
  text = "Every `vise run` keeps a folder, `RUNS/ID/`: `run.json` says what the run was, `params.json` holds the "
    .. "values of its parameters, `metrics.jsonl` and `log.jsonl` grow as it goes, a line of JSON each, `report.html` "
    .. "is to be read, `recipe/` is the package that ran. Times and ids are nowhere else: artefacts have none.",
  fields = {
    common.schema,
    { "id", "string", "of the run: the name of its folder" },
    { "status", "string", "how it ended", choices = { "running", "done", "failed", "interrupted" } },
    { "started", "string", "in UTC, ISO 8601" },
    { "finished", "string", "in UTC, ISO 8601", optional = true },
    { "seconds", "number", "it took", optional = true },
    { "host", "string", "where it ran" },
    { "pid", "integer", "of the process, while it runs", optional = true },
    { "began", "integer|string", "of that process, to tell it from another of its number", optional = true },
    common.vise,
    common.engine,
    { "cpu", "string", "its name" },
    { "threads", "integer", "that computed" },
    { "command", "string[]", "the words that began it" },
    { "label", "string", "of a point of a sweep", optional = true },
    { "locked", "boolean", "it was held to lock.json" },
    { "recipe", "table", "what ran", fields = common.with(common.package, {
      { "from", "string", "its folder as it was found" },
      { "path", "string", "the same from the root" },
    }) },
    common.params,
    { "model", "table", "of --model", optional = true, fields = common.with(located, {
      { "variant", "string", "of the folder", optional = true },
      { "files", "table[]", "that it is made of", fields = common.file },
    }) },
    { "data", "table[]", "the files of --data", fields = common.with(located, common.file) },
    { "out", "table", "of --out", optional = true, fields = located },
    { "metrics", "table[]", "in their order", fields = common.metric },
    { "quantized", "table[]", "one for each quantization", fields = {
      { "label", "string", "of the quantization" },
      { "bits_per_weight", "number", "of the quantized layers" },
      { "file_bytes", "integer", "of its file" },
      { "layers", "integer", "that were quantized" },
      { "skipped", "integer", "that were not" },
    } },
    common.results,
    { "failed", "integer", "expectations that were not met" },
    { "artefacts", "table[]", "in the output folder", fields = {
      { "name", "string", "its folder there" },
      { "files", "table[]", "of the artefact", fields = common.file },
    } },
    { "outputs", "table[]", "other files in the output folder", fields = common.file },
    { "error", "table", "why it failed", optional = true, fields = common.failure },
  },
}
