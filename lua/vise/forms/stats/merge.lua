--- vise stats merge --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "file", "string", "that was written" },
    { "sha256", "string", "of its bytes" },
    { "files", "integer", "that were merged" },
    { "parts", "integer", "of the data that it covers" },
    { "of_parts", "integer", "into which the data is cut" },
  },
}
