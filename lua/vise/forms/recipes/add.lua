--- vise recipes add --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = common.with({ common.schema }, common.with(common.package, {
    { "summary", "string", "one line" },
    { "folder", "string", "where it lies now" },
    { "files", "table[]", "of the package", fields = common.package_file },
  })),
}
