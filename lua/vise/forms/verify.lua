--- vise verify --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "artefact", "string", "as it was given" },
    { "ok", "boolean", "nothing is damaged" },
    { "hashed", "boolean", "there are hashes, and they were compared" },
    { "layout", "string", "vise or cache-dit", optional = true },
    { "quant_type", "string", "of the artefact", optional = true },
    { "checkpoint", "string", "the path of the .safetensors file", optional = true },
    { "bytes", "integer", "of that file", optional = true },
    { "tensors", "integer", "in that file", optional = true },
    { "problems", "table[]", "everything that is wrong", fields = {
      { "id", "string", "the error id" },
      { "message", "string", "where, what was found, what was expected" },
      { "tensor", "string", "the damaged tensor", optional = true },
    } },
  },
}
