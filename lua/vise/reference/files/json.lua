--- JSON.

return {
  name = "json",
  kind = "module",
  summary = "strict JSON in and out",
  fields = {
    { "null", "userdata", "JSON's null" },
  },
  functions = {
    {
      name = "array",
      arguments = { { "t", "table", "a list", otherwise = "a new one" } },
      returns = { { "table", "t" } },
      text = "Marks a table as an array, so that an empty one is written as [].",
      example = 'print(vise.json.encode { layers = vise.json.array() }) --> {"layers":[]}',
    },
    {
      name = "decode",
      arguments = {
        { "text", "string", "one JSON value" },
        { "what", "string", "for messages: what the text is", default = "JSON" },
      },
      returns = { { "any", "value" } }, fails = true,
      text = "Reads JSON. Duplicate keys, trailing text, bad UTF-8 and numbers out of range are errors. null is "
        .. "vise.json.null.",
      example = [[
local config = assert(vise.json.decode([=[{ "bits": [4, 8] }]=], "config.json"))
print(config.bits[2]) --> 8]],
      source = "RFC 8259",
    },
    {
      name = "encode",
      arguments = {
        { "value", "any", "tables, strings, numbers, booleans, vise.json.null" },
        { "indent", "integer", "spaces a level", min = 0, otherwise = "all in one line" },
      },
      returns = { { "string", "text" } },
      text = "Writes JSON. Keys are sorted and numbers are the shortest that read back the same, so the same value "
        .. "gives the same bytes.",
      example = 'print(vise.json.encode { b = 0.1, a = vise.json.null }) --> {"a":null,"b":0.1}',
    },
  },
}
