--- Balanced smoothing.

return {
  name = "algorithms.balance",
  kind = "module",
  summary = "smoothing factors found by descent",
  prelude = [[
local g = vise.random(1)
local weight, x = g:normal { 32, 64 }, g:normal { 48, 64 }
local span = vise.algorithms.smoothing.weight_span(x)]],
  functions = {
    {
      name = "factors",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "span", "vise.Tensor", "f32 [inputs], of the activations" },
        { "samples", "vise.Tensor", "f32 [n, inputs]: inputs of the layer" },
        { "options", "table", "of the branch and the descent", fields = {
          { "rank", "integer", "of the low-rank branch", min = 0 },
          { "storage", "string", "of the factors", choices = { "f16", "bf16" } },
          { "seed", "integer", "of the decomposition" },
          { "alpha", "number", "of the span factors that the descent begins with" },
          { "beta", "number", "likewise", otherwise = "1 - alpha" },
          { "group", "integer", "inputs of a group" },
          { "iters", "integer", "steps of the descent" },
        } },
      },
      returns = {
        { "vise.Tensor", "factors", "[inputs] in the storage type" },
        { "number[]", "costs", "of each step, relative to the first" },
      },
      text = "Smoothing factors under which the noise of coded activations and weights does least to the output, found "
        .. "by descent from the factors of the spans.",
      example = [[
local factors, costs = vise.algorithms.balance.factors(weight, span, x,
  { rank = 8, storage = "f16", seed = 0, alpha = 0.5, group = 64, iters = 10 })
print(factors:dtype(), factors:count()) --> f16 64
assert(costs[#costs] <= 1)]],
    },
  },
}
