--- Generation.

return {
  name = "generate",
  kind = "module",
  summary = "texts from language models",
  functions = {
    {
      name = "generate",
      arguments = {
        { "model", "vise.Model", "a language model" },
        { "options", "table", "how the text begins, goes on and ends", fields = {
          { "prompt", "integer[]", "ids to begin with, from 0; at least one" },
          { "max_new", "integer", "ids to add at most", min = 0, max = 1 << 24, default = 128 },
          { "temperature", "number", "0: always the likeliest id", min = 0, max = 100, default = 0 },
          { "top_p", "number", "draw from the likeliest ids that make up this probability", above = 0, max = 1,
            default = 1 },
          { "seed", "integer", "of the draws", min = 0, max = 0xffffffff, default = 0 },
          { "stop", "integer[]", "ids that end the text", otherwise = "the model's own" },
          { "on_id", "fun(id: integer)", "called with each new id", optional = true },
        } },
      },
      returns = {
        { "integer[]", "ids", "prompt and all" },
        { "string", "reason", "why it ended", choices = { "stop", "length", "context" } },
      },
      fails = true,
      text = "Continues a prompt.",
      example = [[
local model <close> = assert(vise.open "models/stories")
local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")
local ids = assert(vise.generate.generate(model, { prompt = tokenizer:encode "Once", max_new = 20 }))
print(tokenizer:decode(ids)) -- Once upon a time, there was a little girl ...]],
    },
  },
}
