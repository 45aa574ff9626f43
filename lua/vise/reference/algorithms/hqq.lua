--- HQQ as a step of chains.

return {
  name = "algorithms.hqq",
  kind = "module",
  summary = "the step hqq: zero points that make the error of the weights sparse",
  text = "`method = \"hqq\"`, for weight-only integers. It needs no data. Options: p (0.7), beta (10), kappa (1.01), "
    .. "iterations (20), early_stop (true), routine (\"legacy\" leaves beta as it is, \"v2\" multiplies it by kappa).",
  functions = {
    {
      name = "steps",
      arguments = {
        { "weight", "vise.Tensor", "f32 [size, groups]: each column is a group" },
        { "top", "integer", "the largest code", min = 1 },
        { "options", "table", "of the step", fields = {
          { "p", "number", "of the norm", min = 0, max = 1 },
          { "beta", "number", "how near to the error its sparse part stays", above = 0 },
          { "kappa", "number", "factor of beta", min = 1 },
          { "iterations", "integer", "rounds at most", min = 1 },
          { "early_stop", "boolean", "stop when the error does not fall" },
          { "routine", "string", "what becomes of beta", choices = { "legacy", "v2" } },
        } },
      },
      returns = {
        { "vise.Tensor", "scale", "f32 [groups]" },
        { "vise.Tensor", "zero", "f32 [groups]: the value of code 0 of signed codes" },
        { "integer", "rounds" },
      },
      text = "The steps of groups.",
      example = [[
local w = vise.random(1):normal { 32, 4 }
local scale, zero, rounds = vise.algorithms.hqq.steps(w, 15, { p = 0.7, beta = 10, kappa = 1.01, iterations = 20,
  early_stop = true, routine = "legacy" })
print(scale:count(), zero:count()) --> 4 4]],
      source = "mobiusml.github.io/hqq_blog",
    },
  },
}
