--- Measures.

return {
  name = "eval",
  kind = "module",
  summary = "how far results are apart, and how well a model predicts",
  prelude = [[
local a = vise.random(1):normal { 4, 1, 8, 8 }
local b = a:to "f16":to "f32"]],
  records = {
    {
      "vise.Measures", "how far one tensor is from another, in double",
      fields = {
        { "mae", "number", "mean of |a - b|" },
        { "rmse", "number", "root of the mean of (a - b)^2" },
        { "max_abs", "number", "largest |a - b|" },
        { "rel_l2", "number", "||a - b|| / max(||b||, 1e-12)" },
        { "cosine", "number", "of the angle between them" },
        { "sqnr", "number", "signal-to-noise ratio", unit = "dB" },
      },
    },
    {
      "vise.Perplexity", "how well a model predicts texts",
      fields = {
        { "loss", "number", "mean of a predicted id", unit = "nats" },
        { "perplexity", "number", "exp(loss)" },
        { "tokens", "integer", "ids predicted" },
        { "texts", "integer", "texts read" },
      },
    },
  },
  functions = {
    {
      name = "compare",
      arguments = { { "a", "vise.Tensor", "what is measured" }, { "b", "vise.Tensor", "the reference" } },
      returns = { { "vise.Measures", "measures" } }, fails = true,
      text = "All measures at once.",
      example = [[
local measures = assert(vise.eval.compare(b, a))
assert(measures.rel_l2 < 1e-3 and measures.sqnr > 60)]],
    },
    {
      name = "perplexity",
      arguments = {
        { "model", "vise.models.Llama", "a language model" },
        { "texts", "string[]|integer[][]", "texts, or their ids" },
        { "options", "table", "how they are read", optional = true, fields = {
          { "tokenizer", "vise.Tokenizer", "for texts that are strings", optional = true },
          { "context", "integer", "ids of a text that count", min = 2, otherwise = "the model's context" },
          { "on_text", "fun(index: integer)", "called after each text", optional = true },
        } },
      },
      returns = { { "vise.Perplexity", "result" } }, fails = true,
      text = "Each text is predicted from its first id on.",
      example = [[
local model <close> = assert(vise.open "models/stories")
local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")
local result = assert(vise.eval.perplexity(model, { "Once upon a time" }, { tokenizer = tokenizer }))
print(result.texts) --> 1]],
    },
    {
      name = "psnr",
      arguments = { { "images", "vise.Tensor", "in [-1, 1]" }, { "others", "vise.Tensor", "the reference" } },
      returns = { { "number", "dB" } }, fails = true,
      text = "20 log10(255 / rmse) of the images clamped to [-1, 1] and scaled by 127.5, in dB.",
      example = "print(assert(vise.eval.psnr(a, a))) --> inf",
    },
  },
}
