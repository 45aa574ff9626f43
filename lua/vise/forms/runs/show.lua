--- vise runs show --json: the run's run.json.

---@type vise.Form
return { fields = require("vise.forms.files.run").fields }
