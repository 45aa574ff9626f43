--- GPTQ as a step of chains.

return {
  name = "algorithms.gptq",
  kind = "module",
  summary = "the step gptq: columns rounded one after the other",
  text = "`method = \"gptq\"`, or a step after others. It needs second moments. Options: damping (0.01), raise "
    .. "(false: a "
    .. "factor that fails stops; true: damping is raised tenfold up to 1), order (\"none\", \"static\", \"gar\"), "
    .. "static_groups (false), reference_groups (false: groups see the errors of their own block; true: as in the "
    .. "published code), block (128), search (\"auto\", \"squares\", \"mse\", \"none\"), "
    .. "shrink (0.8), grid (100) and norm (2.4) of \"mse\", precision (\"f32\", \"f64\").",
  functions = {
    {
      name = "factor",
      arguments = {
        { "moments", "vise.Tensor", "f32 [inputs, inputs]" },
        { "order", "vise.Tensor?", "of the columns; nil as they stand" },
        { "options", "table", "of the step", fields = {
          { "damping", "number", "against the mean of the diagonal", min = 0 },
          { "raise", "boolean", "raise damping where the factor fails" },
          { "precision", "string", "of the factor", choices = { "f32", "f64" } },
        } },
      },
      returns = { { "vise.Tensor", "factor", "upper U, U'U the inverse" }, { "number", "damping", "that was used" } },
      text = "The factor of second moments. Raises where they are singular and damping is not to be raised.",
      example = [[
local x = vise.random(1):normal { 64, 8 }
local moments = vise.linalg.matmul(x, x, { trans_a = true }):mul(1 / 64)
local u, damping = vise.algorithms.gptq.factor(moments, nil, { damping = 0.01, raise = false, precision = "f32" })
print(damping) --> 0.01]],
      source = "arXiv 2210.17323, algorithm 1",
    },
  },
}
