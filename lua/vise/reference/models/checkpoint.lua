--- Checkpoints: the module.

return {
  name = "checkpoint",
  kind = "module",
  summary = "the tensors of a file or of a model folder",
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a .safetensors file, or a folder as Hugging Face or diffusers lay them out" },
        { "options", "vise.OpenOptions", "which files", optional = true },
      },
      returns = { { "vise.Checkpoint", "checkpoint" } }, fails = true,
      text = "Opens the weights, in one file or in shards, and config.json.",
      example = [[
local checkpoint <close> = assert(vise.checkpoint.open "models/stories")
print(#checkpoint:names(), checkpoint.config.model_type) --> 47 llama]],
    },
  },
}
