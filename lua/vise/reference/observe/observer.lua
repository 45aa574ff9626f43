--- Observers.

return {
  name = "observer",
  kind = "class",
  class = "vise.Observer",
  summary = "a statistic that streams and merges; made by vise.observe.observer",
  prelude = [[
local x = vise.tensor_of("f32", { 2, 2 }, { 1, -5, 2, 3 })
local observer = vise.observe.observer("channel_span", { channels = 2 })]],
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "observer:close()",
    },
    {
      name = "count", arguments = {}, returns = { { "integer", "rows" } },
      text = "How many rows it has seen.",
      example = "print(observer:update(x):count()) --> 2",
    },
    {
      name = "merge",
      arguments = { { "other", "vise.Observer", "of the same kind and channels" } },
      returns = { { "vise.Observer", "observer", "itself" } },
      text = "Adds what another one saw. The order of merging does not change the result.",
      example = [[
local second = vise.observe.observer("channel_span", { channels = 2 })
second:update(x:mul(2))
print(observer:update(x):merge(second):count()) --> 4]],
    },
    {
      name = "result", arguments = {}, returns = { { "vise.Tensor", "statistic" } },
      text = "range: { min, max }; channel_span: the largest |x| of each channel. NaN and infinity come through.",
      example = [[
observer:update(x)
print(table.concat(observer:result():totable(), " ")) --> 2.0 5.0]],
    },
    {
      name = "update",
      arguments = { { "x", "vise.Tensor", "f32 [..., channels]" } },
      returns = { { "vise.Observer", "observer", "itself" } },
      text = "Looks at more values.",
      example = "observer:update(x):update(x)",
    },
  },
}
