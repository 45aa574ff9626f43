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
      name = "rotate",
      arguments = {
        { "w", "vise.Tensor", "f64 [rows, columns], a view too" },
        { "options", "table", "how", fields = {
          { "block", "integer", "numbers of a vector that are mixed", min = 1 },
          { "center", "boolean", "takes the mean out of each vector first", default = false },
          { "transpose", "boolean", "the transposed matrix, then the diagonal: it undoes the rotation of an "
            .. "orthogonal matrix and signs", default = false },
          { "columns", "boolean", "the vectors are the columns", default = false },
        } },
        { "diagonal", "vise.Tensor", "f64: multiplies each vector before", optional = true },
        { "matrix", "vise.Tensor", "f64 [m, m]", otherwise = "1" },
      },
      returns = { { "vise.Tensor", "w" } },
      text = "Multiplies the rows of a matrix, in place and in double, by a matrix with blocks along its diagonal: the "
        .. "normalised Walsh-Hadamard matrix of block / m over `matrix`. For weights that are changed once; "
        .. "activations are turned by hadamard.",
      example = [[
local w = vise.tensor_of("f64", { 1, 2 }, { 3, 1 })
vise.linalg.rotate(w, { block = 2 })
print(("%.4f %.4f"):format(w:get(1), w:get(2))) --> 2.8284 1.4142]],
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
