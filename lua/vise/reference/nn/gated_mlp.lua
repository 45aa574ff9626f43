--- Gated MLPs.

return {
  name = "GatedMLP",
  kind = "class",
  class = "vise.nn.GatedMLP",
  extends = "vise.nn.Module",
  path = "vise.nn.GatedMLP",
  summary = "three linear layers, one of them a gate",
  prelude = [[
local g = vise.random(1)
local gate = vise.nn.Linear.new("mlp.gate", 96, 32, g:normal { 96, 32 })
local up = vise.nn.Linear.new("mlp.up", 96, 32, g:normal { 96, 32 })
local down = vise.nn.Linear.new("mlp.down", 32, 96, g:normal { 32, 96 })]],
  fields = {
    { "gate", "vise.nn.Linear", "its output goes through SiLU" },
    { "up", "vise.nn.Linear", "is multiplied by that" }, { "down", "vise.nn.Linear", "back to the width" },
  },
  functions = {
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32 [B, T, D]" } },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "down(silu(gate(x)) * up(x)).",
      example = 'print(vise.nn.GatedMLP.new("mlp", gate, up, down):forward(g:normal { 1, 4, 32 }):shape()) --> 1 4 32',
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "gate", "vise.nn.Linear", "its output goes through SiLU" },
        { "up", "vise.nn.Linear", "is multiplied by that" }, { "down", "vise.nn.Linear", "back to the width" },
      },
      returns = { { "vise.nn.GatedMLP", "mlp" } },
      text = "A gated MLP from three linear layers.",
      example = 'local mlp = vise.nn.GatedMLP.new("mlp", gate, up, down)',
      source = "Shazeer 2020 (SwiGLU)",
    },
  },
}
