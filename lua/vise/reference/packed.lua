--- Packed weights.

return {
  name = "packed",
  kind = "class",
  summary = "weights in the layout of the integer products; made by vise.coded.pack",
  functions = {
    {
      name = "bytes", arguments = {}, returns = "integer",
      text = "The bytes it takes in memory.",
      example = "packed:bytes()",
    },
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "packed:close()",
    },
    {
      name = "scheme", arguments = {}, returns = "scheme",
      text = "The scheme of the codes.",
      example = "print(packed:scheme())",
    },
    {
      name = "shape", arguments = {}, returns = "integer, integer",
      text = "Outputs and inputs.",
      example = "local outputs, inputs = packed:shape()",
    },
    {
      name = "workspace",
      arguments = { { "rows", "integer", "of the activations" } },
      returns = "integer",
      text = "The bytes that vise.coded.integer_linear takes beside its result.",
      example = "packed:workspace(256)",
    },
  },
}
