--- Observers on layers.

return {
  name = "observe",
  kind = "module",
  summary = "statistics of what flows into layers",
  functions = {
    {
      name = "attach",
      arguments = {
        { "model", "model", "an open model" },
        { "layers", "pattern[]", "globs over layer names, or full names" },
        { "kind", "string", "range or channel_span" },
      },
      returns = "watch | nil, message, id",
      text = "Puts an observer in front of layers. watch:observer(name) is one layer's observer, "
        .. "watch:unseen() the layers that nothing flowed into, watch:detach() removes the hooks, "
        .. "watch:close() frees the observers too; `local watch <close>` does it on every way out.",
      example = 'local watch <close> = vise.observe.attach(model, { "*.attn1.to_q" }, "channel_span")',
    },
    {
      name = "observer",
      arguments = {
        { "kind", "string", "range or channel_span" },
        { "options", "table", "channels = the size of the last dimension" },
      },
      returns = "observer",
      text = "An observer of its own, to be fed by hand.",
      example = 'local o = vise.observe.observer("range", { channels = 64 })',
    },
  },
}
