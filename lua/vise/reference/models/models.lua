--- Models.

return {
  name = "models",
  kind = "module",
  summary = "model families, chosen by config.json: diffusion transformers and Llama",
  records = {
    {
      "vise.OpenOptions", "which files of a folder are opened",
      fields = {
        { "variant", "string", "of a diffusers folder, such as fp16", otherwise = "the plain files" },
        { "weights", "string", "the name of the file to take", otherwise = "the folder's usual one" },
      },
    },
  },
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder, or a .safetensors file" },
        { "options", "vise.OpenOptions", "which files", optional = true },
      },
      returns = { { "vise.Model", "model" } }, fails = true,
      text = "The same as vise.open.",
      example = [[
local model <close> = assert(vise.models.open "models/stories")
print(model.family, #model:layers()) --> llama 35]],
    },
  },
}
