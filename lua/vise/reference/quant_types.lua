--- Quant types.

return {
  name = "quant_types",
  kind = "module",
  summary = "the names of quant types, and what each stands for",
  functions = {
    {
      name = "parse",
      arguments = {
        { "name", "string", "such as float8_per_row, int4_weight_only_g64, svdq_nvfp4_r32" },
        { "where", "string", "for messages: where the name stands", optional = true },
      },
      returns = { { "vise.QuantType" } },
      text = "name, weight and activation (arguments of vise.scheme), product, rank, smooth, calibrated, static, "
        .. "summary. Raises for a name that is none, with the nearest one. vise.quant_types.forms lists the forms.",
      example = 'print(vise.quant_types.parse("svdq_int4_r32").rank)',
    },
    {
      name = "scheme_args",
      arguments = {
        { "fields", "table", "weight or activation of a quant type" },
        { "storage", "string", "f16 or bf16: what scales are stored in where the type leaves it open" },
      },
      returns = { { "table" } },
      text = "The arguments of vise.scheme with the storage type filled in.",
      example = 'local scheme = vise.scheme(vise.quant_types.scheme_args(quant_type.weight, "bf16"))',
    },
    {
      name = "storage",
      arguments = { { "dtype", "string", "of the float weights" } },
      returns = { { "string" } },
      text = "The 16-bit type that scales and factors are stored in for weights of that dtype: f16 or bf16.",
      example = 'vise.quant_types.storage "f32" --> "bf16"',
    },
  },
}
