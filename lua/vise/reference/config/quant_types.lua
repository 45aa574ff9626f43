--- Quant types.

local STORAGE = { "storage", "string", "of scales and factors", choices = { "f16", "bf16" } }

return {
  name = "quant_types",
  kind = "module",
  summary = "the names of quant types, and what each stands for",
  fields = {
    { "forms", "string[]", "the forms that a name may take" },
  },
  records = {
    {
      "vise.QuantType", "what a name stands for",
      fields = {
        { "name", "string", "such as svdq_int4_r32" },
        { "weight", "table", "what vise.scheme takes; \"storage\" stands for the 16-bit type of the weights" },
        { "activation", "table", "the same of the activations", otherwise = "they stay float" },
        { "product", "string", "how codes of both sides are multiplied", choices = { "integer", "float" },
          otherwise = "they are not: weight only" },
        { "rank", "integer", "of the low-rank branch", otherwise = "there is none" },
        { "smooth", "string", "the smoothing strategy", otherwise = "there is none" },
        { "calibrated", 'false|"span"|"range"', "what it needs to know of the activations" },
        { "static", "boolean", "whether the one scale of the activations is calibrated and saved" },
        { "summary", "string", "the type in a few words" },
        { "method", "vise.Method", "of a type in a config: how its layers are made", optional = true },
        { "needs", "string[]", "of a type in a config: span, range, or nothing", optional = true },
      },
    },
  },
  functions = {
    {
      name = "parse",
      arguments = {
        { "name", "string", "such as float8_per_row, int4_weight_only_g64, svdq_nvfp4_r32" },
        { "where", "string", "for messages: where the name stands", default = "quant_type" },
      },
      returns = { { "vise.QuantType", "quant_type" } },
      text = "What a name stands for. Raises for a name that is none, with the nearest one.",
      example = [[
local quant_type = vise.quant_types.parse "svdq_int4_r32"
print(quant_type.rank, quant_type.calibrated) --> 32 span]],
    },
    {
      name = "scheme_args",
      arguments = {
        { "fields", "table", "weight or activation of a quant type" }, STORAGE,
      },
      returns = { { "vise.SchemeFields", "fields", "for vise.scheme" } },
      text = "The arguments of vise.scheme with the storage type filled in.",
      example = [[
local quant_type = vise.quant_types.parse "int4_weight_only"
local scheme = vise.scheme(vise.quant_types.scheme_args(quant_type.weight, "bf16"))
print(scheme:fields().scale_dtype) --> bf16]],
    },
    {
      name = "storage",
      arguments = { { "dtype", "vise.Dtype", "of the float weights" } },
      returns = { { "string", "storage", choices = { "f16", "bf16" } } },
      text = "The 16-bit type that scales and factors are stored in for weights of that dtype.",
      example = 'print(vise.quant_types.storage "f32") --> bf16',
    },
  },
}
