--- AWQ's scales as a step of chains.

return {
  name = "algorithms.awq",
  kind = "module",
  summary = "the steps awq and awq_clip: activation-aware scales, and weights that are cut",
  text = "`method = \"awq\"`, or { \"awq\", \"awq_clip\" }. awq needs mean magnitudes, second moments and rows; its "
    .. "options are "
    .. "grid (20) and duo (\"off\", \"on\", \"both\"). awq_clip needs second moments; its options are shrink (0.5), "
    .. "grid "
    .. "(20) and skip, words in the names of layers that it leaves alone (\"q_, k_, query, key, Wqkv\").",
  functions = {
    {
      name = "scales",
      arguments = {
        { "mean", "number[]", "mean |x| of each input" },
        { "weights", "number[]", "mean of |w| against the largest of its group" },
        { "ratio", "number", "the exponent", min = 0, max = 1 },
        { "duo", "boolean", "with the weights" },
      },
      returns = { { "number[]", "scales" } },
      text = "The scales of a ratio, around 1.",
      example = [[
local scales = vise.algorithms.awq.scales({ 1, 4 }, { 1, 1 }, 0.5, false)
print(("%.4f %.4f"):format(scales[1], scales[2])) --> 0.7071 1.4142]],
      source = "arXiv 2306.00978",
    },
  },
}
