--- Rows of activations.

return {
  name = "rows",
  kind = "class",
  class = "vise.Rows",
  summary = "activations in the layout of the products; made by vise.coded.rows",
  prelude = [[
local packed = assert(vise.coded.pack_floats(vise.random(1):normal { 32, 64 }))
local rows = assert(vise.coded.rows(vise.random(2):normal { 2, 4, 64 }, packed))]],
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer", "bytes" } },
      text = "The bytes they take in memory.",
      example = "assert(rows:bytes() >= 4 * 8 * 64)",
    },
    {
      name = "close", arguments = {},
      text = "Frees their memory at once.",
      example = "rows:close()",
    },
    {
      name = "kind", arguments = {}, returns = { { "string", "kind" } },
      text = "What they hold: f32, int8, grouped or float8.",
      example = "print(rows:kind()) --> f32",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer", "..." } },
      text = "The shape of the tensor they were made from.",
      example = "print(rows:shape()) --> 2 4 64",
    },
  },
}
