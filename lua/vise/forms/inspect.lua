--- vise inspect --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  shapes = {
    { title = "all tensors", text = "Without --histogram: the tensors in the order of the files.", fields = {
      common.schema,
      { "path", "string", "as it was given" },
      { "bytes", "integer", "of all tensors" },
      { "tensors", "table[]", "in the order of the files", fields = {
        { "name", "string", "of the tensor" },
        { "dtype", "string", "of its elements, as the file says" },
        { "shape", "integer[]", "empty for a scalar" },
        { "bytes", "integer", "in the file" },
        { "statistics", "table", "with --stats, of the types that can be computed with", optional = true,
          fields = common.statistics },
      } },
      { "manifest", "table", "of an artefact: what its quant_config.json holds", optional = true },
    } },
    { title = "one tensor", text = "With --histogram: how the values of one tensor lie.", fields = {
      common.schema,
      { "name", "string", "of the tensor" },
      { "dtype", "string", "of its elements" },
      { "lo", "number", "the lower edge of the first bin" },
      { "hi", "number", "the upper edge of the last bin" },
      { "counts", "integer[]", "elements in each bin, which are equally wide" },
      { "statistics", "table", "of the elements", fields = common.statistics },
    } },
    { title = "a map of one tensor", text = "With --heatmap: the largest element of each block.", fields = {
      common.schema,
      { "name", "string", "of the tensor" },
      { "dtype", "string", "of its elements" },
      { "what", "string", "what is given of each block", choices = { "absmax" } },
      { "rows", "integer", "blocks from top to bottom" },
      { "columns", "integer", "blocks from left to right" },
      { "values", "any[]", "row by row: numbers, null where one is not finite" },
    } },
    { title = "a recipe", text = "Of a recipe's folder: its header.", fields = {
      common.schema,
      { "path", "string", "as it was given" },
      { "recipe", "table", "what header.lua holds" },
    } },
  },
}
