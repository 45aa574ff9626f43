--- vise stats convert --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "file", "string", "that was written" },
    { "form", "string", "of the file", choices = { "vise", "imatrix", "imatrix-dat" } },
    { "layers", "integer", "in it" },
    { "kinds", "string[]", "of the statistics that were read" },
  },
}
