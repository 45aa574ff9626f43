--- vise run --json, and run.json beside the results.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    common.vise,
    { "recipe", "table", "what ran", fields = {
      { "name", "string", "of the recipe" },
      { "version", "string", "of the recipe" },
    } },
    { "params", "table<string, any>", "the value of every parameter" },
    { "model", "string|null", "as it was given" },
    { "variant", "string|null", "of the model folder" },
    { "data", "string[]", "files as they were given" },
    { "dry_run", "boolean", "nothing was done but planned" },
    { "results", "table[]", "what the recipe reported", fields = {
      { "name", "string", "of the result" },
      { "data", "any", "as the recipe gave it" },
    } },
  },
}
