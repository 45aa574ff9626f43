--- The operators of networks.

local OUT = require "vise.reference.out"
local X = { "x", "vise.Tensor", "f32" }
local Y = { { "vise.Tensor", "y", "f32" } }

return {
  name = "ops",
  kind = "module",
  summary = "the operators of networks, on f32 tensors; weights and tables may be f16 or bf16",
  prelude = [[
local g = vise.random(1)
local x = g:normal { 2, 6, 32 }]],
  functions = {
    {
      name = "add_positions",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "table", "vise.Tensor", "[P, D], any float type" },
        { "options", "table", "the place", optional = true, fields = {
          { "position", "integer", "of the first token", min = 0, default = 0 },
        } },
        OUT,
      },
      returns = Y,
      text = "Learned positions: row position + t of the table is added to token t.",
      example = [[
local y = vise.ops.add_positions(x, g:normal { 10, 32 }, { position = 4 })
print(y:shape()) --> 2 6 32]],
    },
    {
      name = "attention",
      arguments = {
        { "q", "vise.Tensor", "f32 [B, Tq, heads * size]" },
        { "k", "vise.Tensor", "f32 [B, Tk, kv_heads * size]" },
        { "v", "vise.Tensor", "as k" },
        { "options", "table", "the heads, and what is seen", fields = {
          { "heads", "integer", "of q", min = 1 },
          { "kv_heads", "integer", "of k and v", min = 1, otherwise = "heads" },
          { "causal", "boolean", "query i sees the keys up to position + i", default = false },
          { "position", "integer", "how many keys come before the first query", min = 0, default = 0 },
        } },
        OUT,
      },
      returns = Y,
      text = "softmax(q k' / sqrt(size)) v for every head. Scores are made in blocks, so memory does not grow with Tq "
        .. "times Tk.",
      example = [[
local keys = g:normal { 2, 6, 16 }
local y = vise.ops.attention(x, keys, keys, { heads = 4, kv_heads = 2, causal = true })
print(y:shape()) --> 2 6 32]],
    },
    {
      name = "compare",
      arguments = {
        { "a", "vise.Tensor", "what is measured" }, { "b", "vise.Tensor", "the reference, of the same shape" },
      },
      returns = { { "vise.Measures", "measures" } },
      text = "How far one tensor is from another, in double.",
      example = "assert(vise.ops.compare(x:to \"bf16\":to \"f32\", x).rel_l2 < 0.004)",
    },
    {
      name = "cross_entropy",
      arguments = {
        { "logits", "vise.Tensor", "f32 [n, V]" },
        { "targets", "vise.Tensor", "i64 [n], ids from 0" },
      },
      returns = { { "number", "nats" }, { "integer", "n" } },
      text = "The sum of -log softmax(logits)[target] in nats, and n.",
      example = [[
local logits = vise.tensor("f32", { 2, 8 }) -- all alike
local nats, n = vise.ops.cross_entropy(logits, vise.tensor_of("i64", { 2 }, { 0, 7 }))
print(("%.4f"):format(nats / n)) --> 2.0794]],
    },
    {
      name = "divergence",
      arguments = {
        { "logits", "vise.Tensor", "f32 [n, V]" },
        { "ids", "vise.Tensor", "i32 [n, k], what vise.ops.likeliest kept of a base" },
        { "log_probs", "vise.Tensor", "f32 [n, k], likewise" },
        { "rest", "vise.Tensor", "f32 [n], likewise" },
        OUT,
      },
      returns = { { "vise.Tensor", "rows", "f64 [n, 3]" } }, fails = true,
      text = "For each row the Kullback-Leibler divergence of the base from the logits in nats, with all ids that were "
        .. "not kept taken as one; the most that it can be without that; and 1 if both have the same likeliest id.",
      example = [[
local logits = g:normal { 2, 8 }
local rows = assert(vise.ops.divergence(logits, vise.ops.likeliest(logits, 3)))
print(("%.6f"):format(rows:get(1)), rows:get(3)) --> 0.000000 1.0]],
    },
    {
      name = "embedding",
      arguments = {
        { "table", "vise.Tensor", "[V, D], any float type" },
        { "ids", "vise.Tensor", "i64 or i32 of any shape, from 0" },
        OUT,
      },
      returns = { { "vise.Tensor", "x", "f32 [..., D]" } },
      text = "The row of the table for each id. An id outside the table is an error that names it.",
      example = [[
local ids = vise.tensor_of("i64", { 1, 3 }, { 0, 5, 5 })
print(vise.ops.embedding(g:normal { 8, 4 }, ids):shape()) --> 1 3 4]],
    },
    {
      name = "gated_add",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "y", "vise.Tensor", "f32 [B, T, D]" },
        { "gate", "vise.Tensor", "f32 [B, D], may be columns of a wider tensor" },
        OUT,
      },
      returns = Y,
      text = "x + gate * y, the gate being the same for every token.",
      example = "vise.ops.gated_add(x, g:normal { 2, 6, 32 }, g:normal { 2, 32 }, x) -- in place",
    },
    {
      name = "gelu",
      arguments = { X, { "form", "string", "which formula", choices = { "tanh", "erf" } }, OUT },
      returns = Y,
      text = "x times the normal distribution function of x: exact with erf, or by the tanh formula.",
      example = [[
local y = vise.ops.gelu(vise.tensor_of("f32", { 2 }, { 0, 1 }), "erf")
print(y:get(1), ("%.4f"):format(y:get(2))) --> 0.0 0.8413]],
      source = "Hendrycks and Gimpel 2016",
    },
    {
      name = "layer_norm",
      arguments = {
        X, { "eps", "number", "added to the variance", min = 0 },
        { "weight", "vise.Tensor", "[D], any float type", optional = true },
        { "bias", "vise.Tensor", "[D], any float type", optional = true }, OUT,
      },
      returns = Y,
      text = "Each row to mean 0 and variance 1, then times weight plus bias where given.",
      example = [[
local y = vise.ops.layer_norm(x, 1e-6)
assert(math.abs(y:mean()) < 1e-6)]],
    },
    {
      name = "likeliest",
      arguments = { { "logits", "vise.Tensor", "f32 [n, V]" }, { "k", "integer", "ids to keep, up to V", min = 1 } },
      returns = {
        { "vise.Tensor", "ids", "i32 [n, k], the likeliest first" },
        { "vise.Tensor", "log_probs", "f32 [n, k], in nats" },
        { "vise.Tensor", "rest", "f32 [n]: the logarithm of what all others have together" },
      },
      text = "The likeliest ids of each row, equal ones in the order of the ids.",
      example = [[
local ids, log_probs, rest = vise.ops.likeliest(vise.tensor_of("f32", { 1, 3 }, { 0, 9, 1 }), 1)
print(ids:get(1), ("%.4f"):format(rest:get(1))) --> 1 -7.6872]],
    },
    {
      name = "linear",
      arguments = {
        { "x", "vise.Tensor", "f32 [..., inputs]" },
        { "w", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]; may be mapped, may be columns of a wider one" },
        { "bias", "vise.Tensor", "[outputs], any float type", optional = true },
        OUT,
      },
      returns = { { "vise.Tensor", "y", "f32 [..., outputs]" } },
      text = "x w' + bias.",
      example = "print(vise.ops.linear(x, g:normal { 8, 32 }):shape()) --> 2 6 8",
    },
    {
      name = "matmul_rule",
      arguments = {},
      returns = { { "string", "rule" } },
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
      returns = Y,
      text = "x (1 + scale) + shift, the same for every token.",
      example = [[
local zeros = vise.tensor("f32", { 2, 32 })
assert(vise.ops.modulate(x, zeros, zeros):tobytes() == x:tobytes())]],
      source = "Peebles and Xie 2023 (adaLN)",
    },
    {
      name = "patchify",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, C, H, W]" },
        { "patch", "integer", "side of a patch", min = 1, unit = "pixels" }, OUT,
      },
      returns = { { "vise.Tensor", "patches", "f32 [B, (H/p)(W/p), C p p]" } },
      text = "Cuts images into patches; inside a patch channel, row, column.",
      example = "print(vise.ops.patchify(g:normal { 2, 1, 28, 28 }, 4):shape()) --> 2 49 16",
    },
    {
      name = "rms_norm",
      arguments = {
        X, { "weight", "vise.Tensor", "[D], any float type" },
        { "eps", "number", "added to the mean square", min = 0 }, OUT,
      },
      returns = Y,
      text = "x / sqrt(mean(x^2) + eps) * weight, by rows.",
      example = "print(vise.ops.rms_norm(x, g:normal { 32 }, 1e-5):shape()) --> 2 6 32",
      source = "Zhang and Sennrich 2019",
    },
    {
      name = "rope",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, heads * size]" },
        { "options", "table", "the heads and the place", fields = {
          { "heads", "integer", "of x", min = 1 },
          { "theta", "number", "the base", min = 1, default = 10000 },
          { "position", "integer", "of the first token", min = 0, default = 0 },
        } },
        OUT,
      },
      returns = Y,
      text = "Rotary positions: element i of a head turns with element i + size/2, as in Hugging Face models.",
      example = [[
local y = vise.ops.rope(x, { heads = 4, position = 12 })
assert(math.abs(y:norm() - x:norm()) < 1e-3) -- turning keeps lengths]],
      source = "Su et al. 2021",
    },
    {
      name = "silu", arguments = { X, OUT }, returns = Y,
      text = "x / (1 + exp(-x)).",
      example = 'print(vise.ops.silu(vise.tensor("f32", { 1 })):get(1)) --> 0.0',
    },
    {
      name = "sinusoid",
      arguments = {
        { "values", "vise.Tensor", "f32 [n]" },
        { "options", "table", "the waves", fields = {
          { "dim", "integer", "how many", min = 2 },
          { "cos_first", "boolean", "cosines, then sines", default = false },
          { "shift", "number", "of the frequencies", min = 0, default = 0 },
          { "max_period", "number", "of the slowest wave", above = 0, default = 10000 },
        } },
        OUT,
      },
      returns = { { "vise.Tensor", "waves", "f32 [n, dim]" } },
      text = "Sines and cosines of each value times the frequencies max_period^(-i / (dim/2 - shift)).",
      example = [[
local timesteps = vise.tensor_of("f32", { 2 }, { 0, 500 })
local waves = vise.ops.sinusoid(timesteps, { dim = 8, cos_first = true, shift = 1 })
print(waves:shape()) --> 2 8
print(waves:get(1), waves:get(5)) --> 1.0 0.0]],
    },
    {
      name = "softmax", arguments = { X, OUT }, returns = Y,
      text = "exp(x - max) / sum over the last dimension.",
      example = 'print(vise.ops.softmax(vise.tensor("f32", { 1, 4 })):get(1)) --> 0.25',
    },
    {
      name = "token_losses",
      arguments = {
        { "logits", "vise.Tensor", "f32 [n, V]" },
        { "targets", "vise.Tensor", "i64 [n], ids from 0" },
        OUT,
      },
      returns = { { "vise.Tensor", "nats", "f64 [n]" } },
      text = "-log softmax(logits)[target] of each row, in nats; NaN where a logit is NaN.",
      example = [[
local logits = vise.tensor("f32", { 2, 8 }) -- all alike
print(("%.4f"):format(vise.ops.token_losses(logits, vise.tensor_of("i64", { 2 }, { 0, 7 })):get(2))) --> 2.0794]],
    },
    {
      name = "top_p",
      arguments = {
        { "logits", "vise.Tensor", "f32 [V]" },
        { "options", "table", "the draw", fields = {
          { "temperature", "number", "what the logits are divided by", min = 0, default = 1 },
          { "top_p", "number", "the probability of the ids drawn from", above = 0, max = 1, default = 1 },
          { "u", "number", "decides", range = "from 0, below 1", default = 0 },
        } },
      },
      returns = { { "integer", "id", "from 0" } },
      text = "Draws an id among the likeliest ones that together have the probability top_p.",
      example = [[
local logits = vise.tensor_of("f32", { 3 }, { 0, 9, 1 })
print(vise.ops.top_p(logits, { temperature = 0.8, top_p = 0.9, u = g:real() })) --> 1]],
      source = "Holtzman et al. 2019",
    },
    {
      name = "unpatchify",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, p p C], inside a patch row, column, channel" },
        { "options", "table", "of the images", fields = {
          { "channels", "integer", "C", min = 1 },
          { "height", "integer", "H", min = 1, unit = "pixels" },
          { "width", "integer", "W", min = 1, unit = "pixels" },
          { "patch", "integer", "side of a patch", min = 1, unit = "pixels" },
        } },
        OUT,
      },
      returns = { { "vise.Tensor", "images", "f32 [B, C, H, W]" } },
      text = "Puts patches back together.",
      example = [[
local images = g:normal { 2, 1, 28, 28 }
local back = vise.ops.unpatchify(vise.ops.patchify(images, 4), { channels = 1, height = 28, width = 28, patch = 4 })
assert(back:tobytes() == images:tobytes())]],
    },
  },
}
