--- vise diff --json.

local common = require "vise.forms.common"

local layer = {
  { "type", "string", "its quant type" },
  { "bytes", "integer", "of its tensors" },
  { "weight_error", "number", "relative L2", optional = true },
  { "output_error", "number", "relative L2", optional = true },
}

local function sides(type)
  return { { "a", type, "of the first side", optional = true }, { "b", type, "of the second side", optional = true } }
end

---@type vise.Form
return {
  fields = {
    common.schema,
    { "a", "string", "the first side as it was given" },
    { "b", "string", "the second side as it was given" },
    { "kind", "table", "what each side is", fields = sides "string" },
    { "verdict", "string", "one sentence" },
    { "causes", "table[]", "what the two were made from, where it differs", fields = common.with({
      { "what", "string", "parameter rank, model file config.json, ..." },
    }, sides "any") },
    { "metrics", "table[]", "what was measured", fields = common.with({
      { "name", "string", "of the metric" },
      { "unit", "string", "of the value", optional = true },
      { "better", "string", "which way", optional = true, choices = { "higher", "lower" } },
    }, sides "number|string") },
    { "layers", "table[]", "the layers that differ", fields = {
      { "name", "string", "of the layer" },
      { "a", "table", "in the first side", optional = true, fields = layer },
      { "b", "table", "in the second side", optional = true, fields = layer },
    } },
    { "layers_total", "integer", "layers in either side" },
    { "bytes", "table", "of the .safetensors files", fields = sides "integer" },
    { "same_bytes", "boolean", "of two artefacts: every file is the same", optional = true },
    { "file_difference", "string", "the first file that differs", optional = true },
  },
}
