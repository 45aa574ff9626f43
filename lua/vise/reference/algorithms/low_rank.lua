--- The low-rank branch.

local SVDQUANT = "arXiv 2411.05007, section 4"

return {
  name = "algorithms.low_rank",
  kind = "module",
  summary = "a matrix as the product of two thin ones",
  prelude = 'local weight = vise.random(1):normal { 32, 64 }\n'
    .. 'local options = { rank = 8, storage = "f16", precision = "high", seed = 0 }',
  records = {
    {
      "vise.LowRankOptions", "how factors are found and stored",
      fields = {
        { "rank", "integer", "of the factors", min = 1 },
        { "storage", "string", "of the factors", choices = { "f16", "bf16" } },
        { "precision", "string", "randomized in f32, full in f32, full in f64", choices = { "low", "medium", "high" } },
        { "seed", "integer", "of the randomized decomposition" },
        { "smooth", "vise.Tensor", "f32 [inputs]: down is stored divided by it", optional = true },
      },
    },
  },
  functions = {
    {
      name = "factors",
      arguments = {
        { "target", "vise.Tensor", "f32 [outputs, inputs]" },
        { "options", "vise.LowRankOptions", "the rank, and how factors are stored" },
      },
      returns = {
        { "vise.Tensor", "up", "[outputs, rank]" },
        { "vise.Tensor", "down", "[rank, inputs]" },
      },
      text = "The best factors at a rank, in the storage type. Raises when the decomposition fails.",
      example = [[
local up, down = vise.algorithms.low_rank.factors(weight, options)
print(up:shape()) --> 32 8
print(down:shape()) --> 8 64]],
      source = SVDQUANT,
    },
    {
      name = "product",
      arguments = {
        { "up", "vise.Tensor", "[outputs, rank]" },
        { "down", "vise.Tensor", "[rank, inputs]" },
        { "smooth", "vise.Tensor", "f32 [inputs]", optional = true },
      },
      returns = { { "vise.Tensor", "product", "f32 [outputs, inputs]" } },
      text = "up down diag(smooth), f32.",
      example = [[
local up, down = vise.algorithms.low_rank.factors(weight, options)
local rest = weight:sub(vise.algorithms.low_rank.product(up, down))
assert(rest:norm() < weight:norm())]],
    },
  },
}
