--- Layer norms.

return {
  name = "LayerNorm",
  kind = "class",
  class = "vise.nn.LayerNorm",
  extends = "vise.nn.Module",
  path = "vise.nn.LayerNorm",
  summary = "a norm by mean and variance, with a weight and a bias",
  prelude = 'local weight, bias = vise.tensor_of("f32", { 2 }, { 1, 1 }), vise.tensor_of("f32", { 2 }, { 3, 3 })',
  fields = {
    { "weight", "vise.Tensor", "[D]" }, { "bias", "vise.Tensor", "[D]", optional = true },
    { "eps", "number", "added to the variance" },
  },
  functions = {
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32 [B, T, D]" } },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "(x - mean) / sqrt(variance + eps) * weight + bias.",
      example = [[
local x = vise.tensor_of("f32", { 1, 1, 2 }, { 5, 7 })
print(vise.nn.LayerNorm.new("ln", weight, bias, 0):forward(x):get(1)) --> 2.0]],
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" }, { "weight", "vise.Tensor", "[D]" },
        { "bias", "vise.Tensor", "[D]", optional = true }, { "eps", "number", "added to the variance", min = 0 },
      },
      returns = { { "vise.nn.LayerNorm", "norm" } },
      text = "A norm from its weight and bias.",
      example = 'local norm = vise.nn.LayerNorm.new("ln", weight, bias, 1e-5)',
      source = "Ba et al. 2016",
    },
  },
}
