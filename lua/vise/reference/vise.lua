--- The public module.

return {
  name = "vise",
  kind = "module",
  summary = "the verbs, and tensors",
  functions = {
    {
      name = "tensor",
      arguments = {
        { "dtype", "string", "f64, f32, f16, bf16, f8e4m3, f8e5m2, i8, u8, i32 or i64" },
        { "shape", "integer[]", "the size of each dimension", range = "0 to 8 of them, each >= 0" },
      },
      returns = "tensor",
      text = "A new tensor of zeros.",
      example = 'local t = vise.tensor("f32", { 2, 3 })',
    },
    {
      name = "tensor_of",
      arguments = {
        { "dtype", "string", "f64, f32, f16, bf16, f8e4m3, f8e5m2, i8, u8, i32 or i64" },
        { "shape", "integer[]", "the size of each dimension", range = "0 to 8 of them, each >= 0" },
        { "values", "number[]|string", "the elements in row-major order, or their bytes" },
      },
      returns = "tensor",
      text = "A new tensor with the values given. Numbers are rounded to the dtype: to nearest, ties to "
        .. "even.",
      example = 'local t = vise.tensor_of("f32", { 2, 2 }, { 1, 2, 3, 4 })',
    },
  },
}
