--- Observers on layers.

local KINDS = { "range", "channel_span", "mean", "importance", "moments", "histogram", "token_span", "top",
  "moving_average" }
local KIND = { "kind", "string", "what is kept: the smallest and largest value; of each channel the largest |x|, the "
  .. "mean |x|, the mean x^2; the second moments of all channels; a histogram of |x|, of each row's largest |x|; the "
  .. "largest |x|; a range that follows the updates", choices = KINDS }
local KEEP = { "keep", "integer", "top: how many", min = 1, max = 1024, default = 16 }
local RATE = { "rate", "number", "moving_average: the share of the newest update", above = 0, max = 1, default = 0.01 }

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
          KEEP, RATE,
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
          KEEP, RATE,
        } },
      },
      returns = { { "vise.Observer", "observer" } },
      text = "An observer of its own, to be fed by hand.",
      example = [[
local observer = vise.observe.observer("range", { channels = 2 })
observer:update(vise.tensor_of("f32", { 1, 2 }, { -1, 3 }))
print(observer:result():get(2)) --> 3.0]],
    },
    {
      name = "range_of",
      arguments = {
        { "counts", "vise.Tensor", "i64 [bins], of |x|" },
        { "width", "number", "of a bin", above = 0 },
        { "rule", "string", "the bin at which so many percent are counted; the centre with the least squared error of "
          .. "rounding; the edge with the least KL divergence", choices = { "percentile", "mse", "entropy" } },
        { "options", "table", "of the rule", optional = true, fields = {
          { "percentile", "number", "of what was counted", min = 0, max = 100, default = 99.99 },
          { "bits", "integer", "of the codes", min = 2, max = 8, default = 8 },
          { "is_signed", "boolean", "codes of both signs: half of them for |x|", default = true },
        } },
      },
      returns = { { "number", "range", "the largest |x| to keep" } },
      text = "The range to quantize in, from a histogram of any bins of equal width, as published tools choose it: "
        .. "mse and entropy try bin 128 and those above, with fewer bins the whole range is kept.",
      example = [[
local observer = vise.observe.observer("histogram", { channels = 1000 })
local counts, width = observer:update(vise.random(1):normal { 64, 1000 }):result()
print(("%.2f"):format(vise.observe.range_of(counts, width, "percentile", { percentile = 99 }))) --> 2.59]],
    },
  },
}
