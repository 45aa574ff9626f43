--- Coded tensors: schemes applied to matrices.

local OUT = { "out", "vise.Tensor", "where the result goes", optional = true, otherwise = "a new tensor" }

return {
  name = "coded",
  kind = "module",
  summary = "matrices as codes, scales and zero points, and products with them",
  functions = {
    {
      name = "encode",
      arguments = {
        { "scheme", "vise.Scheme", "what vise.scheme returns" },
        { "x", "vise.Tensor", "a float matrix" },
        { "options", "table", "search = true: of each run the scale that gives the least squared error, among "
          .. "multiples of the convention's own from 0.60 to 1.00 (floats 1.20)", optional = true },
      },
      returns = { { "vise.Coded" } }, fails = true,
      text = "Makes codes of a matrix by the scheme's convention. A range that is not finite is an error that "
        .. "names its row.",
      example = "local c = assert(vise.coded.encode(scheme, weight))",
    },
    {
      name = "pack",
      arguments = { { "coded", "vise.Coded", "weights [outputs, inputs]" } },
      returns = { { "vise.Packed" } }, fails = true,
      text = "The layout that products read. It is derived from the codes and never saved.",
      example = "local packed = assert(vise.coded.pack(coded))",
    },
    {
      name = "pack_floats",
      arguments = { { "weight", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]" } },
      returns = { { "vise.Packed" } }, fails = true,
      text = "The same layout for weights as they are.",
      example = "local packed = assert(vise.coded.pack_floats(weight))",
    },
    {
      name = "packed_bytes",
      arguments = { { "scheme", "vise.Scheme|string", "of the weights, or the float type" },
        { "shape", "integer[]", "{ outputs, inputs }" } },
      returns = { { "integer" } },
      text = "The bytes that vise.coded.pack or pack_floats would take.",
      example = "vise.coded.packed_bytes(scheme, { 4096, 4096 })",
    },
    {
      name = "product",
      arguments = {
        { "rows", "vise.Rows", "what vise.coded.rows returns" },
        { "w", "vise.Packed", "what they were made for, or a weight like it" },
        { "options", "table", "bias = tensor [outputs]; up = packed floats [outputs, rank], for rows made with `down`",
          optional = true },
        OUT,
      },
      returns = { { "vise.Tensor" } }, fails = true,
      text = "The linear layer: f32 [..., outputs]. Codes are multiplied code by code, scales are applied to the "
        .. "sums.",
      example = "local y = vise.coded.product(rows, packed)",
    },
    {
      name = "rebuild",
      arguments = {
        { "scheme", "vise.Scheme", "of the codes" },
        { "shape", "integer[]", "{ rows, columns }" },
        { "tensors", "table", "codes, scale and, if the scheme has them, zero or second" },
      },
      returns = { { "vise.Coded" } }, fails = true,
      text = "A coded matrix from its saved tensors, whose shapes and types are checked.",
      example = "local c = assert(vise.coded.rebuild(scheme, { 64, 64 }, saved:tensors()))",
    },
    {
      name = "rows",
      arguments = {
        { "x", "vise.Tensor", "f32, f16 or bf16 [..., inputs]" },
        { "w", "vise.Packed", "what the rows will be multiplied by" },
        { "options", "table", "scheme = how x is made codes of (none: it stays float), scale = the one scale of x, for "
          .. "schemes per tensor, smooth = f32 [inputs] that x is divided by first, down = packed floats [rank, "
          .. "inputs]. What is computed on the way: norm = \"layer\" or \"rms\" with eps, weight and bias; gelu = "
          .. "\"tanh\" or \"erf\"; silu_mul = tensor; then shift and mod_scale", optional = true },
        { "out", "vise.Rows", "rows whose memory is used again", optional = true, otherwise = "new rows" },
      },
      returns = { { "vise.Rows" } }, fails = true,
      text = "Activations as products read them: read once, coded and laid out. The same rows serve every weight of "
        .. "the same kind, inputs and groups.",
      example = "local rows = vise.coded.rows(x, packed, { scheme = per_token })",
    },
    {
      name = "simulate",
      arguments = {
        { "scheme", "vise.Scheme", "what vise.scheme returns" },
        { "x", "vise.Tensor", "a float matrix" },
        { "out", "vise.Tensor", "where the result goes; x itself, if it is f32", optional = true,
          otherwise = "a new tensor" },
        { "scale", "number", "the one scale of x, for schemes per tensor", optional = true, otherwise = "found in x" },
      },
      returns = { { "vise.Tensor" } }, fails = true,
      text = "What the codes of x stand for, without keeping them: encode and decode in one pass.",
      example = "local seen = assert(vise.coded.simulate(per_token, x))",
    },
  },
}
