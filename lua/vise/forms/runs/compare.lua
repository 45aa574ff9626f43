--- vise runs compare --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "runs", "table[]", "the run.json of each", fields = require("vise.forms.files.run").fields },
  },
}
