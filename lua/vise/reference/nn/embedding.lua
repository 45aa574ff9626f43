--- Embeddings.

return {
  name = "Embedding",
  kind = "class",
  class = "vise.nn.Embedding",
  extends = "vise.nn.Module",
  path = "vise.nn.Embedding",
  summary = "a row of a table for each id",
  prelude = 'local embedding = vise.nn.Embedding.new("embed_tokens", vise.random(1):normal { 512, 64 })',
  fields = { { "weight", "vise.Tensor", "[ids, width]" } },
  functions = {
    {
      name = "forward",
      arguments = { { "ids", "vise.Tensor", "i64 or i32, from 0" } },
      returns = { { "vise.Tensor", "x", "f32 [..., width]" } },
      text = "The rows of the ids.",
      example = 'print(embedding:forward(vise.tensor_of("i64", { 1, 3 }, { 1, 403, 407 })):shape()) --> 1 3 64',
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "weight", "vise.Tensor", "[ids, width], any float type" },
      },
      returns = { { "vise.nn.Embedding", "embedding" } },
      text = "An embedding from its table.",
      example = 'local embedding = vise.nn.Embedding.new("embed_tokens", vise.tensor("f16", { 512, 64 }))',
    },
  },
}
