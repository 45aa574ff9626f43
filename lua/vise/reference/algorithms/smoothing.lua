--- Smoothing by formula.

local SMOOTHQUANT = "arXiv 2411.05007, section 4.1; arXiv 2211.10438"

return {
  name = "algorithms.smoothing",
  kind = "module",
  summary = "smoothing factors from the spans of activations and weights",
  prelude = [[
local g = vise.random(1)
local weight, x = g:normal { 32, 64 }, g:normal { 48, 64 }
local weight_span = vise.algorithms.smoothing.weight_span(weight)
local span = vise.algorithms.smoothing.weight_span(x)]],
  functions = {
    {
      name = "factors",
      arguments = {
        { "weight_span", "vise.Tensor", "f32 [inputs]" },
        { "span", "vise.Tensor?", "f32 [inputs], of the activations; nil for strategies that do without" },
        { "options", "table", "the strategy", fields = {
          { "strategy", "string", "what the factors follow",
            choices = { "activation", "weight", "weight_inv", "few_shot", "identity" } },
          { "storage", "string", "of the factors", choices = { "f16", "bf16" } },
          { "alpha", "number", "exponent of the activation's span", min = 0, max = 1 },
          { "beta", "number", "exponent of the weight's span", otherwise = "1 - alpha" },
          { "relax", "vise.RelaxOptions", "of strategy few_shot", optional = true },
        } },
      },
      returns = {
        { "vise.Tensor?", "factors", "[inputs] in the storage type; nil for identity" },
        { "vise.Tensor?", "original", "for few_shot: without relaxation" },
      },
      text = "Smoothing factors, 1 where they would be 0 or not finite.",
      example = [[
local factors = vise.algorithms.smoothing.factors(weight_span, span,
  { strategy = "activation", storage = "f16", alpha = 0.5 })
print(factors:dtype(), factors:count()) --> f16 64]],
      source = SMOOTHQUANT,
    },
    {
      name = "ratios",
      arguments = {
        { "a", "number[]", "spans of the activations" },
        { "w", "number[]", "spans of the weight" },
        { "alpha", "number", "exponent of a" },
        { "beta", "number", "exponent of w" },
      },
      returns = { { "number[]", "ratios" } },
      text = "a^alpha / w^beta, 1 where that is 0 or not finite.",
      example = "print(vise.algorithms.smoothing.ratios({ 4 }, { 1 }, 0.5, 0.5)[1]) --> 2.0",
      source = SMOOTHQUANT,
    },
    {
      name = "stored",
      arguments = {
        { "factors", "number[]", "one for each input" },
        { "storage", "string", "their type", choices = { "f16", "bf16" } },
      },
      returns = { { "vise.Tensor", "factors" } },
      text = "Factors in the storage type, 1 where that cannot hold them.",
      example = [[
local s = vise.algorithms.smoothing.stored({ 2, 1e30 }, "f16")
print(s:get(1), s:get(2)) --> 2.0 1.0]],
    },
    {
      name = "weight_span",
      arguments = { { "weight", "vise.Tensor", "f32 [outputs, inputs]" } },
      returns = { { "vise.Tensor", "span", "f32 [inputs]" } },
      text = "The largest |w| of each input channel.",
      example = [[
local w = vise.tensor_of("f32", { 2, 2 }, { 1, -2, -3, 0.5 })
print(table.concat(vise.algorithms.smoothing.weight_span(w):totable(), " ")) --> 3.0 2.0]],
    },
  },
}
