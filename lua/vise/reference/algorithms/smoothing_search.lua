--- Searched smoothing.

return {
  name = "algorithms.smoothing_search",
  kind = "module",
  summary = "smoothing factors found by trying",
  functions = {
    {
      name = "best",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "span", "vise.Tensor", "f32 [inputs], of the activations" },
        { "samples", "vise.Tensor", "f32 [n, inputs]: inputs of the layer" },
        { "storage", "string", "of the factors", choices = { "f16", "bf16" } },
        { "grid", "integer", "alpha and beta in steps of 1 / grid", min = 1 },
        { "answer", "fun(factors: vise.Tensor?): vise.Tensor", "what the quantized layer gives for the samples" },
      },
      returns = {
        { "vise.Tensor", "factors", "[inputs] in the storage type" },
        { "table", "info", "the winner", fields = {
          { "alpha", "number", "exponent of the activation's span" },
          { "beta", "number", "exponent of the weight's span" },
          { "error", "number", "of the output, relative (L2)" },
          { "plain", "number", "the same without smoothing" },
        } },
      },
      text = "The factors a^alpha / w^beta whose quantized layer answers nearest to the float one.",
      example = [[
local g = vise.random(1)
local weight, x = g:normal { 32, 64 }, g:normal { 48, 64 }
local scheme = vise.scheme { bits = 8, granularity = "row", convention = "amax_half_step" }
local function answer(factors) -- a layer of 8-bit weights W diag(s), given x / s
  local s = factors and factors:to "f32" or vise.tensor_of("f32", { 1 }, { 1 })
  return vise.ops.linear(x:div(s), assert(vise.coded.simulate(scheme, weight:mul(s))))
end
local span = vise.algorithms.smoothing.weight_span(x)
local _, info = vise.algorithms.smoothing_search.best(weight, span, x, "f16", 4, answer)
assert(info.error <= info.plain)]],
      source = "deepcompressor, calib/smooth.py",
    },
    {
      name = "candidates",
      arguments = { { "grid", "integer", "steps of 1 / grid", min = 1 } },
      returns = { { "number[][]", "pairs", "{ alpha, beta } each" } },
      text = "The pairs that a search tries, in order.",
      example = "print(#vise.algorithms.smoothing_search.candidates(20)) --> 39",
      source = "deepcompressor, calib/smooth.py",
    },
  },
}
