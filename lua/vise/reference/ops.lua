--- The operators of networks.

local OUT = { "out", "vise.Tensor", "where the result goes", optional = true, otherwise = "a new tensor" }
local X = { "x", "vise.Tensor", "f32" }

return {
  name = "ops",
  kind = "module",
  summary = "the operators of networks, on f32 tensors; weights and tables may be f16 or bf16",
  functions = {
    {
      name = "attention",
      arguments = {
        { "q", "vise.Tensor", "f32 [B, Tq, heads * size]" },
        { "k", "vise.Tensor", "f32 [B, Tk, kv_heads * size]" },
        { "v", "vise.Tensor", "as k" },
        { "options", "table", "heads; kv_heads (heads); causal (false); position (0): how many keys come before "
          .. "the first query" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "softmax(q k' / sqrt(size)) v for every head. With causal, query i sees the keys up to position + i. "
        .. "Scores are made in blocks, so memory does not grow with Tq times Tk.",
      example = "local y = vise.ops.attention(q, k, v, { heads = 8, kv_heads = 4, causal = true })",
    },
    {
      name = "compare",
      arguments = {
        { "a", "vise.Tensor", "what is measured" }, { "b", "vise.Tensor", "the reference, of the same shape" },
      },
      returns = { { "table" } },
      text = "mae, rmse, max_abs, rel_l2 = ||a - b|| / max(||b||, 1e-12), cosine and sqnr in dB, in double.",
      example = "print(vise.ops.compare(quantized, float).sqnr)",
    },
    {
      name = "cross_entropy",
      arguments = {
        { "logits", "vise.Tensor", "f32 [n, V]" },
        { "targets", "vise.Tensor", "i64 [n], ids from 0" },
      },
      returns = { { "number" }, { "integer" } },
      text = "The sum of -log softmax(logits)[target] in nats, and n.",
      example = "local nats, n = vise.ops.cross_entropy(logits, targets)",
    },
    {
      name = "embedding",
      arguments = {
        { "table", "vise.Tensor", "[V, D], any float type" },
        { "ids", "vise.Tensor", "i64 or i32 of any shape, from 0" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "The row of the table for each id: f32 [..., D]. An id outside the table is an error that names it.",
      example = "local x = vise.ops.embedding(weight, ids)",
    },
    {
      name = "gated_add",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "y", "vise.Tensor", "f32 [B, T, D]" },
        { "gate", "vise.Tensor", "f32 [B, D], may be columns of a wider tensor" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "x + gate * y, the gate being the same for every token.",
      example = "vise.ops.gated_add(x, branch, gate, x)",
    },
    {
      name = "gelu",
      arguments = { X, { "form", "string", "tanh or erf" }, OUT },
      returns = { { "vise.Tensor" } },
      text = "x times the normal distribution function of x: exact with erf, or by the tanh formula.",
      example = 'local y = vise.ops.gelu(x, "tanh")',
      source = "Hendrycks and Gimpel 2016",
    },
    {
      name = "layer_norm",
      arguments = {
        X, { "eps", "number", "added to the variance" },
        { "weight", "vise.Tensor", "[D], any float type", optional = true },
        { "bias", "vise.Tensor", "[D], any float type", optional = true }, OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "Each row to mean 0 and variance 1, then times weight plus bias where given.",
      example = "local y = vise.ops.layer_norm(x, 1e-6)",
    },
    {
      name = "linear",
      arguments = {
        { "x", "vise.Tensor", "f32 [..., inputs]" },
        { "w", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]; may be mapped, may be columns of a wider one" },
        { "bias", "vise.Tensor", "[outputs], any float type", optional = true },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "x w' + bias, f32 [..., outputs].",
      example = "local y = vise.ops.linear(x, weight, bias)",
    },
    {
      name = "matmul_rule",
      arguments = {},
      returns = { { "string" } },
      text = "How f32 products are computed here: which code for which shapes. It is part of a manifest.",
      example = "print(vise.ops.matmul_rule())",
    },
    {
      name = "modulate",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "shift", "vise.Tensor", "f32 [B, D], may be columns of a wider tensor" },
        { "scale", "vise.Tensor", "likewise" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "x (1 + scale) + shift, the same for every token.",
      example = "local y = vise.ops.modulate(x, shift, scale)",
      source = "Peebles and Xie 2023 (adaLN)",
    },
    {
      name = "patchify",
      arguments = { { "x", "vise.Tensor", "f32 [B, C, H, W]" }, { "patch", "integer", "side of a patch" }, OUT },
      returns = { { "vise.Tensor" } },
      text = "Cuts images into patches: [B, (H/p)(W/p), C p p], inside a patch channel, row, column.",
      example = "local tokens = vise.ops.patchify(images, 4)",
    },
    {
      name = "rms_norm",
      arguments = {
        X, { "weight", "vise.Tensor", "[D], any float type" }, { "eps", "number", "added to the mean square" }, OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "x / sqrt(mean(x^2) + eps) * weight, by rows.",
      example = "local y = vise.ops.rms_norm(x, weight, 1e-5)",
      source = "Zhang and Sennrich 2019",
    },
    {
      name = "rope",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, heads * size]" },
        { "options", "table", "heads; theta (10000); position (0): of the first token" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "Rotary positions: element i of a head turns with element i + size/2, as in Hugging Face models.",
      example = "vise.ops.rope(q, { heads = 8, position = 12 }, q)",
      source = "Su et al. 2021",
    },
    {
      name = "silu", arguments = { X, OUT }, returns = { { "vise.Tensor" } },
      text = "x / (1 + exp(-x)).",
      example = "local y = vise.ops.silu(x)",
    },
    {
      name = "sinusoid",
      arguments = {
        { "values", "vise.Tensor", "f32 [n]" },
        { "options", "table", "dim; cos_first (false); shift (0); max_period (10000)" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "Sines and cosines of each value times the frequencies max_period^(-i / (dim/2 - shift)): [n, dim].",
      example = "local waves = vise.ops.sinusoid(timesteps, { dim = 256, cos_first = true, shift = 1 })",
    },
    {
      name = "softmax", arguments = { X, OUT }, returns = { { "vise.Tensor" } },
      text = "exp(x - max) / sum over the last dimension.",
      example = "local p = vise.ops.softmax(scores)",
    },
    {
      name = "top_p",
      arguments = {
        { "logits", "vise.Tensor", "f32 [V]" },
        { "options", "table", "temperature (1); top_p (1); u (0): a number in [0, 1) that decides" },
      },
      returns = { { "integer" } },
      text = "Draws an id, from 0, among the likeliest ones that together have the probability top_p.",
      example = "local id = vise.ops.top_p(logits, { temperature = 0.8, top_p = 0.9, u = g:real() })",
      source = "Holtzman et al. 2019",
    },
    {
      name = "unpatchify",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, p p C], inside a patch row, column, channel" },
        { "options", "table", "channels, height, width, patch" },
        OUT,
      },
      returns = { { "vise.Tensor" } },
      text = "Puts patches back together: [B, C, H, W].",
      example = "local y = vise.ops.unpatchify(x, { channels = 1, height = 28, width = 28, patch = 4 })",
    },
  },
}
