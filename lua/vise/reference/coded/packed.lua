--- Packed weights.

return {
  name = "packed",
  kind = "class",
  class = "vise.Packed",
  summary = "weights in the layout of the products; made by vise.coded.pack and pack_floats",
  prelude = [[
local scheme = vise.scheme { bits = 8, granularity = "row", convention = "amax_half_step" }
local weight = vise.random(1):normal { 32, 64 }
local packed = assert(vise.coded.pack(assert(vise.coded.encode(scheme, weight))))]],
  functions = {
    {
      name = "bytes", arguments = {}, returns = { { "integer", "bytes" } },
      text = "The bytes it takes in memory.",
      example = "assert(packed:bytes() >= 32 * 64)",
    },
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "packed:close()",
    },
    {
      name = "kind", arguments = {}, returns = { { "string", "kind" } },
      text = "What the codes are: int8, nibble, float8, or the float type of weights as they are.",
      example = "print(packed:kind()) --> int8",
    },
    {
      name = "scheme", arguments = {}, returns = { { "vise.Scheme?", "scheme" } },
      text = "The scheme of the codes; nil for floats.",
      example = [[
print(packed:scheme()) --> scheme int8 row, amax_half_step, f32 scales
assert(vise.coded.pack_floats(weight):scheme() == nil)]],
    },
    {
      name = "shape", arguments = {}, returns = { { "integer", "outputs" }, { "integer", "inputs" } },
      text = "Outputs and inputs.",
      example = "print(packed:shape()) --> 32 64",
    },
    {
      name = "workspace",
      arguments = {
        { "rows", "integer", "of the activations" },
        { "activation", "vise.Scheme", "theirs", otherwise = "they stay float" },
        { "rank", "integer", "of the low-rank branch", default = 0 },
      },
      returns = { { "integer", "bytes" } },
      text = "The bytes of the rows that vise.coded.rows makes.",
      example = [[
local rows = assert(vise.coded.rows(vise.tensor("f32", { 4, 64 }), packed))
assert(packed:workspace(4) == rows:bytes())]],
    },
  },
}
