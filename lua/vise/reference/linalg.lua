--- Linear algebra.

local OUT = { "out", "vise.Tensor", "where the result goes", optional = true, otherwise = "a new tensor" }

return {
  name = "linalg",
  kind = "module",
  summary = "products and decompositions of matrices",
  functions = {
    {
      name = "matmul",
      arguments = {
        { "a", "vise.Tensor", "f32 [m, k]" },
        { "b", "vise.Tensor", "f32 [k, n]" },
        { "options", "table", "trans_a, trans_b (false): use the transpose", optional = true },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "The product of two matrices: f32 [m, n]. The same bits for any number of threads.",
      example = "local c = vise.linalg.matmul(a, b, { trans_b = true })",
    },
    {
      name = "svd",
      arguments = {
        { "a", "vise.Tensor", "f32 or f64 [m, n]" },
        { "options", "table", "rank (min(m, n)); method, full or randomized (full); seed (0), oversample (10) "
          .. "and iterations (4) of the randomized one", optional = true },
      },
      returns = { { "vise.Tensor" }, { "vise.Tensor" }, { "vise.Tensor" } }, fails = true,
      text = "The first singular triplets: u [m, rank], s [rank] falling, vt [rank, n].",
      example = 'local u, s, vt = assert(vise.linalg.svd(w, { rank = 32, method = "randomized" }))',
      source = "randomized: Halko, Martinsson, Tropp 2011",
    },
  },
}
