--- vise doctor --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    common.vise,
    { "checks", "table[]", "in the order they are printed", fields = {
      { "name", "string", "what was looked at" },
      { "state", "string", "how it is", choices = { "ok", "warn", "fail" } },
      { "found", "string", "what was found" },
      { "next", "string", "what to do, unless it is ok", optional = true },
    } },
  },
}
