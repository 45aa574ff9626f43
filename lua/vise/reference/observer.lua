--- Observers.

return {
  name = "observer",
  kind = "class",
  summary = "a statistic that streams and merges; made by vise.observe.observer",
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "observer:close()",
    },
    {
      name = "count", arguments = {}, returns = { { "integer" } },
      text = "How many rows it has seen.",
      example = "observer:count()",
    },
    {
      name = "merge",
      arguments = { { "other", "vise.Observer", "of the same kind and channels" } },
      returns = { { "vise.Observer" } },
      text = "Adds what another one saw. The order of merging does not change the result.",
      example = "first:merge(second)",
    },
    {
      name = "result", arguments = {}, returns = { { "vise.Tensor" } },
      text = "range: { min, max }; channel_span: the largest |x| of each channel. NaN and infinity come through.",
      example = "local span = observer:result()",
    },
    {
      name = "update",
      arguments = { { "x", "vise.Tensor", "f32 [..., channels]" } },
      returns = { { "vise.Observer" } },
      text = "Looks at more values.",
      example = "observer:update(x)",
    },
  },
}
