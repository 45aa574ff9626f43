--- What every module has.

return {
  name = "Module",
  kind = "class",
  class = "vise.nn.Module",
  summary = "what every module and every model has",
  prelude = 'local model = assert(vise.open("models/dit", { variant = "fp16" }))',
  fields = {
    { "kind", "string", "the class's name" },
    { "name", "string", "the checkpoint's own, such as transformer_blocks.0.attn1; empty for a model" },
    { "children", "vise.nn.Module[]", "the modules inside it, in the order in which they run" },
  },
  functions = {
    {
      name = "layer",
      arguments = { { "name", "string", "the full name of a layer" } },
      returns = { { "vise.nn.Linear?", "layer" } },
      text = "A layer inside it; nil if there is none of that name.",
      example = [[
local q = model:layer "transformer_blocks.0.attn1.to_q"
print(q.outputs, q.inputs) --> 128 128]],
    },
    {
      name = "layers", arguments = {}, returns = { { "vise.nn.Linear[]", "layers" } },
      text = "The layers inside it that can be quantized, in the order in which they run.",
      example = "print(#model:layers(), model:layers()[1].name) --> "
        .. "56 transformer_blocks.0.norm1.emb.timestep_embedder.linear_1",
    },
  },
}
