--- Models.

return {
  name = "models",
  kind = "module",
  summary = "model families, chosen by config.json: diffusion transformers and Llama",
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder" },
        { "options", "table", "variant, such as fp16; weights, the file to take", optional = true },
      },
      returns = { { "vise.Model" } }, fails = true,
      text = "The same as vise.open. A model has forward(...), layers(), layer(name), default_layers(), close(), and "
        .. "the fields family, config and checkpoint.",
      example = 'local model = assert(vise.models.open "models/dit")',
    },
  },
}
