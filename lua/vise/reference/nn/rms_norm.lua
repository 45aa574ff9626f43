--- RMS norms.

return {
  name = "RMSNorm",
  kind = "class",
  class = "vise.nn.RMSNorm",
  extends = "vise.nn.Module",
  path = "vise.nn.RMSNorm",
  summary = "a norm by the mean square",
  prelude = 'local weight = vise.tensor_of("f32", { 2 }, { 1, 1 })',
  fields = {
    { "weight", "vise.Tensor", "[D]" }, { "eps", "number", "added to the mean square" },
  },
  functions = {
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32 [B, T, D]" } },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "x / sqrt(mean(x^2) + eps) * weight.",
      example = [[
local x = vise.tensor_of("f32", { 1, 1, 2 }, { 4, 4 })
print(vise.nn.RMSNorm.new("norm", weight, 0):forward(x):get(1)) --> 1.0]],
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" }, { "weight", "vise.Tensor", "[D]" },
        { "eps", "number", "added to the mean square", min = 0 },
      },
      returns = { { "vise.nn.RMSNorm", "norm" } },
      text = "A norm from its weight.",
      example = 'local norm = vise.nn.RMSNorm.new("norm", weight, 1e-5)',
      source = "Zhang and Sennrich 2019",
    },
  },
}
