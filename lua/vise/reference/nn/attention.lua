--- Attention.

return {
  name = "Attention",
  kind = "class",
  class = "vise.nn.Attention",
  extends = "vise.nn.Module",
  path = "vise.nn.Attention",
  summary = "attention over one sequence each",
  prelude = [[
local g, parts = vise.random(1), { heads = 4, causal = true, theta = 10000 }
for _, name in ipairs { "q", "k", "v", "out" } do
  parts[name] = vise.nn.Linear.new("attn." .. name, 32, 32, g:normal { 32, 32 })
end
local attention = vise.nn.Attention.new("attn", parts)]],
  fields = {
    { "q", "vise.nn.Linear", "makes queries" }, { "k", "vise.nn.Linear", "makes keys" },
    { "v", "vise.nn.Linear", "makes values" }, { "out", "vise.nn.Linear", "goes last" },
    { "heads", "integer", "of the queries" }, { "kv_heads", "integer", "of keys and values" },
    { "causal", "boolean", "whether a query sees what comes after it" },
    { "theta", "number", "base of the rotary positions", otherwise = "none" },
    { "turned", "integer", "queries and keys are turned by a Hadamard matrix after their positions, in blocks of so "
      .. "many; attention stays as it is", otherwise = "not" },
  },
  functions = {
    {
      name = "attend",
      arguments = {
        { "q", "vise.Tensor", "f32 [B, T, heads * size]" }, { "k", "vise.Tensor", "f32 [B, T, kv_heads * size]" },
        { "v", "vise.Tensor", "as k" },
        { "cache", "vise.nn.CacheLayer", "what came before; k and v are added to it", optional = true },
      },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "What comes behind the three layers, rotary positions included in q and k already.",
      example = [[
local q = g:normal { 1, 6, 32 }
print(attention:attend(q, q, q):shape()) --> 1 6 32]],
    },
    {
      name = "forward",
      arguments = {
        { "x", "vise.Tensor", "f32 [B, T, D]" },
        { "cache", "vise.nn.CacheLayer", "what came before; x is added to it", optional = true },
      },
      returns = { { "vise.Tensor", "y", "f32 [B, T, D]" } },
      text = "Applies the attention.",
      example = [[
local x = g:normal { 1, 6, 32 }
local cache <close> = vise.nn.cache.new(1, 16, 32)
local y = attention:forward(x, cache.layers[1])
print(cache:length()) --> 6]],
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "parts", "table", "the layers and the heads", fields = {
          { "q", "vise.nn.Linear", "makes queries" }, { "k", "vise.nn.Linear", "makes keys" },
          { "v", "vise.nn.Linear", "makes values" }, { "out", "vise.nn.Linear", "goes last" },
          { "heads", "integer", "of the queries", min = 1 },
          { "kv_heads", "integer", "of keys and values", min = 1, otherwise = "heads" },
          { "causal", "boolean", "a query sees only what comes before it", default = false },
          { "theta", "number", "base of rotary positions", otherwise = "none" },
          { "turned", "integer", "block of the Hadamard matrix that turns queries and keys; divides the width of a "
            .. "head", min = 1, otherwise = "not" },
        } },
      },
      returns = { { "vise.nn.Attention", "attention" } },
      text = "Attention from four linear layers.",
      example = [[
local attention = vise.nn.Attention.new("attn", parts)
print(#attention:layers(), attention.kv_heads) --> 4 4]],
      source = "Vaswani et al. 2017",
    },
  },
}
