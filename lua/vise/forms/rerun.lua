--- vise rerun --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "of", "string", "the run that was repeated" },
    { "run", "string", "the id of the new log", optional = true },
    { "out", "string", "where the results are", optional = true },
    { "same", "boolean", "every artefact has the same bytes" },
    { "artefacts", "table[]", "of the first run", fields = {
      { "name", "string", "its folder" },
      { "files", "integer", "in it" },
      { "difference", "string", "the first; absent if there is none", optional = true },
    } },
    common.results,
  },
}
