--- Watches.

local LAYER = { "name", "string", "the full name of a layer" }

return {
  name = "watch",
  kind = "class",
  class = "vise.Watch",
  summary = "observers in front of the layers of a model; made by vise.observe.attach",
  text = "`local watch <close>` takes everything off and frees it on every way out.",
  prelude = [[
local model = assert(vise.open("models/dit", { variant = "fp16" }))
local watch <close> = assert(vise.observe.attach(model, { "*.0.attn1.*" }, "channel_span", { sample = 16 }))
assert(model:forward(vise.random(3):normal { 1, 1, 28, 28 }, 500, 1))]],
  fields = {
    { "names", "string[]", "the layers observed, in the model's order" },
    { "kind", "string", "of the statistics", choices = { "range", "channel_span", "mean",
      "importance", "moments", "histogram", "token_span", "top", "moving_average" } },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Removes the hooks and frees the observers.",
      example = "watch:close()",
    },
    {
      name = "detach", arguments = {},
      text = "Removes the hooks; the observers keep what they have seen. Safe to call twice.",
      example = [[
watch:detach()
assert(model:forward(vise.random(4):normal { 1, 1, 28, 28 }, 500, 1))
print(watch:observer(watch.names[1]):count()) --> 49]],
    },
    {
      name = "failure", arguments = {}, returns = { { "string?", "message" }, { "string?", "id" } },
      text = "The first failure of an observer; nil if there was none. Calibration that does not look at what forward "
        .. "returns would hide it.",
      example = "assert(watch:failure() == nil)",
    },
    {
      name = "observer", arguments = { LAYER }, returns = { { "vise.Observer", "observer" } },
      text = "The observer of one layer; of moments, that of the layer it shares its input with.",
      example = [[
local span = watch:observer "transformer_blocks.0.attn1.to_q":result()
print(span:count()) --> 128]],
    },
    {
      name = "sample", arguments = { LAYER }, returns = { { "vise.Tensor?", "rows", "f32 [rows, inputs]" } },
      text = "Some rows of what flowed into a layer, if the watch keeps any.",
      example = "print(watch:sample(watch.names[1]):shape()) --> 13 128",
    },
    {
      name = "save", arguments = { { "path", "string", "of the .safetensors file" } },
      returns = { { "string", "sha256", "of the file" } }, fails = true,
      text = "Writes the statistics of every layer, for `statistics` of a config: NAME.span, NAME.range, NAME.mean, "
        .. "NAME.importance or NAME.moments, and NAME.sample where rows were kept.",
      example = [[
assert(watch:save "spans.safetensors")
local file = assert(vise.safetensors.open "spans.safetensors")
print(#file:names()) --> 8]],
    },
    {
      name = "shares", arguments = { LAYER }, returns = { { "string", "name" } },
      text = "The first of the layers that were given the very same tensor on every call; the layer itself if there is "
        .. "none before it.",
      example = [[
local block = "transformer_blocks.0.attn1."
print(watch:shares(block .. "to_v")) --> transformer_blocks.0.attn1.to_q]],
    },
    {
      name = "take", arguments = { LAYER },
      returns = { { "vise.Observer", "observer" }, { "integer", "rows", "that it has seen" } },
      text = "Takes a layer's observer out of the watch: closing the watch does not free it.",
      example = [[
local observer, rows = watch:take(watch.names[1])
print(rows) --> 49]],
    },
    {
      name = "unseen", arguments = {}, returns = { { "string[]", "names" } },
      text = "The layers that nothing has flowed into yet.",
      example = "print(#watch:unseen()) --> 0",
    },
  },
}
