--- vise recipes record --json: the entry that was written to expected.json.

local common = require "vise.forms.common"

---@type vise.Form
return { fields = common.with({ common.schema }, require("vise.forms.files.expected").entry) }
