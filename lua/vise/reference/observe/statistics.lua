--- Statistics.

local CAPTURE = [[
local model = assert(vise.open "models/stories")
local texts = { { 1, 403, 407, 261 }, { 1, 333, 397, 262, 265 } }
local function read(i)
  local ids <close> = vise.tensor_of("i64", { 1, #texts[i] }, texts[i])
  return model:forward(ids)
end
]]

return {
  name = "statistics",
  kind = "module",
  summary = "statistics of a model's layers: gathered in shards, saved, merged, converted",
  text = "Data is cut into 16 parts, and a shard has some of them. Sums are kept for each node of one tree over the "
    .. "parts, so shards merge to the same bits in whatever order they are named: those of one run over everything. A "
    .. "config reads such a file with `statistics`.",
  functions = {
    {
      name = "capture",
      arguments = {
        { "model", "vise.Model", "an open model" },
        { "items", "integer", "how many items the data has, in all shards", min = 1 },
        { "run", "fun(i: integer): any", "runs the model on item `i`; nil and a message is a failure" },
        { "options", "table", "what is gathered", optional = true, fields = {
          { "kinds", "string[]", "of span, range, mean, importance, moments, histogram, token_span and top",
            otherwise = "the first four" },
          { "layers", "(string|vise.Pattern)[]", "globs over layer names", otherwise = "all" },
          { "shard", "integer", "which shard", min = 1, max = 16, default = 1 },
          { "shards", "integer", "how many there are", min = 1, max = 16, default = 1 },
          { "data", "table", "what the items are, for the file: plain values", optional = true },
          { "on_item", "fun()", "called after each item", optional = true },
        } },
      },
      returns = { { "vise.Statistics", "statistics" } }, fails = true,
      text = "Runs a model over items of data and gathers statistics of what flows into its layers.",
      example = CAPTURE .. [[
local statistics <close> = assert(vise.statistics.capture(model, #texts, read, { kinds = { "importance" } }))
print(statistics:rows(statistics.layers[1].name)) --> 9]],
    },
    {
      name = "from_imatrix",
      arguments = { { "path", "string", "of the file" } },
      returns = { { "vise.Statistics", "statistics" } }, fails = true,
      text = "Reads an importance matrix of llama.cpp, GGUF or the older form. Weights of the blocks of a Llama get "
        .. "the "
        .. "names of its layers. Such statistics name no model.",
      example = CAPTURE .. [[
local statistics = assert(vise.statistics.capture(model, #texts, read, { kinds = { "importance" } }))
assert(statistics:to_imatrix "model.imatrix.gguf")
local again = assert(vise.statistics.from_imatrix "model.imatrix.gguf")
print(again:rows "model.layers.0.self_attn.q_proj") --> 9]],
      source = "tools/imatrix of github.com/ggml-org/llama.cpp",
    },
    {
      name = "merge",
      arguments = { { "paths", "string[]", "files of one calibration, each part of the data once" } },
      returns = { { "vise.Statistics", "statistics" } }, fails = true,
      text = "Merges files. Those of another model, of other data, layers or kinds are refused.",
      example = CAPTURE .. [[
for i = 1, 2 do
  local half <close> = assert(vise.statistics.capture(model, #texts, read, { shard = i, shards = 2 }))
  assert(half:save("half-" .. i .. ".safetensors"))
end
local all = assert(vise.statistics.merge { "half-2.safetensors", "half-1.safetensors" })
print(all:parts()) --> 16 16]],
    },
    {
      name = "open",
      arguments = { { "path", "string", "of the file" } },
      returns = { { "vise.Statistics", "statistics" } }, fails = true,
      text = "Reads a file; every name, size and value in it is checked.",
      example = CAPTURE .. [[
assert(assert(vise.statistics.capture(model, #texts, read)):save "stats.safetensors")
local statistics = assert(vise.statistics.open "stats.safetensors")
print(table.concat(statistics.kinds, " ")) --> span range mean importance]],
    },
  },
}
