--- Observers on layers.

return {
  name = "observe",
  kind = "module",
  summary = "statistics of what flows into layers",
  functions = {
    {
      name = "attach",
      arguments = {
        { "model", "vise.Model", "an open model" },
        { "layers", "string[]", "globs over layer names, or full names" },
        { "kind", "string", "range or channel_span" },
        { "options", "table", "flush_count and flush_bytes: how much is kept before it is merged (streaming: one "
          .. "call); buffered: keep inputs instead of small statistics; sample: rows to keep", optional = true },
      },
      returns = { { "vise.Watch" } }, fails = true,
      text = "Puts an observer in front of layers. watch:observer(name) is one layer's observer, "
        .. "watch:unseen() the layers that nothing flowed into, watch:detach() removes the hooks, "
        .. "watch:save(path) writes what `statistics` of a config reads, watch:sample(name) gives the rows kept, "
        .. "watch:shares(name) the first of the layers that were given the very same tensors, "
        .. "watch:close() frees the observers too; `local watch <close>` does it on every way out. The result has "
        .. "the same bits for all options.",
      example = 'local watch <close> = vise.observe.attach(model, { "*.attn1.to_q" }, "channel_span")',
    },
    {
      name = "observer",
      arguments = {
        { "kind", "string", "range or channel_span" },
        { "options", "table", "channels = the size of the last dimension" },
      },
      returns = { { "vise.Observer" } },
      text = "An observer of its own, to be fed by hand.",
      example = 'local o = vise.observe.observer("range", { channels = 64 })',
    },
  },
}
