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
      name = "count", arguments = {}, returns = "integer",
      text = "How many rows it has seen.",
      example = "observer:count()",
    },
    {
      name = "merge",
      arguments = { { "other", "observer", "of the same kind and channels" } },
      returns = "observer",
      text = "Adds what another one saw. The order of merging does not change the result.",
      example = "first:merge(second)",
    },
    {
      name = "result", arguments = {}, returns = "tensor",
      text = "range: { min, max }; channel_span: the largest |x| of each channel. NaN and infinity come through.",
      example = "local span = observer:result()",
    },
    {
      name = "update",
      arguments = { { "x", "tensor", "f32 [..., channels]" } },
      returns = "observer",
      text = "Looks at more values.",
      example = "observer:update(x)",
    },
  },
}
