--- Checkpoints: the module and what it opens.

return {
  name = "checkpoint",
  kind = "module",
  summary = "the tensors of a file or of a model folder",
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a .safetensors file, or a folder as Hugging Face or diffusers lay them out" },
        { "options", "table", "variant, such as fp16; weights, the file to take", optional = true },
      },
      returns = { { "vise.Checkpoint" } }, fails = true,
      text = "Opens the weights, in one file or in shards, and config.json. The checkpoint has names(), has(name), "
        .. "info(name), tensor(name), files(), identity(), close(), and the fields config and folder.",
      example = 'local c = assert(vise.checkpoint.open "models/dit")',
    },
  },
}
