--- Coded tensors: schemes applied to matrices.

local OUT = require "vise.reference.out"
local SCHEME = { "scheme", "vise.Scheme", "what vise.scheme returns" }

return {
  name = "coded",
  kind = "module",
  summary = "matrices as codes, scales and zero points, and products with them",
  prelude = [[
local g = vise.random(1)
local weight, x = g:normal { 32, 64 }, g:normal { 4, 64 }
local scheme = vise.scheme { bits = 8, granularity = "row", convention = "amax_half_step" }
local per_token = vise.scheme { bits = 8, granularity = "token", convention = "amax_half_step" }
local coded = assert(vise.coded.encode(scheme, weight))
local packed = assert(vise.coded.pack(coded))]],
  functions = {
    {
      name = "encode",
      arguments = {
        SCHEME,
        { "x", "vise.Tensor", "a float matrix" },
        { "options", "table", "how scales are chosen", optional = true, fields = {
          { "search", "boolean|table", "of each run the scale that gives the least squared error, among multiples of "
            .. "the convention's own from 0.60 to 1.00 (floats 1.20); or { shrink = 0.2, grid = 100, norm = 2.4 }: of "
            .. "integers the range that gives the least sum of |error|^norm (1 to 4), among 1 - i / grid of the whole, "
            .. "i from 0 below shrink * grid", default = false },
          { "importance", "vise.Tensor", "f32 [columns] that weighs the errors of a search", optional = true },
          { "scale", "vise.Tensor", "the scales, in the shape they are stored in: codes are made for them, as they "
            .. "are stored, whatever the convention would choose", optional = true },
          { "zero", "vise.Tensor", "with scale, for schemes with zero points", optional = true },
          { "second", "vise.Tensor", "with scale, for schemes with an upper level", optional = true },
        } },
      },
      returns = { { "vise.Coded", "coded" } }, fails = true,
      text = "Makes codes of a matrix by the scheme's convention. A range that is not finite is an error that names "
        .. "its row.",
      example = [[
local plain = assert(vise.coded.encode(scheme, weight))
local found = assert(vise.coded.encode(scheme, weight, { search = true }))
local function loss(c) return vise.ops.compare(c:decode(), weight).rel_l2 end
assert(loss(found) <= loss(plain))
local wide = plain:tensors().scale:mul(2) -- steps of one's own
local coarse = assert(vise.coded.encode(scheme, weight, { scale = wide }))
assert(loss(coarse) > loss(plain))]],
    },
    {
      name = "pack",
      arguments = { { "coded", "vise.Coded", "weights [outputs, inputs]" } },
      returns = { { "vise.Packed", "packed" } }, fails = true,
      text = "The layout that products read. It is derived from the codes and never saved.",
      example = [[
local packed = assert(vise.coded.pack(coded))
print(packed:kind(), packed:shape()) --> int8 32 64]],
    },
    {
      name = "pack_floats",
      arguments = { { "weight", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]" } },
      returns = { { "vise.Packed", "packed" } }, fails = true,
      text = "The same layout for weights as they are.",
      example = [[
local packed = assert(vise.coded.pack_floats(weight:to "f16"))
print(packed:kind()) --> f16]],
    },
    {
      name = "packed_bytes",
      arguments = {
        { "scheme", "vise.Scheme|vise.Dtype", "of the weights, or their float type" },
        { "shape", "integer[]", "{ outputs, inputs }" },
      },
      returns = { { "integer", "bytes" } },
      text = "The bytes that vise.coded.pack or pack_floats would take.",
      example = "assert(vise.coded.packed_bytes(scheme, { 32, 64 }) == packed:bytes())",
    },
    {
      name = "product",
      arguments = {
        { "rows", "vise.Rows", "what vise.coded.rows returns" },
        { "w", "vise.Packed", "what they were made for, or a weight like it" },
        { "options", "table", "what is added", optional = true, fields = {
          { "bias", "vise.Tensor", "[outputs]", optional = true },
          { "up", "vise.Packed", "floats [outputs, rank], for rows made with `down`", optional = true },
        } },
        OUT,
      },
      returns = { { "vise.Tensor", "y" } }, fails = true,
      text = "The linear layer: f32 [..., outputs]. Codes are multiplied code by code, scales are applied to the sums.",
      example = [[
local rows = assert(vise.coded.rows(x, packed, { scheme = per_token }))
local y = assert(vise.coded.product(rows, packed))
local float = vise.ops.linear(x, weight)
print(y:shape()) --> 4 32
assert(vise.ops.compare(y, float).rel_l2 < 0.02)]],
    },
    {
      name = "rebuild",
      arguments = {
        SCHEME,
        { "shape", "integer[]", "{ rows, columns }" },
        { "tensors", "table<string, vise.Tensor>", "codes, scale and, if the scheme has them, zero or second" },
      },
      returns = { { "vise.Coded", "coded" } }, fails = true,
      text = "A coded matrix from its saved tensors, whose shapes and types are checked.",
      example = [[
local again = assert(vise.coded.rebuild(scheme, { 32, 64 }, coded:tensors()))
assert(again:decode():tobytes() == coded:decode():tobytes())]],
    },
    {
      name = "rows",
      arguments = {
        { "x", "vise.Tensor", "f32, f16 or bf16 [..., inputs]" },
        { "w", "vise.Packed", "what the rows will be multiplied by" },
        { "options", "table", "how x is coded, and what is computed on the way", optional = true, fields = {
          { "scheme", "vise.Scheme", "how x is made codes of", otherwise = "it stays float" },
          { "scale", "number", "the one scale of x, for schemes per tensor", otherwise = "found in x" },
          { "smooth", "vise.Tensor", "f32 [inputs] that x is divided by first", optional = true },
          { "down", "vise.Packed", "floats [rank, inputs]", optional = true },
          { "norm", "string", "normalize x first", choices = { "layer", "rms" }, optional = true },
          { "eps", "number", "of the norm", optional = true },
          { "weight", "vise.Tensor", "of the norm", optional = true },
          { "bias", "vise.Tensor", "of the norm", optional = true },
          { "gelu", "string", "then GELU", choices = { "tanh", "erf" }, optional = true },
          { "silu_mul", "vise.Tensor", "then silu(x) times this", optional = true },
          { "shift", "vise.Tensor", "then x (1 + mod_scale) + shift", optional = true },
          { "mod_scale", "vise.Tensor", "with shift", optional = true },
        } },
        { "out", "vise.Rows", "rows whose memory is used again", otherwise = "new rows" },
      },
      returns = { { "vise.Rows", "rows" } }, fails = true,
      text = "Activations as products read them: read once, coded and laid out. The same rows serve every weight of "
        .. "the same kind, inputs and groups.",
      example = [[
local rows = assert(vise.coded.rows(x, packed, { scheme = per_token, norm = "layer", eps = 1e-6 }))
print(rows:kind(), rows:shape()) --> int8 4 64]],
    },
    {
      name = "simulate",
      arguments = {
        SCHEME,
        { "x", "vise.Tensor", "a float matrix" },
        { "out", "vise.Tensor", "where the result goes; x itself, if it is f32", otherwise = "a new tensor" },
        { "scale", "number", "the one scale of x, for schemes per tensor", otherwise = "found in x" },
      },
      returns = { { "vise.Tensor", "seen" } }, fails = true,
      text = "What the codes of x stand for, without keeping them: encode and decode in one pass.",
      example = [[
local seen = assert(vise.coded.simulate(per_token, x))
print(("%.1f dB"):format(vise.ops.compare(seen, x).sqnr)) -- about 44 dB]],
    },
  },
}
