--- The class of coded matrices.

return {
  name = "coded_tensor",
  kind = "class",
  summary = "a matrix as codes, scales and zero points; made by vise.coded.encode",
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer" } },
      text = "The bytes of its tensors, as they are saved.",
      example = "coded:bytes()",
    },
    {
      name = "close", arguments = {},
      text = "Frees its tensors at once. `local c <close>` does it.",
      example = "coded:close()",
    },
    {
      name = "decode",
      arguments = {
        { "out", "vise.Tensor", "where the result goes", optional = true, otherwise = "a new tensor" },
      },
      returns = { { "vise.Tensor" } },
      text = "The values that the codes stand for, f32.",
      example = "local w = coded:decode()",
    },
    {
      name = "scheme", arguments = {}, returns = { { "vise.Scheme" } },
      text = "The scheme it was made by.",
      example = "print(coded:scheme())",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer" }, { "integer" } },
      text = "Rows and columns of the matrix.",
      example = "local rows, columns = coded:shape()",
    },
    {
      name = "tensors", arguments = {}, returns = { { "table" } },
      text = "codes, scale and, if the scheme has them, zero or second; they share the memory of the coded matrix.",
      example = "local codes = coded:tensors().codes",
    },
  },
}
