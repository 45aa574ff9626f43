--- Linear algebra.

return {
  name = "linalg",
  kind = "module",
  summary = "products and decompositions of matrices",
  prelude = "local g = vise.random(1)",
  functions = {
    {
      name = "matmul",
      arguments = {
        { "a", "vise.Tensor", "f32 [m, k]" },
        { "b", "vise.Tensor", "f32 [k, n]" },
        { "options", "table", "which are transposed", optional = true, fields = {
          { "trans_a", "boolean", "a is [k, m]", default = false },
          { "trans_b", "boolean", "b is [n, k]", default = false },
        } },
        require "vise.reference.out",
      },
      returns = { { "vise.Tensor", "product", "f32 [m, n]" } },
      text = "The product of two matrices. The same bits for any number of threads.",
      example = [[
local a, b = g:normal { 4, 8 }, g:normal { 3, 8 }
print(vise.linalg.matmul(a, b, { trans_b = true }):shape()) --> 4 3]],
    },
    {
      name = "svd",
      arguments = {
        { "a", "vise.Tensor", "f32 or f64 [m, n]" },
        { "options", "table", "how many triplets, and how", optional = true, fields = {
          { "rank", "integer", "how many", min = 0, otherwise = "min(m, n)" },
          { "method", "string", "all of them, or the first by random projection", choices = { "full", "randomized" },
            default = "full" },
          { "seed", "integer", "of the randomized method", min = 0, max = 0xffffffff, default = 0 },
          { "oversample", "integer", "of the randomized method: more columns", min = 0, default = 10 },
          { "iterations", "integer", "of the randomized method", min = 0, max = 1000, default = 4 },
        } },
      },
      returns = {
        { "vise.Tensor", "u", "[m, rank]" }, { "vise.Tensor", "s", "[rank], falling" },
        { "vise.Tensor", "vt", "[rank, n]" },
      },
      fails = true,
      text = "The first singular triplets.",
      example = [[
local w = g:normal { 32, 16 }
local u, s, vt = assert(vise.linalg.svd(w))
local same = vise.linalg.matmul(u:mul(s), vt)
assert(vise.ops.compare(same, w).rel_l2 < 1e-5)]],
      source = "randomized: Halko, Martinsson, Tropp 2011",
    },
  },
}
