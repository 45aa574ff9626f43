--- MLPs.

return {
  name = "MLP",
  kind = "class",
  class = "vise.nn.MLP",
  extends = "vise.nn.Module",
  path = "vise.nn.MLP",
  summary = "two linear layers with a GELU between them",
  prelude = [[
local g = vise.random(1)
local up = vise.nn.Linear.new("ff.up", 128, 32, g:normal { 128, 32 })
local down = vise.nn.Linear.new("ff.down", 32, 128, g:normal { 32, 128 })]],
  fields = {
    { "up", "vise.nn.Linear", "to the inner width" }, { "down", "vise.nn.Linear", "back" },
    { "gelu", "string", "which form", choices = { "tanh", "erf" } },
  },
  functions = {
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32 [B, T, D]" } },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "down(gelu(up(x))).",
      example = 'print(vise.nn.MLP.new("ff", up, down, "erf"):forward(g:normal { 1, 4, 32 }):shape()) --> 1 4 32',
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "up", "vise.nn.Linear", "to the inner width" }, { "down", "vise.nn.Linear", "back" },
        { "gelu", "string", "which form", choices = { "tanh", "erf" } },
      },
      returns = { { "vise.nn.MLP", "mlp" } },
      text = "An MLP from two linear layers.",
      example = 'local mlp = vise.nn.MLP.new("ff", up, down, "tanh")',
    },
  },
}
