--- Algorithms.

return {
  name = "algorithms",
  kind = "module",
  summary = "how a layer's weight becomes codes",
  functions = {
    {
      name = "svdquant.decompose",
      arguments = {
        { "weight", "tensor", "f32 [outputs, inputs]" },
        { "options", "table", "rank; storage (f16 or bf16); scheme of the residual; precision (low, medium or "
          .. "high); seed (0); smooth, [inputs] in the storage type" },
      },
      returns = "table | nil, message, id",
      text = "W diag(s) = up down + R. Gives weight (R as codes) and, where there are any, smooth, up and down, "
        .. "which is divided by s. What the rounding of the factors loses is part of R.",
      example = 'vise.algorithms.svdquant.decompose(w, { rank = 32, storage = "f16", scheme = scheme })',
      source = "arXiv 2411.05007, section 4.2",
    },
    {
      name = "svdquant.smooth_factors",
      arguments = {
        { "activation_span", "tensor", "f32 [inputs]: the largest |x| of each channel" },
        { "weight_span", "tensor", "f32 [inputs]" },
        { "storage", "string", "f16 or bf16" },
      },
      returns = "tensor",
      text = "sqrt(activation_span / weight_span), 1 where that is 0 or not finite, in the storage type.",
      example = 'local s = vise.algorithms.svdquant.smooth_factors(a, w, "f16")',
      source = "arXiv 2411.05007, section 4.1; arXiv 2211.10438",
    },
    {
      name = "svdquant.weight_span",
      arguments = { { "weight", "tensor", "f32 [outputs, inputs]" } },
      returns = "tensor",
      text = "The largest |w| of each input channel.",
      example = "local w = vise.algorithms.svdquant.weight_span(weight)",
    },
  },
}
