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
      text = "Adds what another one saw. Sums in f64 (mean, importance, moments) depend on the order by their "
        .. "rounding, so shards are merged along one tree; moving averages cannot be merged; the others are the same "
        .. "in any order.",
      example = [[
local second = vise.observe.observer("channel_span", { channels = 2 })
second:update(x:mul(2))
print(observer:update(x):merge(second):count()) --> 4]],
    },
    {
      name = "restore",
      arguments = {
        { "state", "vise.Tensor", "from state()" },
        { "rows", "integer", "that were seen", min = 1 },
      },
      returns = { { "vise.Observer", "observer", "itself" } },
      text = "Goes on from what another one kept; what this one had seen is forgotten.",
      example = [[
local second = vise.observe.observer("channel_span", { channels = 2 })
print(second:restore(observer:update(x):state(), 2):count()) --> 2]],
    },
    {
      name = "result", arguments = {},
      returns = { { "vise.Tensor", "statistic" }, { "number?", "width", "of a histogram's bins" } }, fails = true,
      text = "range, moving_average: f32 { min, max }; channel_span: the largest |x| of each channel; mean: the mean "
        .. "|x| of each; importance: the mean x^2 of each; moments: x'x / rows, [channels, channels]. NaN and infinity "
        .. "come through. histogram, token_span: i64 counts of bins up to the last that is not empty; fails for values "
        .. "that are not finite. top: f64 [n, 2] of value and channel.",
      example = [[
observer:update(x)
print(table.concat(observer:result():totable(), " ")) --> 2.0 5.0]],
    },
    {
      name = "state", arguments = {}, returns = { { "vise.Tensor", "state" } },
      text = "What is kept, to go on with elsewhere: of mean, importance and moments sums in f64; of histograms "
        .. "all counts, the exponent of the range and how many were not finite.",
      example = [[
local sums = vise.observe.observer("importance", { channels = 2 }):update(x):state()
print(table.concat(sums:totable(), " ")) --> 5.0 34.0]],
    },
    {
      name = "update",
      arguments = { { "x", "vise.Tensor", "f32 [..., channels]" } },
      returns = { { "vise.Observer", "observer", "itself" } },
      text = "Looks at more values.",
      example = "observer:update(x):update(x)",
    },
    {
      name = "width", arguments = {}, returns = { { "number", "width" } },
      text = "The width of a histogram's bins, 0 of others.",
      example = "print(observer:width()) --> 0.0",
    },
  },
}
