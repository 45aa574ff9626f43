--- SmoothQuant as a step of chains.

return {
  name = "algorithms.smoothquant",
  kind = "module",
  summary = "the steps smoothquant, log_equalization and balance: difficulty moved from activations to weights",
  text = "`method = { \"smoothquant\", ... }`. smoothquant needs spans; its options are alpha (0.5), convention "
    .. "(\"paper\", "
    .. "\"llm-compressor\", \"modelopt\") and search (0: alpha as given; n: the best of 0, 1/n, ..., 1). "
    .. "log_equalization "
    .. "has no options. balance finds factors by descent on rows; its options are alpha, where it begins (0.5), "
    .. "iterations (20), rank of a branch to come (the type's) and seed.",
  functions = {
    {
      name = "factors",
      arguments = {
        { "activations", "number[]", "the span of each input" },
        { "weights", "number[]", "the largest |w| of each input" },
        { "alpha", "number", "how much moves", min = 0, max = 1 },
        { "convention", "string", "what is done at the edges", choices = { "paper", "llm-compressor", "modelopt" } },
      },
      returns = { { "number[]", "factors" } },
      text = "The factors of a convention.",
      example = 'print(vise.algorithms.smoothquant.factors({ 8 }, { 0.5 }, 0.5, "paper")[1]) --> 4.0',
      source = "arXiv 2211.10438, equation 4",
    },
  },
}
