--- vise recipes check --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "ok", "boolean", "no package has errors" },
    { "packages", "table[]", "as they were given", fields = {
      { "name", "string", "of the recipe, else of its folder" },
      { "version", "string", "of the recipe", optional = true },
      { "folder", "string", "where it lies" },
      { "ok", "boolean", "it has no errors" },
      { "errors", "string[]", "what must be put right" },
      { "notes", "string[]", "what could be better" },
      { "sentence", "string[]", "what a person is told before trusting it" },
      { "tests", "table[]", "the files of test/", fields = {
        { "name", "string", "of the file" },
        { "seconds", "number", "it took" },
        { "problem", "string", "why it failed", optional = true },
      } },
      { "dry_runs", "table[]", "on the small models that come with vise", fields = {
        { "family", "string", "of the model" },
        { "params", "string", "defaults, or the values drawn" },
        { "outcome", "string", "planned, or the refusal" },
      } },
    } },
  },
}
