--- Tokenizers of models.

return {
  name = "tokenizers",
  kind = "module",
  summary = "opens the tokenizer of a model",
  functions = {
    {
      name = "open",
      arguments = { { "path", "string", "of a file of pieces with scores, tok512.bin and its kin" } },
      returns = { { "vise.Tokenizer", "tokenizer" } }, fails = true,
      text = "Reads a tokenizer.",
      example = [[
local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")
print(tokenizer:size()) --> 512]],
      source = "the format of llama2.c",
    },
  },
}
