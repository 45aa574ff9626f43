--- vise recipes list --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "recipes", "table[]", "by name", fields = {
      { "name", "string", "of the recipe" },
      { "folder", "string", "where it lies" },
      { "origin", "string", "of that folder", choices = { "path", "user", "shipped" } },
      { "version", "string", "three numbers", optional = true },
      { "summary", "string", "one line", optional = true },
      { "kind", "string", "of recipe", optional = true },
      { "license", "string", "an SPDX name", optional = true },
      { "error", "table", "why its header cannot be read", optional = true, fields = common.failure },
    } },
  },
}
