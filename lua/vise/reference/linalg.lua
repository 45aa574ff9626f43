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
    {
      name = "moments",
      arguments = {
        { "x", "vise.Tensor", "f32 [..., n]" },
        { "by", "number", "what the sums are multiplied by, say 1 / tokens", optional = true, default = 1 },
      },
      returns = { { "vise.Tensor", "moments", "f32 [n, n]" } },
      text = "Second moments: x' x times a number. Products of 1,024 rows are summed in f32, then in double.",
      example = [[
local x = g:normal { 100, 8 }
print(vise.linalg.moments(x, 1 / 100):shape()) --> 8 8]],
    },
    {
      name = "quadratic",
      arguments = {
        { "delta", "vise.Tensor", "f32 [rows, n]" },
        { "m", "vise.Tensor", "f32 [n, n]" },
      },
      returns = { { "number", "trace", "tr(delta m delta')" } },
      fails = true,
      text = "What an error of a weight does to the outputs of a layer whose inputs have these second moments: the "
        .. "mean over tokens of the squared error, summed over outputs.",
      example = [[
local x, error_of_w = g:normal { 100, 8 }, g:normal { 3, 8 }
local by_outputs = vise.linalg.matmul(x, error_of_w, { trans_b = true }):norm() ^ 2
local by_moments = assert(vise.linalg.quadratic(error_of_w, vise.linalg.moments(x)))
assert(math.abs(by_outputs - by_moments) < 1e-4 * by_moments)]],
    },
    {
      name = "column_order",
      arguments = {
        { "h", "vise.Tensor", "f32 or f64 [n, n]" },
        { "group", "integer", "columns that stay together", optional = true, min = 0, default = 0 },
      },
      returns = { { "vise.Tensor", "order", "i32 [n], counted from 1" } },
      text = "Columns by falling diagonal: the order that GPTQ calls act-order. With a group columns fall within "
        .. "their group, and groups by their largest one, so that groups can be stored as they are.",
      example = [[
local h = vise.linalg.moments(g:normal { 100, 8 })
print(#vise.linalg.column_order(h, 4)) --> 8]],
      source = "Frantar et al. 2022; group-aware: GPTQModel",
    },
    {
      name = "inverse_factor",
      arguments = {
        { "h", "vise.Tensor", "symmetric, f32 or f64 [n, n]" },
        { "options", "table", "damping, order, precision", optional = true, fields = {
          { "damping", "number", "of the mean of the diagonal, added to it", min = 0, default = 0.01 },
          { "order", "vise.Tensor", "of the columns, i32 [n] counted from 1", otherwise = "as they stand" },
          { "precision", "string", "what it is computed in", choices = { "f32", "f64" }, default = "f32" },
        } },
        require "vise.reference.out",
      },
      returns = { { "vise.Tensor", "upper", "f32 [n, n]" } },
      fails = true,
      text = "The factor U of the inverse of a damped matrix, U' U = (H + damping)^-1, which GPTQ goes by. A column "
        .. "whose diagonal is 0 is dead: its row and column of U are 0. Fails by E-NU-10, which names the column, if "
        .. "the matrix is not positive definite.",
      example = [[
local h = vise.linalg.moments(g:normal { 100, 8 }, 1 / 100)
local u = assert(vise.linalg.inverse_factor(h, { damping = 0.01 }))
print(u:shape()) --> 8 8]],
      source = "half the work of the published factor, inverse, factor",
    },
    {
      name = "gptq",
      arguments = {
        { "scheme", "vise.Scheme", "without blocks of rows" },
        { "weight", "vise.Tensor", "f32, f16 or bf16 [rows, n]" },
        { "factor", "vise.Tensor", "of vise.linalg.inverse_factor" },
        { "options", "table", "order, groups, search", optional = true, fields = {
          { "order", "vise.Tensor", "that of the factor", otherwise = "as the columns stand" },
          { "static_groups", "boolean", "steps of groups from the weight as it is given", default = false },
          { "reference_groups", "boolean", "steps of groups as the published code makes them: without the errors of "
            .. "the block that a group begins in", default = false },
          { "search", "boolean|table", "of the scale of each run, as vise.coded.encode takes it, without importance",
            default = false },
          { "block", "integer", "columns whose errors are passed on together", min = 1, max = 1 << 20, default = 128 },
        } },
      },
      returns = {
        { "vise.Coded", "coded", "the weight" }, { "number", "loss", "tr((W - Q) (H + damping) (W - Q)')" },
      },
      fails = true,
      text = "The sweep of GPTQ: each column is rounded, and those after it make up for its error. The same bits for "
        .. "any number of threads.",
      example = [[
local w, h = g:normal { 4, 32 }, vise.linalg.moments(g:normal { 100, 32 }, 1 / 100)
local scheme = vise.scheme { bits = 4, granularity = "group", group = 16, convention = "amax" }
local coded, loss = assert(vise.linalg.gptq(scheme, w, assert(vise.linalg.inverse_factor(h))))
print(coded:shape()) --> 4 32]],
      source = "Frantar et al. 2022",
    },
    {
      name = "hadamard",
      arguments = {
        { "x", "vise.Tensor", "f32 [..., inputs]" },
        { "n", "integer", "of a block: 2^k times 1, 12, 20, 28, 36, 40, 52, 60, 108, 140, 156 or 172", min = 1 },
        { "options", "table", "which way", optional = true, fields = {
          { "transpose", "boolean", "the way back", default = false },
        } },
        require "vise.reference.out",
      },
      returns = { { "vise.Tensor", "turned", "f32 of the shape of x" } },
      text = "Turns each block of n elements along the last dimension by a Hadamard matrix over sqrt(n). Products of "
        .. "two matrices that are both turned stay as they are.",
      example = [[
local x = g:normal { 2, 24 }
local back = vise.linalg.hadamard(vise.linalg.hadamard(x, 24), 24, { transpose = true })
assert(vise.ops.compare(back, x).rel_l2 < 1e-6)]],
      source = "Sylvester, Paley, Goethals and Seidel",
    },
    {
      name = "hadamard_size",
      arguments = { { "inputs", "integer", "of a row", min = 1 } },
      returns = { { "integer", "n", "the largest block that divides them" } },
      text = "The largest block that vise.linalg.hadamard can turn rows of so many inputs by.",
      example = "print(vise.linalg.hadamard_size(11008)) --> 11008",
    },
    {
      name = "eigh",
      arguments = { { "a", "vise.Tensor", "symmetric, f32 or f64 [n, n]" } },
      returns = {
        { "vise.Tensor", "values", "[n], rising" }, { "vise.Tensor", "vectors", "[n, n], a column for each" },
      },
      fails = true,
      text = "Eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is read.",
      example = [[
local values = assert(vise.linalg.eigh(vise.linalg.moments(g:normal { 100, 8 })))
assert(values:get(1) > 0 and values:get(8) > values:get(1))]],
    },
  },
}
