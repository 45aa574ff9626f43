--- Attention from one layer.

return {
  name = "FusedAttention",
  kind = "class",
  class = "vise.nn.FusedAttention",
  extends = "vise.nn.Module",
  path = "vise.nn.FusedAttention",
  summary = "attention whose queries, keys and values are thirds of one layer's output",
  prelude = [[
local g = vise.random(1)
local parts = { heads = 4, causal = true, qkv = vise.nn.Linear.new("attn.qkv", 96, 32, g:normal { 96, 32 }),
  out = vise.nn.Linear.new("attn.out", 32, 32, g:normal { 32, 32 }) }
local attention = vise.nn.FusedAttention.new("attn", parts)]],
  fields = {
    { "qkv", "vise.nn.Linear", "outputs queries, then keys, then values" }, { "out", "vise.nn.Linear", "goes last" },
    { "heads", "integer", "of all three" }, { "causal", "boolean", "whether a query sees what comes after it" },
    { "scale", "number", "of the scores, beside 1 / sqrt(head size)" },
    { "turned", "integer", "as of vise.nn.Attention", otherwise = "not" },
  },
  functions = {
    {
      name = "forward",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "cache", "vise.nn.CacheLayer", "what came before; x is added to it", optional = true },
      },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "Applies the attention.",
      example = "print(attention:forward(g:normal { 2, 6, 32 }):shape()) --> 2 6 32",
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "parts", "table", "the layers and the heads", fields = {
          { "qkv", "vise.nn.Linear", "outputs queries, then keys, then values" },
          { "out", "vise.nn.Linear", "goes last" }, { "heads", "integer", "of all three", min = 1 },
          { "causal", "boolean", "a query sees only what comes before it", default = false },
          { "scale", "number", "of the scores, beside 1 / sqrt(head size)", default = 1 },
          { "turned", "integer", "block of the Hadamard matrix that turns queries and keys", min = 1,
            otherwise = "not" },
        } },
      },
      returns = { { "vise.nn.FusedAttention", "attention" } },
      text = "Attention from two linear layers.",
      example = [[
local attention = vise.nn.FusedAttention.new("attn", parts)
print(#attention:layers()) --> 2]],
      source = "Radford et al. 2019 (GPT-2)",
    },
  },
}
