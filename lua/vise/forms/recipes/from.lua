--- vise recipes from --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "name", "string", "of the new recipe" },
    { "folder", "string", "where it lies" },
    { "package", "string", "the hash of its files" },
    { "of", "string", "the run that it was made from" },
  },
}
