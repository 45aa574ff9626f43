--- SVDQuant.

local SVDQUANT = "arXiv 2411.05007, section 4"
local OPTIONS = { "options", "table", "the fields of vise.SvdqOptions: `svdq` of a configuration", optional = true }
local STORAGE = { "storage", "string", "of factors, scales and smoothing", choices = { "f16", "bf16" } }
local SCHEME = { "scheme", "vise.Scheme", "of the residual" }

return {
  name = "algorithms.svdquant",
  kind = "module",
  summary = "smoothing, a low-rank branch, and the codes of what it leaves",
  prelude = [[
local g = vise.random(1)
local weight = g:normal { 32, 64 }
local quant_type = vise.quant_types.parse "svdq_int4_r8_dq"
local scheme = vise.scheme(vise.quant_types.scheme_args(quant_type.weight, "bf16"))]],
  fields = { { "method", "vise.Method", "what vise.algorithms.method \"svdquant\" gives" } },
  records = {
    {
      "vise.SvdquantLayer", "what decompose has to know of a layer",
      fields = {
        { "rank", "integer", "of the branch", range = "from 0 to min(outputs, inputs)" }, STORAGE, SCHEME,
        { "smooth", "vise.Tensor", "[inputs] in the storage type", otherwise = "no smoothing" },
        { "counts", "integer[]", "of a stack of weights: the rows of each", optional = true },
      },
    },
    {
      "vise.SvdquantArgs", "what make has to know of a layer",
      fields = {
        { "type", "vise.QuantType", "with its rank and its smoothing" }, STORAGE, SCHEME,
        { "span", "vise.Tensor", "f32 [inputs], where the smoothing uses activations", optional = true },
        { "samples", "vise.Tensor", "f32 [n, inputs]: some rows of input, for balance and search", optional = true },
        OPTIONS,
      },
    },
    {
      "vise.SvdquantParts", "what a quantized layer is put together from",
      fields = {
        { "weight", "vise.Coded", "the residual" },
        { "smooth", "vise.Tensor", "[inputs] in the storage type", optional = true },
        { "smooth_original", "vise.Tensor", "[inputs], before relaxation", optional = true },
        { "down", "vise.Tensor", "[rank, inputs], divided by smooth", optional = true },
        { "up", "vise.Tensor", "[outputs, rank]", optional = true },
      },
    },
  },
  functions = {
    {
      name = "decompose",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "layer", "vise.SvdquantLayer", "rank, storage, scheme and smoothing" },
        OPTIONS,
      },
      returns = { { "vise.SvdquantParts", "parts" }, { "vise.RefineInfo", "info" } }, fails = true,
      text = "W diag(s) = up down + R. What the rounding of the factors loses is part of R, and so is coded with it.",
      example = [[
local parts, info = assert(vise.algorithms.svdquant.decompose(weight,
  { rank = 8, storage = "bf16", scheme = scheme }, { refine_iters = 2 }))
print(parts.down:shape()) --> 8 64
assert(info.errors[3] <= info.errors[1])]],
      source = SVDQUANT,
    },
    {
      name = "make",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "args", "vise.SvdquantArgs", "the type, and what its smoothing needs" },
      },
      returns = { { "vise.SvdquantParts", "parts" }, { "vise.RefineInfo", "info" } }, fails = true,
      text = "The parts of a quantized layer: smoothing factors by the type's strategy, then the split.",
      example = [[
local parts = assert(vise.algorithms.svdquant.make(weight, { type = quant_type, storage = "bf16", scheme = scheme }))
parts.type = quant_type
local layer = assert(vise.nn.quantized_linear.new(parts))
assert(vise.ops.compare(layer:dequantize(), weight).sqnr > 15) -- dB]],
      source = SVDQUANT,
    },
    {
      name = "make_shared",
      arguments = {
        { "weights", "vise.Tensor[]", "[outputs, inputs] each, with the same inputs" },
        { "args", "vise.SvdquantArgs", "the same for all; span and samples of the input they share" },
      },
      returns = { { "vise.SvdquantParts[]", "parts" }, { "vise.RefineInfo", "info", "of the stack" } }, fails = true,
      text = "The parts of layers that are given the same input: one smoothing and one decomposition of the weights "
        .. "stacked by rows. Each has its rows of up, the codes of its own residual, and copies of down and smooth.",
      example = [[
local parts = assert(vise.algorithms.svdquant.make_shared({ weight, g:normal { 16, 64 } },
  { type = quant_type, storage = "bf16", scheme = scheme }))
assert(parts[1].down:tobytes() == parts[2].down:tobytes())]],
      source = "deepcompressor, low-rank branches of weights with the same input",
    },
  },
}
