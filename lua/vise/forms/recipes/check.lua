--- vise recipes check --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "ok", "boolean", "no package has errors" },
    { "packages", "table[]", "in the order they were given", fields = {
      { "name", "string", "of the recipe; the folder's where the header cannot be read" },
      { "version", "string", "of the recipe", optional = true },
      { "folder", "string", "where it lies" },
      { "ok", "boolean", "it has no errors" },
      { "errors", "string[]", "what must be put right" },
      { "notes", "string[]", "what could be better" },
      { "sentence", "string[]", "what a person is told before trusting it, five lines at most" },
      { "tests", "table[]", "the files of test/", fields = {
        { "name", "string", "of the file" },
        { "seconds", "number", "it took" },
        { "cpu", "number", "seconds of all threads together" },
        { "problem", "string", "why it failed", optional = true },
      } },
      { "dry_runs", "table[]", "sets of parameters that were tried", fields = {
        { "params", "string", "those that are not the header's, or defaults" },
        { "family", "string", "of the model" },
        { "outcome", "string", "planned, or the error that refused it" },
      } },
    } },
  },
}
