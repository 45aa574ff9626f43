--- Modules of models.

local NAME = { "name", "string", "the checkpoint's own" }
local X = { "x", "vise.Tensor", "f32 [B, T, D]" }

return {
  name = "nn",
  kind = "module",
  summary = "the parts that models are made of, and the quantized layer that takes a Linear's place",
  functions = {
    {
      name = "Attention.new",
      arguments = {
        NAME,
        { "parts", "table", "q, k, v and out, each a Linear; heads; kv_heads (heads); causal (false); theta, the "
          .. "base of rotary positions (none)" },
      },
      returns = { { "vise.nn.Attention" } },
      text = "Attention over one sequence each.",
      example = 'vise.nn.Attention.new("attn", { q = q, k = k, v = v, out = out, heads = 4 })',
      source = "Vaswani et al. 2017",
    },
    {
      name = "Attention:forward",
      arguments = { X, { "cache", "vise.nn.CacheLayer", "what came before; x is added to it", optional = true } },
      returns = { { "vise.Tensor" } },
      text = "Applies the attention.",
      example = "local y = attention:forward(x)",
    },
    {
      name = "Embedding.new",
      arguments = { NAME, { "weight", "vise.Tensor", "[ids, width], any float type" } },
      returns = { { "vise.nn.Embedding" } },
      text = "A row of a table for each id.",
      example = 'vise.nn.Embedding.new("embed_tokens", weight)',
    },
    {
      name = "Embedding:forward",
      arguments = { { "ids", "vise.Tensor", "i64 or i32, from 0" } },
      returns = { { "vise.Tensor" } },
      text = "f32 [..., width].",
      example = "local x = embedding:forward(ids)",
    },
    {
      name = "GatedMLP.new",
      arguments = {
        NAME,
        { "gate", "vise.nn.Linear", "its output goes through SiLU" },
        { "up", "vise.nn.Linear", "is multiplied by that" },
        { "down", "vise.nn.Linear", "back to the width" },
      },
      returns = { { "vise.nn.GatedMLP" } },
      text = "down(silu(gate(x)) * up(x)).",
      example = 'vise.nn.GatedMLP.new("mlp", gate, up, down)',
      source = "Shazeer 2020 (SwiGLU)",
    },
    {
      name = "GatedMLP:forward", arguments = { X }, returns = { { "vise.Tensor" } },
      text = "Applies it.",
      example = "local y = mlp:forward(x)",
    },
    {
      name = "Linear.new",
      arguments = {
        NAME, { "outputs", "integer", "rows of the weight" }, { "inputs", "integer", "columns of the weight" },
        { "weight", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]" },
        { "bias", "vise.Tensor", "[outputs]", optional = true },
      },
      returns = { { "vise.nn.Linear" } },
      text = "The layer that can be quantized: then its field quantized computes instead.",
      example = 'local layer = vise.nn.Linear.new("proj", 64, 32, weight)',
    },
    {
      name = "Linear:forward", arguments = { X }, returns = { { "vise.Tensor" } },
      text = "Calls the hooks, then computes x W' + bias or what the quantized layer makes of it.",
      example = "local y = layer:forward(x)",
    },
    {
      name = "Linear:hook",
      arguments = { { "hook", "function", "called with the layer and x before every forward" } },
      returns = { { "function" } },
      text = "Adds a hook. The function that comes back takes it off again.",
      example = "local undo = layer:hook(function(l, x) print(l.name, x) end)",
    },
    {
      name = "MLP.new",
      arguments = {
        NAME, { "up", "vise.nn.Linear", "to the inner width" }, { "down", "vise.nn.Linear", "back" },
        { "gelu", "string", "tanh or erf" },
      },
      returns = { { "vise.nn.MLP" } },
      text = "Two linear layers with a GELU between them.",
      example = 'vise.nn.MLP.new("ff", up, down, "tanh")',
    },
    {
      name = "MLP:forward", arguments = { X }, returns = { { "vise.Tensor" } },
      text = "Applies it.",
      example = "local y = mlp:forward(x)",
    },
    {
      name = "ModulatedNorm.new",
      arguments = { NAME, { "eps", "number", "added to the variance" } },
      returns = { { "vise.nn.ModulatedNorm" } },
      text = "LayerNorm without weights of its own, whose shift and scale come from the conditioning.",
      example = 'vise.nn.ModulatedNorm.new("norm1", 1e-6)',
      source = "Peebles and Xie 2023 (adaLN)",
    },
    {
      name = "ModulatedNorm:forward",
      arguments = { X, { "shift", "vise.Tensor", "f32 [B, D]" }, { "scale", "vise.Tensor", "f32 [B, D]" } },
      returns = { { "vise.Tensor" } },
      text = "norm(x) (1 + scale) + shift.",
      example = "local y = norm:forward(x, shift, scale)",
    },
    {
      name = "Module:layer",
      arguments = { { "name", "string", "the full name of a layer" } },
      returns = { { "vise.nn.Linear?" } },
      text = "Every module and every model has it: a layer inside it.",
      example = 'local q = model:layer "transformer_blocks.0.attn1.to_q"',
    },
    {
      name = "Module:layers", arguments = {}, returns = { { "vise.nn.Linear[]" } },
      text = "Every module and every model has it: the layers inside it that can be quantized, in the order in "
        .. "which they run.",
      example = "for _, layer in ipairs(model:layers()) do print(layer.name) end",
    },
    {
      name = "PatchEmbed.new",
      arguments = {
        NAME, { "weight", "vise.Tensor", "[width, channels, patch, patch]" }, { "bias", "vise.Tensor", "[width]" },
        { "size", "table", "patch; grid, patches along one side; width" },
      },
      returns = { { "vise.nn.PatchEmbed" } },
      text = "Cuts images into patches, projects each and adds its place as sines and cosines.",
      example = 'vise.nn.PatchEmbed.new("pos_embed", weight, bias, { patch = 4, grid = 7, width = 128 })',
    },
    {
      name = "PatchEmbed:close", arguments = {},
      text = "Frees its positions at once.",
      example = "embed:close()",
    },
    {
      name = "PatchEmbed:forward",
      arguments = { { "images", "vise.Tensor", "f32 [B, C, H, W]" } },
      returns = { { "vise.Tensor" } },
      text = "f32 [B, patches, width].",
      example = "local x = embed:forward(images)",
    },
    {
      name = "RMSNorm.new",
      arguments = { NAME, { "weight", "vise.Tensor", "[D]" }, { "eps", "number", "added to the mean square" } },
      returns = { { "vise.nn.RMSNorm" } },
      text = "x / sqrt(mean(x^2) + eps) * weight.",
      example = 'vise.nn.RMSNorm.new("norm", weight, 1e-5)',
      source = "Zhang and Sennrich 2019",
    },
    {
      name = "RMSNorm:forward", arguments = { X }, returns = { { "vise.Tensor" } },
      text = "Applies it.",
      example = "local y = norm:forward(x)",
    },
    {
      name = "cache.new",
      arguments = {
        { "layers", "integer", "how many attentions share it" }, { "capacity", "integer", "positions" },
        { "width", "integer", "of one key: kv_heads times the size of a head" },
      },
      returns = { { "vise.nn.Cache" } },
      text = "Keys and values of what came before, in buffers made once; model:cache() makes the right one.",
      example = "local cache = vise.nn.cache.new(5, 512, 32)",
    },
    {
      name = "cache:clear", arguments = {},
      text = "Forgets everything; the buffers stay.",
      example = "cache:clear()",
    },
    {
      name = "cache:close", arguments = {},
      text = "Frees the buffers at once.",
      example = "cache:close()",
    },
    {
      name = "cache:hold",
      arguments = { { "length", "integer", "how many positions" } },
      text = "Forgets all positions but the first ones; or takes for held what is in the buffers already.",
      example = "cache:hold(8)",
    },
    {
      name = "cache:length", arguments = {}, returns = { { "integer" } },
      text = "Positions held.",
      example = "cache:length()",
    },
    {
      name = "class",
      arguments = { { "kind", "string", "the class's name" } },
      returns = { { "table" } },
      text = "A new class of modules: a table for its methods, which is its instances' metatable.",
      example = 'local Twice = vise.nn.class "Twice"',
    },
    {
      name = "quantized_linear.act_scale",
      arguments = {
        { "type", "vise.QuantType", "a static one" },
        { "range", "vise.Tensor", "the smallest and largest activation: what an observer of ranges gives" },
      },
      returns = { { "vise.Tensor" } }, fails = true,
      text = "The scale that a static type gives activations of that range, f32 [1].",
      example = "local scale = assert(vise.nn.quantized_linear.act_scale(quant_type, observer:result()))",
    },
    {
      name = "quantized_linear.from_tensors",
      arguments = {
        { "type", "vise.QuantType", "what vise.quant_types.parse returns" },
        { "shape", "integer[]", "{ outputs, inputs }" }, { "storage", "string", "f16 or bf16" },
        { "tensors", "table", "the layer's tensors by the names that layout gives them" },
      },
      returns = { { "vise.QuantizedLinear" } }, fails = true,
      text = "Rebuilds a layer from what was saved; every tensor is checked.",
      example = 'local layer = vise.nn.quantized_linear.from_tensors(quant_type, { 64, 32 }, "f16", tensors)',
    },
    {
      name = "quantized_linear.layout",
      arguments = {
        { "type", "vise.QuantType", "what vise.quant_types.parse returns" },
        { "shape", "integer[]", "{ outputs, inputs }" }, { "storage", "string", "f16 or bf16" },
        { "bias", "string", "the dtype of the bias", optional = true },
      },
      returns = { { "table[]" } },
      text = "The tensors that a layer is saved as: param, dtype, shape and bytes of each.",
      example = 'vise.nn.quantized_linear.layout(quant_type, { 64, 32 }, "f16")',
    },
    {
      name = "quantized_linear.memory",
      arguments = {
        { "type", "vise.QuantType", "what vise.quant_types.parse returns" },
        { "shape", "integer[]", "{ outputs, inputs }" }, { "storage", "string", "f16 or bf16" },
        { "bias", "string", "the dtype of the bias", optional = true },
      },
      returns = { { "integer" } },
      text = "The bytes that the layer keeps in memory.",
      example = 'vise.nn.quantized_linear.memory(quant_type, { 64, 32 }, "f16")',
    },
    {
      name = "quantized_linear.new",
      arguments = { { "parts", "table", "type, weight (coded) and, where there are any, smooth, down, up, "
        .. "act_scale, bias" } },
      returns = { { "vise.QuantizedLinear" } }, fails = true,
      text = "A layer from its parts: forward(x), dequantize(), tensors(), bytes(), close().",
      example = "layer.quantized = assert(vise.nn.quantized_linear.new { type = quant_type, weight = coded })",
    },
  },
}
