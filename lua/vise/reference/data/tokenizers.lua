--- Tokenizers of models.

local SPLIT = { "options", "table", "how it is used", optional = true, fields = {
  { "split", "string", "WordLevel: by the longest piece at each place, or at white space",
    choices = { "longest", "whitespace" }, otherwise = "as the file says" },
} }

return {
  name = "tokenizers",
  kind = "module",
  summary = "opens the tokenizer of a model",
  functions = {
    {
      name = "of",
      arguments = { { "model", "vise.Model", "whose folder has it" }, SPLIT },
      returns = { { "vise.Tokenizer", "tokenizer" } }, fails = true,
      text = "The tokenizer in a model's folder.",
      example = [[
local model <close> = assert(vise.open "models/stories")
print(vise.tokenizers.of(model):count()) --> 512]],
    },
    {
      name = "open",
      arguments = {
        { "path", "string", "a file: tok512.bin and its kin, or tokenizer.json; or a model's folder" }, SPLIT,
      },
      returns = { { "vise.Tokenizer", "tokenizer" } }, fails = true,
      text = "Reads a tokenizer: llama2.c's pieces with scores, or a tokenizer.json of type WordLevel. Other types are "
        .. "refused by name: give lists of ids instead of texts.",
      example = [[
local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")
print(tokenizer:count()) --> 512]],
      source = "the format of llama2.c; tokenizer.json of Hugging Face's tokenizers",
    },
  },
}
