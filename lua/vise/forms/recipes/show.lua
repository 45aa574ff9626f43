--- vise recipes show --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "folder", "string", "where the recipe lies" },
    { "header", "table", "its header, with what it inherits" },
    { "chain", "table[]", "itself, then each recipe that the one before extends", fields = {
      { "name", "string", "of the recipe" },
      { "version", "string", "of the recipe" },
      { "folder", "string", "where it lies" },
    } },
    { "files", "string[]", "in its folder; folders end with /" },
  },
}
