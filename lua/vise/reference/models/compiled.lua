--- Compiled models.

return {
  name = "compiled",
  kind = "class",
  class = "vise.Compiled",
  summary = "a model for inputs of one shape, its memory planned; made by vise.compile",
  text = "tostring(compiled) is a summary. The model stays as it is and has to stay open; after a hook, vise.quantize "
    .. "or vise.load a forward raises E-CP-04.",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local noise = vise.random(3):normal { 1, 1, 28, 28 }
local compiled <close> = assert(vise.compile(model, noise, 500, 3))]],
  records = {
    {
      "vise.compile.Facts", "what a compiled model consists of; tostring() of it is a summary",
      fields = {
        { "traced", "integer", "operators that the forward ran" },
        { "replayed", "integer", "operators that run now" },
        { "constant", "integer", "operators computed once, when it was compiled" },
        { "shared", "integer", "operators done once for several" },
        { "fused", "integer", "operators done by the one that follows" },
        { "values", "integer", "results that need memory" },
        { "buffers", "integer", "places that they lie in" },
        { "value_bytes", "integer", "what they would take, each in its own place", unit = "bytes" },
        { "arena_bytes", "integer", "what they take together", unit = "bytes" },
        { "workspace_bytes", "integer", "scratch of operators", unit = "bytes" },
        { "rows_bytes", "integer", "of coded activations", unit = "bytes" },
        { "constant_bytes", "integer", "of what was made or computed when it was compiled", unit = "bytes" },
        { "weight_bytes", "integer", "of the layers, as their plan counts them", unit = "bytes" },
      },
    },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its memory at once; the model stays as it is.",
      example = "compiled:close()",
    },
    {
      name = "describe", arguments = {}, returns = { { "vise.compile.Facts", "facts" } },
      text = "What it consists of.",
      example = [[
local facts = compiled:describe()
assert(facts.replayed < facts.traced)
assert(facts.arena_bytes < facts.value_bytes)]],
    },
    {
      name = "forward",
      arguments = { { "...", "any", "as many inputs as it was compiled with, of the same shapes and dtypes" } },
      returns = { { "vise.Tensor", "y", "valid until the next forward; copy() keeps it" } }, fails = true,
      text = "Computes what the model's forward would, bit for bit, without allocating.",
      example = [[
local y = assert(compiled:forward(noise, 250, 7))
assert(y:tobytes() == model:forward(noise, 250, 7):tobytes())]],
    },
    {
      name = "warm",
      arguments = { { "...", "any", "as forward" } },
      text = "Runs once, so that the next forward allocates nothing. vise.compile has done it.",
      example = "compiled:warm(noise, 250, 7)",
    },
  },
}
