--- vise calibrate --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "file", "string", "that was written" },
    { "sha256", "string", "of its bytes" },
    { "model", "string", "the hash of the model's tensors" },
    { "family", "string", "of the model" },
    { "kinds", "string[]", "that were gathered" },
    { "layers", "integer", "that were observed" },
    { "rows", "integer", "that the first of them saw" },
    { "parts", "integer", "of the data that were run" },
    { "of_parts", "integer", "into which the data is cut" },
    { "data", "table<string, any>", "what the model was run on: kind and hash, or the options of its workload" },
  },
}
