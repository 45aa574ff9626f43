--- vise explain --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "topic", "string", "as it was given" },
    { "path", "string", "where the layer is", optional = true },
    { "text", "string", "the explanation" },
  },
}
