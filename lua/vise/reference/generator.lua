--- Random numbers.

return {
  name = "generator",
  kind = "class",
  summary = "random numbers from a seed: MT19937; made by vise.random",
  functions = {
    {
      name = "normal",
      arguments = { { "shape", "integer[]", "the size of each dimension" } },
      returns = { { "vise.Tensor" } },
      text = "Normal numbers, f32: the same as PyTorch draws from the same seed on a CPU.",
      example = "local noise = vise.random(11):normal { 40, 1, 28, 28 }",
      source = "Matsumoto and Nishimura 1998; Box and Muller 1958",
    },
    {
      name = "real", arguments = {}, returns = { { "number" } },
      text = "A number in [0, 1), a multiple of 2^-53.",
      example = "local u = g:real()",
    },
    {
      name = "u32", arguments = {}, returns = { { "integer" } },
      text = "32 random bits.",
      example = "local bits = g:u32()",
    },
    {
      name = "uniform",
      arguments = { { "shape", "integer[]", "the size of each dimension" } },
      returns = { { "vise.Tensor" } },
      text = "Numbers in [0, 1), f32.",
      example = "local u = g:uniform { 8 }",
    },
  },
}
