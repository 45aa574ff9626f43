--- Tokenizers.

return {
  name = "tokenizer",
  kind = "class",
  summary = "text into ids and back, ids from 0; opened by vise.tokenizers.open",
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
        { "options", "table", "start (true): the ids begin a text; false: they continue one", optional = true },
      },
      returns = { { "string" } },
      text = "The text that ids stand for.",
      example = "print(tokenizer:decode(ids))",
    },
    {
      name = "encode",
      arguments = {
        { "text", "string", "UTF-8, or any bytes" },
        { "options", "table", "bos (true), eos (false): put these ids around it", optional = true },
      },
      returns = { { "integer[]" } },
      text = "The ids of a text: pieces are joined, the best score first; bytes without a piece have their own "
        .. "ids.",
      example = 'local ids = tokenizer:encode "Once upon a time"',
      source = "Sennrich et al. 2016 (BPE)",
    },
    {
      name = "size", arguments = {}, returns = { { "integer" } },
      text = "How many ids there are.",
      example = "tokenizer:size() --> 512",
    },
  },
}
