--- Linear layers that are stored the other way round.

return {
  name = "Conv1D",
  kind = "class",
  class = "vise.nn.Conv1D",
  extends = "vise.nn.Linear",
  path = "vise.nn.Conv1D",
  summary = "a linear layer whose weight is stored transposed, as GPT-2 does",
  prelude = [[
local stored = vise.random(1):normal { 32, 64 }
local layer = vise.nn.Conv1D.new("c_fc", 64, 32, stored)]],
  fields = {
    { "weight", "vise.Tensor", "[outputs, inputs]: a copy, made when first asked for" },
    { "stored", "vise.Tensor", "[inputs, outputs], as it lies in the file" },
  },
  functions = {
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "outputs", "integer", "columns of the stored weight" }, { "inputs", "integer", "rows of the stored weight" },
        { "stored", "vise.Tensor", "f32, f16 or bf16 [inputs, outputs]" },
        { "bias", "vise.Tensor", "[outputs]", optional = true },
      },
      returns = { { "vise.nn.Conv1D", "layer" } },
      text = "A layer from its weight as it is stored. In a family's build, weights:conv1d makes it.",
      example = [[
local layer = vise.nn.Conv1D.new("c_fc", 64, 32, stored)
print(layer.kind, layer.weight:shape()) --> Linear 64 32
layer:release()]],
    },
  },
}
