--- vise stats: files of statistics.

return {
  name = "stats",
  summary = "shows, merges and converts statistics files",
  text = "`vise calibrate` writes them; a config reads them with statistics = FILE.",
  commands = { "show", "merge", "convert" },
  arguments = {},
  options = {},
  examples = {
    { "vise stats show stats.safetensors", "what was gathered, of what, and its largest values" },
    { "vise stats merge half-2.safetensors half-1.safetensors -o stats.safetensors", "shards, in any order" },
    { "vise stats convert model.imatrix.gguf -o stats.safetensors", "an importance matrix of llama.cpp" },
  },
}
