--- Generation.

return {
  name = "generate",
  kind = "module",
  summary = "texts from language models",
  functions = {
    {
      name = "generate",
      arguments = {
        { "model", "vise.Model", "a language model" },
        { "options", "table", "prompt (ids, at least one); max_new (128); temperature (0: the likeliest id); "
          .. "top_p (1); seed (0); stop (ids; the model's own); on_id: called with each new id" },
      },
      returns = { { "integer[]" }, { "string" } }, fails = true,
      text = "Continues a prompt: all ids, and why it ended: stop, length or context.",
      example = "local ids = assert(vise.generate.generate(model, { prompt = { 1 }, max_new = 200 }))",
    },
  },
}
