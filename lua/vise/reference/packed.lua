--- Packed weights.

return {
  name = "packed",
  kind = "class",
  summary = "weights in the layout of the products; made by vise.coded.pack and pack_floats",
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer" } },
      text = "The bytes it takes in memory.",
      example = "packed:bytes()",
    },
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "packed:close()",
    },
    {
      name = "kind", arguments = {}, returns = { { "string" } },
      text = "What the codes are: int8, nibble, float8, or the float type of weights as they are.",
      example = "packed:kind()",
    },
    {
      name = "scheme", arguments = {}, returns = { { "vise.Scheme?" } },
      text = "The scheme of the codes; nil for floats.",
      example = "print(packed:scheme())",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer" }, { "integer" } },
      text = "Outputs and inputs.",
      example = "local outputs, inputs = packed:shape()",
    },
    {
      name = "workspace",
      arguments = { { "rows", "integer", "of the activations" },
        { "activation", "vise.Scheme", "theirs", optional = true, otherwise = "they stay float" },
        { "rank", "integer", "of the low-rank branch", optional = true, default = 0 } },
      returns = { { "integer" } },
      text = "The bytes of the rows that vise.coded.rows makes.",
      example = "packed:workspace(256)",
    },
  },
}
