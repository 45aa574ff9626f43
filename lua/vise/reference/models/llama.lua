--- Language models.

return {
  name = "llama",
  kind = "class",
  class = "vise.models.Llama",
  extends = "vise.Model",
  summary = "a causal language model, transformers' LlamaForCausalLM",
  prelude = 'local model <close> = assert(vise.open "models/stories")',
  functions = {
    {
      name = "cache",
      arguments = { { "capacity", "integer", "positions", min = 1, otherwise = "the model's whole context" } },
      returns = { { "vise.nn.Cache", "cache" } }, fails = true,
      text = "An empty cache for one sequence.",
      example = [[
local cache <close> = assert(model:cache(64))
assert(model:forward({ 1, 403 }, { cache = cache }))
print(cache:length()) --> 2]],
    },
    {
      name = "check_length",
      arguments = { { "held", "integer", "ids that came before" }, { "count", "integer", "ids to come" } },
      text = "Raises unless so many ids fit the model's context.",
      example = "model:check_length(500, 12)",
    },
    {
      name = "forward",
      arguments = {
        { "ids", "vise.Tensor|integer[]", "i64 or i32 [B, T] or [T], from 0" },
        { "options", "table", "what came before, and what is wanted", optional = true, fields = {
          { "cache", "vise.nn.Cache", "what came before; the ids are added to it", optional = true },
          { "last", "boolean", "only the logits after the last id: [B, 1, vocabulary]", default = false },
        } },
      },
      returns = { { "vise.Tensor", "logits", "f32 [B, T, vocabulary]" } }, fails = true,
      text = "Predicts what follows each id.",
      example = [[
local logits = assert(model:forward({ 1, 403, 407 }, { last = true }))
print(logits:shape()) --> 1 1 512
print(logits:argmax() - 1) -- the likeliest next id]],
      source = "Touvron et al. 2023",
    },
  },
}
