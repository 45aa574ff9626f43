--- Modulated norms.

return {
  name = "ModulatedNorm",
  kind = "class",
  class = "vise.nn.ModulatedNorm",
  extends = "vise.nn.Module",
  path = "vise.nn.ModulatedNorm",
  summary = "LayerNorm whose shift and scale come from the conditioning",
  prelude = 'local norm = vise.nn.ModulatedNorm.new("norm1", 1e-6)',
  fields = { { "eps", "number", "added to the variance" } },
  functions = {
    {
      name = "forward",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" }, { "shift", "vise.Tensor", "f32 [B, D]" },
        { "scale", "vise.Tensor", "f32 [B, D]" },
      },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "norm(x) (1 + scale) + shift.",
      example = [[
local x, zeros = vise.random(1):normal { 1, 4, 32 }, vise.tensor("f32", { 1, 32 })
local y = norm:forward(x, zeros, zeros)
assert(y:tobytes() == vise.ops.layer_norm(x, 1e-6):tobytes())]],
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" }, { "eps", "number", "added to the variance", min = 0 },
      },
      returns = { { "vise.nn.ModulatedNorm", "norm" } },
      text = "A norm without weights of its own.",
      example = 'local norm = vise.nn.ModulatedNorm.new("norm1", 1e-6)',
      source = "Peebles and Xie 2023 (adaLN)",
    },
  },
}
