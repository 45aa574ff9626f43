--- vise recipes lock --json: the lock that was written.

---@type vise.Form
return { fields = require("vise.forms.files.lock").fields }
