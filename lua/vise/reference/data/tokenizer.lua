--- Tokenizers.

return {
  name = "tokenizer",
  kind = "class",
  class = "vise.Tokenizer",
  summary = "text into ids and back, ids from 0; opened by vise.tokenizers.open",
  text = "#tokenizer is its size.",
  prelude = 'local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")',
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "tokenizer:close()",
    },
    {
      name = "decode",
      arguments = {
        { "ids", "integer[]", "from 0" },
        { "options", "table", "what they are", optional = true, fields = {
          { "start", "boolean", "the ids begin a text; false: they continue one", default = true },
        } },
      },
      returns = { { "string", "text" } },
      text = "The text that ids stand for.",
      example = 'print(tokenizer:decode(tokenizer:encode "Once upon a time")) --> Once upon a time',
    },
    {
      name = "encode",
      arguments = {
        { "text", "string", "UTF-8, or any bytes" },
        { "options", "table", "ids around it", optional = true, fields = {
          { "bos", "boolean", "begin with the id of beginnings", default = true },
          { "eos", "boolean", "end with the id of ends", default = false },
        } },
      },
      returns = { { "integer[]", "ids" } },
      text = "The ids of a text: pieces are joined, the best score first; bytes without a piece have their own ids.",
      example = 'print(table.concat(tokenizer:encode "Once upon a time", " ")) --> 1 403 407 261 378',
      source = "Sennrich et al. 2016 (BPE)",
    },
    {
      name = "size", arguments = {}, returns = { { "integer", "ids" } },
      text = "How many ids there are.",
      example = "print(tokenizer:size()) --> 512",
    },
  },
}
