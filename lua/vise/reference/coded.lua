--- Coded tensors: schemes applied to matrices.

local OUT = { "out", "tensor", "where the result goes", optional = true, default = "a new tensor" }

return {
  name = "coded",
  kind = "module",
  summary = "matrices as codes, scales and zero points, and products with them",
  functions = {
    {
      name = "decoded_linear",
      arguments = {
        { "x", "tensor", "f32 [..., inputs]" },
        { "w", "coded", "[outputs, inputs]" },
        { "bias", "tensor", "[outputs], any float type", optional = true },
        OUT,
      },
      returns = "tensor",
      text = "x decode(w)' + bias: weights are decoded by tiles, the product is float.",
      example = "local y = vise.coded.decoded_linear(x, coded)",
    },
    {
      name = "encode",
      arguments = {
        { "scheme", "scheme", "what vise.scheme returns" },
        { "x", "tensor", "a float matrix" },
        { "options", "table", "search = true: of each run the scale that gives the least squared error, among "
          .. "multiples of the convention's own from 0.60 to 1.00 (floats 1.20)", optional = true },
      },
      returns = "coded | nil, message, id",
      text = "Makes codes of a matrix by the scheme's convention. A range that is not finite is an error that "
        .. "names its row.",
      example = "local c = assert(vise.coded.encode(scheme, weight))",
    },
    {
      name = "integer_linear",
      arguments = {
        { "x", "tensor", "f32 [..., inputs]" },
        { "w", "packed", "what vise.coded.pack returns" },
        { "activation", "scheme", "how x is made codes of, row by row" },
        { "bias", "tensor", "[outputs], any float type", optional = true },
        OUT,
        { "scale", "number", "the one scale of x, for schemes per tensor", optional = true, default = "found in x" },
      },
      returns = "tensor | nil, message, id",
      text = "x w' + bias with both sides as codes: sums are integers, scales are applied to them.",
      example = "local y = vise.coded.integer_linear(x, packed, per_token)",
    },
    {
      name = "pack",
      arguments = { { "coded", "coded", "weights [outputs, inputs]" } },
      returns = "packed | nil, message, id",
      text = "The layout that integer products read. It is derived from the codes and never saved.",
      example = "local packed = assert(vise.coded.pack(coded))",
    },
    {
      name = "packed_bytes",
      arguments = { { "scheme", "scheme", "of the weights" }, { "shape", "integer[]", "{ outputs, inputs }" } },
      returns = "integer",
      text = "The bytes that vise.coded.pack would take.",
      example = "vise.coded.packed_bytes(scheme, { 4096, 4096 })",
    },
    {
      name = "rebuild",
      arguments = {
        { "scheme", "scheme", "of the codes" },
        { "shape", "integer[]", "{ rows, columns }" },
        { "tensors", "table", "codes, scale and, if the scheme has them, zero or second" },
      },
      returns = "coded | nil, message, id",
      text = "A coded matrix from its saved tensors, whose shapes and types are checked.",
      example = "local c = assert(vise.coded.rebuild(scheme, { 64, 64 }, saved:tensors()))",
    },
    {
      name = "simulate",
      arguments = {
        { "scheme", "scheme", "what vise.scheme returns" },
        { "x", "tensor", "a float matrix" },
        { "out", "tensor", "where the result goes; x itself, if it is f32", optional = true,
          default = "a new tensor" },
        { "scale", "number", "the one scale of x, for schemes per tensor", optional = true, default = "found in x" },
      },
      returns = "tensor | nil, message, id",
      text = "What the codes of x stand for, without keeping them: encode and decode in one pass.",
      example = "local seen = assert(vise.coded.simulate(per_token, x))",
    },
  },
}
