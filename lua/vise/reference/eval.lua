--- Measures.

return {
  name = "eval",
  kind = "module",
  summary = "how far results are apart, and how well a model predicts",
  functions = {
    {
      name = "compare",
      arguments = { { "a", "vise.Tensor", "what is measured" }, { "b", "vise.Tensor", "the reference" } },
      returns = { { "table" } }, fails = true,
      text = "mae, rmse, max_abs, rel_l2, cosine and sqnr in dB, in double.",
      example = "print(vise.eval.compare(quantized, float).rel_l2)",
    },
    {
      name = "perplexity",
      arguments = {
        { "model", "vise.Model", "a language model" },
        { "texts", "string[]|integer[][]", "texts, or their ids" },
        { "options", "table", "tokenizer, for texts that are strings; context (the model's): ids of a text that "
          .. "count; on_text: called after each", optional = true },
      },
      returns = { { "table" } }, fails = true,
      text = "loss, the mean nats of a predicted id, perplexity = exp(loss), tokens and texts. Each text is "
        .. "predicted from its first id on.",
      example = "local p = assert(vise.eval.perplexity(model, stories, { tokenizer = tokenizer }))",
    },
    {
      name = "psnr",
      arguments = { { "images", "vise.Tensor", "in [-1, 1]" }, { "others", "vise.Tensor", "the reference" } },
      returns = { { "number" } }, fails = true,
      text = "20 log10(255 / rmse) of the images clamped to [-1, 1] and scaled by 127.5, in dB.",
      example = "print(vise.eval.psnr(images, float_images))",
    },
  },
}
