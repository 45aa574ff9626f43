--- What one attention keeps.

local X = "vise.Tensor"

return {
  name = "cache_layer",
  kind = "class",
  class = "vise.nn.CacheLayer",
  summary = "keys and values of one attention; an element of cache.layers",
  prelude = [[
local cache <close> = vise.nn.cache.new(1, 8, 4)
local layer = cache.layers[1]
local k = vise.random(1):normal { 1, 3, 4 }]],
  fields = {
    { "length", "integer", "positions held" }, { "capacity", "integer", "positions that there is room for" },
    { "k", X, "f32 [capacity, width]" }, { "v", X, "f32 [capacity, width]" },
  },
  functions = {
    {
      name = "all_keys", arguments = {}, returns = { { X, "keys", "f32 [1, capacity, width]" } },
      text = "Keys with all that there is room for, a view; what lies past the positions held is finite.",
      example = "print(layer:all_keys():shape()) --> 1 8 4",
    },
    {
      name = "all_values", arguments = {}, returns = { { X, "values", "f32 [1, capacity, width]" } },
      text = "The same of the values.",
      example = "print(layer:all_values():shape()) --> 1 8 4",
    },
    {
      name = "append",
      arguments = { { "k", X, "f32 [1, T, width]" }, { "v", X, "f32 [1, T, width]" } },
      text = "Adds what one forward computed. Raises when there is no room.",
      example = [[
layer:append(k, k)
print(layer.length) --> 3]],
    },
    {
      name = "check_room", arguments = { { "count", "integer", "positions to add" } },
      text = "Raises unless so many more positions fit.",
      example = "layer:check_room(8)",
    },
    {
      name = "keys", arguments = {}, returns = { { X, "keys", "f32 [1, length, width]" } },
      text = "The keys held, a view.",
      example = [[
layer:append(k, k)
print(layer:keys():shape()) --> 1 3 4]],
    },
    {
      name = "values", arguments = {}, returns = { { X, "values", "f32 [1, length, width]" } },
      text = "The values held, a view.",
      example = [[
layer:append(k, k)
assert(layer:values():tobytes() == k:tobytes())]],
    },
  },
}
