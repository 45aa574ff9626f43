--- Random numbers.

return {
  name = "generator",
  kind = "class",
  class = "vise.Generator",
  summary = "random numbers from a seed: MT19937; made by vise.random",
  text = "The same seed gives the same numbers on every machine.",
  prelude = "local g = vise.random(11)",
  functions = {
    {
      name = "normal",
      arguments = { { "shape", "integer[]", "the size of each dimension" } },
      returns = { { "vise.Tensor", "numbers", "f32" } },
      text = "Normal numbers, f32: the same as PyTorch draws from the same seed on a CPU.",
      example = [[
local noise = g:normal { 4, 1, 28, 28 }
print(noise:count()) --> 3136]],
      source = "Matsumoto and Nishimura 1998; Box and Muller 1958",
    },
    {
      name = "real", arguments = {}, returns = { { "number", "u" } },
      text = "A number in [0, 1), a multiple of 2^-53.",
      example = [[
local u = g:real()
assert(u >= 0 and u < 1)]],
    },
    {
      name = "u32", arguments = {}, returns = { { "integer", "bits" } },
      text = "32 random bits.",
      example = "print(vise.random(5489):u32()) --> 3499211612",
    },
    {
      name = "uniform",
      arguments = { { "shape", "integer[]", "the size of each dimension" } },
      returns = { { "vise.Tensor", "numbers", "f32" } },
      text = "Numbers in [0, 1), f32.",
      example = [[
local u = g:uniform { 8 }
assert(u:min() >= 0 and u:max() < 1)]],
    },
  },
}
