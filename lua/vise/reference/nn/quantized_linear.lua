--- Quantized layers.

local SHAPE = { "shape", "integer[]", "{ outputs, inputs }" }
local STORAGE = { "storage", "string", "of factors and scales", choices = { "f16", "bf16" } }
local TYPE = { "type", "vise.QuantType", "what vise.quant_types.parse returns" }
local BIAS = { "bias", "vise.Dtype", "of the bias", otherwise = "there is none" }

return {
  name = "quantized_linear",
  kind = "class",
  class = "vise.QuantizedLinear",
  path = "vise.nn.quantized_linear",
  summary = "a quantized layer: what takes the place of a Linear's product",
  prelude = [[
local quant_type = vise.quant_types.parse "int8_per_row"
local scheme = vise.scheme(vise.quant_types.scheme_args(quant_type.weight, "f16"))
local weight = vise.random(1):normal { 64, 32 }
local coded = assert(vise.coded.encode(scheme, weight))
local layer = assert(vise.nn.quantized_linear.new { type = quant_type, weight = coded })]],
  fields = {
    { "type", "vise.QuantType", "of the layer" },
    { "shape", "integer[]", "{ outputs, inputs }" },
    { "weight", "vise.Coded", "codes of the weight, or of the residual" },
    { "packed", "vise.Packed", "the same as products read it" },
    { "packed_down", "vise.Packed", "the same of down", optional = true },
    { "packed_up", "vise.Packed", "the same of up", optional = true },
    { "activation", "vise.Scheme", "of the activations", otherwise = "they stay float" },
    { "smooth", "vise.Tensor", "[inputs] in the storage type, as saved", optional = true },
    { "smooth_original", "vise.Tensor", "[inputs], before few-shot spans were relaxed", optional = true },
    { "smooth_f32", "vise.Tensor", "smooth, for computing", optional = true },
    { "down", "vise.Tensor", "[rank, inputs]", optional = true },
    { "up", "vise.Tensor", "[outputs, rank]", optional = true },
    { "act_scale", "vise.Tensor", "f32 [1], of static types", optional = true },
    { "bias", "vise.Tensor", "[outputs], as the model has it", optional = true },
  },
  functions = {
    {
      name = "act_scale", static = true,
      arguments = {
        { "type", "vise.QuantType", "a static one" },
        { "range", "vise.Tensor", "the smallest and largest activation: what an observer of ranges gives" },
      },
      returns = { { "vise.Tensor", "scale", "f32 [1]" } }, fails = true,
      text = "The scale that a static type gives activations of that range.",
      example = [[
local static = vise.quant_types.parse "int8_per_row_static"
local range = vise.tensor_of("f32", { 1, 2 }, { -2, 6.375 })
local scale = assert(vise.nn.quantized_linear.act_scale(static, range))
print(("%.3f"):format(scale:get(1))) --> 0.050]],
    },
    {
      name = "bytes", arguments = {}, returns = { { "integer", "bytes" } },
      text = "The bytes that it keeps in memory.",
      example = 'assert(layer:bytes() == vise.nn.quantized_linear.memory(quant_type, { 64, 32 }, "f16"))',
    },
    {
      name = "close", arguments = {},
      text = "Frees its tensors at once.",
      example = "layer:close()",
    },
    {
      name = "dequantize", arguments = {}, returns = { { "vise.Tensor", "weight", "f32 [outputs, inputs]" } },
      text = "The weight that the layer stands for: what it multiplies its input by when activations are exact.",
      example = "assert(vise.ops.compare(layer:dequantize(), weight).sqnr > 35) -- dB",
    },
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32, f16 or bf16 [..., inputs]" } },
      returns = { { "vise.Tensor", "y", "f32 [..., outputs]" } }, fails = true,
      text = "Applies the layer.",
      example = "print(assert(layer:forward(vise.random(2):normal { 4, 32 })):shape()) --> 4 64",
    },
    {
      name = "from_tensors", static = true,
      arguments = {
        TYPE, SHAPE, STORAGE,
        { "tensors", "table<string, vise.Tensor>", "the layer's tensors by the names that layout gives them" },
      },
      returns = { { "vise.QuantizedLinear", "layer" } }, fails = true,
      text = "Rebuilds a layer from what was saved; every tensor is checked.",
      example = [[
local saved = coded:tensors()
local again = assert(vise.nn.quantized_linear.from_tensors(quant_type, { 64, 32 }, "f16", saved))
assert(again:dequantize():tobytes() == layer:dequantize():tobytes())]],
    },
    {
      name = "layout", static = true,
      arguments = { TYPE, SHAPE, STORAGE, BIAS },
      returns = {
        { "table[]", "tensors", "in the order in which they are saved", fields = {
          { "param", "string", "the name" }, { "dtype", "string", "of the elements" },
          { "shape", "integer[]", "of the tensor" }, { "bytes", "integer", "of the elements" },
        } },
      },
      text = "The tensors that a layer is saved as.",
      example = [[
for _, t in ipairs(vise.nn.quantized_linear.layout(quant_type, { 64, 32 }, "f16")) do
  print(t.param, t.dtype, t.bytes)
end]],
    },
    {
      name = "memory", static = true,
      arguments = { TYPE, SHAPE, STORAGE, BIAS },
      returns = { { "integer", "bytes" } },
      text = "The bytes that a layer would keep in memory.",
      example = 'print(vise.nn.quantized_linear.memory(quant_type, { 64, 32 }, "f16")) -- before it is made',
    },
    {
      name = "new", static = true,
      arguments = {
        { "parts", "table", "what it is put together from", fields = {
          { "type", "vise.QuantType", "of the layer" },
          { "weight", "vise.Coded", "codes of the weight, or of the residual" },
          { "smooth", "vise.Tensor", "[inputs]", optional = true },
          { "smooth_original", "vise.Tensor", "[inputs], before relaxation", optional = true },
          { "down", "vise.Tensor", "[rank, inputs], divided by smooth", optional = true },
          { "up", "vise.Tensor", "[outputs, rank]", optional = true },
          { "act_scale", "vise.Tensor", "f32 [1], of static types", optional = true },
          { "bias", "vise.Tensor", "[outputs]", optional = true },
        } },
      },
      returns = { { "vise.QuantizedLinear", "layer" } }, fails = true,
      text = "A layer from its parts. A Linear whose field `quantized` it is computes with it.",
      example = [[
local linear = vise.nn.Linear.new("proj", 64, 32, weight)
linear.quantized = assert(vise.nn.quantized_linear.new { type = quant_type, weight = coded })
print(linear:forward(vise.random(2):normal { 1, 4, 32 }):shape()) --> 1 4 64]],
    },
    {
      name = "tensors", arguments = {},
      returns = {
        { "table[]", "tensors", "in the order in which they are saved", fields = {
          { "param", "string", "the name" }, { "tensor", "vise.Tensor", "what is saved" },
        } },
      },
      text = "The tensors to save.",
      example = "print(layer:tensors()[1].param, layer:tensors()[2].param) --> codes scale",
    },
  },
}
