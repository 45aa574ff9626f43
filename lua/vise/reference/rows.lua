--- Rows of activations.

return {
  name = "rows",
  kind = "class",
  summary = "activations in the layout of the products; made by vise.coded.rows",
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer" } },
      text = "The bytes they take in memory.",
      example = "rows:bytes()",
    },
    {
      name = "close", arguments = {},
      text = "Frees their memory at once.",
      example = "rows:close()",
    },
    {
      name = "kind", arguments = {}, returns = { { "string" } },
      text = "What they hold: f32, int8, grouped or float8.",
      example = "rows:kind()",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer" }, { "integer" } },
      text = "The shape of the tensor they were made from.",
      example = "rows:shape()",
    },
  },
}
