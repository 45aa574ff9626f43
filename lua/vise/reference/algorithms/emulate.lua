--- The published recipe's arithmetic.

return {
  name = "algorithms.emulate",
  kind = "module",
  summary = "the published recipe's 16-bit arithmetic",
  functions = {
    {
      name = "codec",
      arguments = { { "scheme", "vise.Scheme", "of the residual" } },
      returns = { { "vise.Codec", "codec" } },
      text = "A codec in the published recipe's arithmetic: every step rounded to bf16.",
      example = [[
local scheme = vise.scheme { bits = 4, granularity = "group", group = 64, convention = "amax", scale_dtype = "bf16" }
local codec = vise.algorithms.emulate.codec(scheme)
local coded = assert(codec.encode(vise.random(1):normal { 8, 64 }))
print(assert(codec.decode(coded)):shape()) --> 8 64]],
    },
  },
}
