--- The class of coded matrices.

return {
  name = "coded_tensor",
  kind = "class",
  class = "vise.Coded",
  summary = "a matrix as codes, scales and zero points; made by vise.coded.encode",
  prelude = [[
local scheme = vise.scheme { bits = 8, granularity = "row", convention = "amax_half_step" }
local weight = vise.random(1):normal { 32, 64 }
local coded = assert(vise.coded.encode(scheme, weight))]],
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer", "bytes" } },
      text = "The bytes of its tensors, as they are saved.",
      example = "print(coded:bytes()) --> 2176",
    },
    {
      name = "close", arguments = {},
      text = "Frees its tensors at once. `local c <close>` does it.",
      example = "coded:close()",
    },
    {
      name = "decode",
      arguments = { require "vise.reference.out" },
      returns = { { "vise.Tensor", "values", "f32" } },
      text = "The values that the codes stand for, f32.",
      example = [[
local values = coded:decode()
assert(vise.ops.compare(values, weight).sqnr > 35) -- dB]],
    },
    {
      name = "scheme", arguments = {}, returns = { { "vise.Scheme", "scheme" } },
      text = "The scheme it was made by.",
      example = "print(coded:scheme()) --> scheme int8 row, amax_half_step, f32 scales",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer", "rows" }, { "integer", "columns" } },
      text = "Rows and columns of the matrix.",
      example = "print(coded:shape()) --> 32 64",
    },
    {
      name = "tensors", arguments = {},
      returns = {
        { "table", "tensors", "by name", fields = {
          { "codes", "vise.Tensor", "the codes, two to a byte where they have 4 bits" },
          { "scale", "vise.Tensor", "the scales" },
          { "zero", "vise.Tensor", "the zero points, if the scheme has them", optional = true },
          { "second", "vise.Tensor", "the second level of scales, if the scheme has one", optional = true },
        } },
      },
      text = "The tensors it consists of; they share the memory of the coded matrix.",
      example = [[
local tensors = coded:tensors()
print(tensors.codes:dtype(), tensors.scale:count()) --> i8 32]],
    },
  },
}
