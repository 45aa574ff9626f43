--- vise recipes pack --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = common.with({ common.schema }, common.with(common.package, {
    { "file", "string", "the archive" },
    { "bytes", "integer", "of the archive" },
    { "sha256", "string", "of the archive" },
    { "files", "integer", "in it" },
  })),
}
