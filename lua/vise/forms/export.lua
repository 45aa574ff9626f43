--- vise export --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "layout", "string", "that was written", choices = { "cache-dit", "vise" } },
    { "file", "string", "the path of the .safetensors file" },
    { "bytes", "integer", "of that file" },
    { "layers", "integer", "quantized layers in it" },
  },
}
