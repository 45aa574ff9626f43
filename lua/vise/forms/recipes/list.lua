--- vise recipes list --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "recipes", "table[]", "what can be run by name, by name", fields = {
      { "name", "string", "to call it by" },
      { "version", "string", "of the recipe", optional = true },
      { "summary", "string", "one line", optional = true },
      { "kind", "string", "what it is", optional = true },
      { "license", "string", "an SPDX name", optional = true },
      { "origin", "string", "where it is from", choices = { "path", "user", "shipped" } },
      { "folder", "string", "where it lies" },
      { "error", "table", "why its header cannot be read", optional = true, fields = {
        { "id", "string", "of the error" },
        { "message", "string", "where, what was found, what was expected" },
      } },
    } },
  },
}
