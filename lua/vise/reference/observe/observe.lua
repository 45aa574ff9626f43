--- Observers on layers.

local KIND = { "kind", "string", "what is kept: the smallest and largest value; of each channel the largest |x|, the "
  .. "mean |x|, the mean x^2; the second moments of all channels",
  choices = { "range", "channel_span", "mean", "importance", "moments" } }

return {
  name = "observe",
  kind = "module",
  summary = "statistics of what flows into layers",
  prelude = 'local model = assert(vise.open("models/dit", { variant = "fp16" }))',
  functions = {
    {
      name = "attach",
      arguments = {
        { "model", "vise.Model", "an open model" },
        { "layers", "(string|vise.Pattern)[]", "globs over layer names, full names or patterns" },
        KIND,
        { "options", "table", "how much is kept before it is merged", optional = true, fields = {
          { "flush_count", "integer", "calls between merges", min = 1, otherwise = "every call, unless buffered" },
          { "flush_bytes", "integer", "bytes between merges", min = 1, unit = "bytes", optional = true },
          { "buffered", "boolean", "keep inputs instead of small statistics", default = false },
          { "sample", "integer", "rows of input to keep, spread evenly over all", min = 0, default = 0 },
          { "share", "boolean", "let layers that are given the very same tensor share one observer",
            otherwise = "true for moments" },
        } },
      },
      returns = { { "vise.Watch", "watch" } }, fails = true,
      text = "Puts an observer in front of layers. The result has the same bits for all options.",
      example = [[
local watch <close> = assert(vise.observe.attach(model, { "*.0.attn1.to_q" }, "channel_span"))
assert(model:forward(vise.random(3):normal { 1, 1, 28, 28 }, 500, 1))
print(watch:observer(watch.names[1]):count()) --> 49]],
    },
    {
      name = "observer",
      arguments = {
        KIND,
        { "options", "table", "its size", fields = {
          { "channels", "integer", "the size of the last dimension", min = 1 },
        } },
      },
      returns = { { "vise.Observer", "observer" } },
      text = "An observer of its own, to be fed by hand.",
      example = [[
local observer = vise.observe.observer("range", { channels = 2 })
observer:update(vise.tensor_of("f32", { 1, 2 }, { -1, 3 }))
print(observer:result():get(2)) --> 3.0]],
    },
  },
}
