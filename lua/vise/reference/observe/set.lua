--- The class of statistics.

local NAME = { "name", "string", "the full name of a layer" }

return {
  name = "set",
  kind = "class",
  class = "vise.Statistics",
  summary = "statistics of a model's layers; made by vise.statistics",
  prelude = [[
local model = assert(vise.open "models/stories")
local ids = vise.tensor_of("i64", { 1, 4 }, { 1, 403, 407, 261 })
local statistics = assert(vise.statistics.capture(model, 1, function() return model:forward(ids) end))]],
  fields = {
    { "model", "string", "the hash of the model's tensors", optional = true },
    { "family", "string", "of the model", optional = true },
    { "vise", "string", "the version that wrote the file", optional = true },
    { "kinds", "string[]", "that it has" },
    { "layers", "table[]", "in the model's order", fields = {
      { "name", "string", "of the layer" },
      { "channels", "integer", "of its input" },
    } },
    { "shares", "table<string, string>", "layers whose moments are those of another" },
    { "data", "table", "what the model was run on" },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees everything.",
      example = "statistics:close()",
    },
    {
      name = "has", arguments = { { "kind", "string", "such as importance" } }, returns = { { "boolean", "has" } },
      text = "Whether it has a kind.",
      example = 'print(statistics:has "moments") --> false',
    },
    {
      name = "layer", arguments = { NAME }, returns = { { "table?", "layer", "name and channels" } },
      text = "The layer of a name; nil if it was not observed.",
      example = 'print(statistics:layer "model.layers.0.mlp.down_proj".channels) --> 172',
    },
    {
      name = "observer", arguments = { NAME, { "kind", "string", "that it has" } },
      returns = { { "vise.Observer", "observer" } },
      text = "One statistic of a layer over all parts, as an observer of its own.",
      example = [[
local observer <close> = statistics:observer("model.layers.0.self_attn.q_proj", "importance")
print(observer:result():shape()) --> 64]],
    },
    {
      name = "parts", arguments = {},
      returns = { { "integer", "parts", "of the data that it covers" }, { "integer", "of", "into which data is cut" } },
      text = "How much of the data it covers.",
      example = "print(statistics:parts()) --> 16 16",
    },
    {
      name = "rows", arguments = { NAME }, returns = { { "integer", "rows" } },
      text = "How many rows a layer saw.",
      example = 'print(statistics:rows "model.layers.0.self_attn.q_proj") --> 4',
    },
    {
      name = "save", arguments = { { "path", "string", "of the .safetensors file" } },
      returns = { { "string", "sha256", "of the file" } }, fails = true,
      text = "Writes a file; one that is there is replaced in one step.",
      example = 'assert(statistics:save "stats.safetensors")',
    },
    {
      name = "to_imatrix",
      arguments = {
        { "path", "string", "of the file" },
        { "form", "string", "GGUF or the older form", choices = { "imatrix", "imatrix-dat" }, default = "imatrix" },
      },
      returns = { { "true", "ok" } }, fails = true,
      text = "Writes the importance as a matrix of llama.cpp.",
      example = 'assert(statistics:to_imatrix("model.dat", "imatrix-dat"))',
    },
  },
}
