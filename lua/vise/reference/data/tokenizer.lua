--- Tokenizers.

return {
  name = "tokenizer",
  kind = "class",
  class = "vise.Tokenizer",
  summary = "text into ids and back, ids from 0; opened by vise.tokenizers.open",
  text = "#tokenizer is its count.",
  fields = {
    { "kind", "string", "of its file", choices = { "llama2.c", "WordLevel" } },
    { "split", "string", "WordLevel: how a text is cut", choices = { "longest", "whitespace" }, optional = true },
    { "bos", "integer", "the id of beginnings", optional = true },
    { "eos", "integer", "the id of ends", optional = true },
  },
  prelude = 'local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")',
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its memory at once.",
      example = "tokenizer:close()",
    },
    {
      name = "count", arguments = {}, returns = { { "integer", "ids" } },
      text = "How many ids there are.",
      example = "print(tokenizer:count()) --> 512",
    },
    {
      name = "decode",
      arguments = {
        { "ids", "integer[]", "from 0" },
        { "options", "table", "what they are", optional = true, fields = {
          { "start", "boolean", "the ids begin a text; false: they continue one", default = true },
        } },
      },
      returns = { { "string", "text" } }, fails = true,
      text = "The text that ids stand for.",
      example = 'print(tokenizer:decode(tokenizer:encode "Once upon a time")) --> Once upon a time',
    },
    {
      name = "encode",
      arguments = {
        { "text", "string", "UTF-8, or any bytes" },
        { "options", "table", "ids around it", optional = true, fields = {
          { "bos", "boolean", "begin with the id of beginnings", otherwise = "as the file says; llama2.c: yes" },
          { "eos", "boolean", "end with the id of ends", otherwise = "as the file says; llama2.c: no" },
        } },
      },
      returns = { { "integer[]", "ids" } }, fails = true,
      text = "The ids of a text. llama2.c: pieces are joined, the best score first; bytes without a piece have their "
        .. "own ids. WordLevel: words, or the longest piece at each place; what has no piece is the unknown, or a "
        .. "failure where there is none.",
      example = 'print(table.concat(tokenizer:encode "Once upon a time", " ")) --> 1 403 407 261 378',
      source = "Sennrich et al. 2016 (BPE)",
    },
    {
      name = "hash", arguments = {}, returns = { { "string", "hash" } },
      text = "A hash of the file and of how it is used: equal hashes, equal ids. Manifests say it beside the "
        .. "hash of what was calibrated on.",
      example = "print(#tokenizer:hash()) --> 32",
    },
  },
}
