--- JSON.

return {
  name = "json",
  kind = "module",
  summary = "strict JSON in and out",
  functions = {
    {
      name = "array",
      arguments = { { "t", "table", "a list", optional = true, otherwise = "a new one" } },
      returns = { { "table" } },
      text = "Marks a table as an array, so that an empty one is written as [].",
      example = "vise.json.encode { layers = vise.json.array {} }",
    },
    {
      name = "decode",
      arguments = {
        { "text", "string", "one JSON value" },
        { "what", "string", "for messages: what the text is", optional = true },
      },
      returns = { { "any" } }, fails = true,
      text = "Reads JSON. Duplicate keys, trailing text, bad UTF-8 and numbers out of range are errors. null is "
        .. "vise.json.null.",
      example = 'local config = assert(vise.json.decode(text, "config.json"))',
      source = "RFC 8259",
    },
    {
      name = "encode",
      arguments = {
        { "value", "any", "tables, strings, numbers, booleans, vise.json.null" },
        { "indent", "integer", "spaces a level", optional = true, otherwise = "one line" },
      },
      returns = { { "string" } },
      text = "Writes JSON. Keys are sorted and numbers are the shortest that read back the same, so the same "
        .. "value gives the same bytes.",
      example = "print(vise.json.encode({ a = 1 }, 2))",
    },
  },
}
