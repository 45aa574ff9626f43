--- Caches for generation.

return {
  name = "cache",
  kind = "class",
  class = "vise.nn.Cache",
  path = "vise.nn.cache",
  summary = "keys and values of what came before, in buffers made once",
  text = "model:cache() makes the right one for a language model.",
  prelude = [[
local model = assert(vise.open "models/stories")
local cache <close> = assert(model:cache(64))
assert(model:forward({ 1, 403, 407 }, { cache = cache }))]],
  fields = { { "layers", "vise.nn.CacheLayer[]", "one for each attention" } },
  functions = {
    {
      name = "clear", arguments = {},
      text = "Forgets everything; the buffers stay.",
      example = [[
cache:clear()
print(cache:length()) --> 0]],
    },
    {
      name = "close", arguments = {},
      text = "Frees the buffers at once.",
      example = "cache:close()",
    },
    {
      name = "hold",
      arguments = { { "length", "integer", "how many positions", min = 0 } },
      text = "Forgets all positions but the first ones; or takes for held what is in the buffers already.",
      example = [[
cache:hold(2) -- as if 407 had not been there
print(cache:length()) --> 2]],
    },
    {
      name = "length", arguments = {}, returns = { { "integer", "positions" } },
      text = "Positions held.",
      example = "print(cache:length()) --> 3",
    },
    {
      name = "new", static = true,
      arguments = {
        { "layers", "integer", "how many attentions share it", min = 1 },
        { "capacity", "integer", "positions", min = 1 },
        { "width", "integer", "of one key: kv_heads times the size of a head", min = 1 },
      },
      returns = { { "vise.nn.Cache", "cache" } },
      text = "An empty cache.",
      example = "local cache <close> = vise.nn.cache.new(5, 512, 32)",
    },
  },
}
