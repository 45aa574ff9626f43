--- Evaluation.

local MODEL = { "model", "vise.Model", "a language model" }
local TEXTS = { "texts", "string[]|integer[][]", "texts, or their ids" }

-- The options of all that reads texts, and more.
local function reading(more)
  local fields = {
    { "protocol", "string", "what is predicted from what", default = "texts",
      choices = { "texts", "windows", "llama.cpp", "sliding", "rolling" } },
    { "tokenizer", "vise.Tokenizer", "for texts that are strings", optional = true },
    { "context", "integer", "ids of a window", min = 2, otherwise = "the model's context; 512 at most with llama.cpp" },
    { "stride", "integer", "sliding: ids from a window to the next", min = 1, otherwise = "half the context" },
    { "join", "string", "what stands between texts that are taken as one", otherwise = "an empty line" },
    { "logit_bytes", "integer", "of the logits that exist at once", min = 1, default = 64 << 20 },
    { "on_window", "fun(index: integer)", "called after each window", optional = true },
  }
  return table.move(more or {}, 1, #(more or {}), #fields + 1, fields)
end

local SETUP = [[
local model <close> = assert(vise.open "models/stories")
local tokenizer = assert(vise.tokenizers.open "models/stories/tok512.bin")
]]

return {
  name = "eval",
  kind = "module",
  summary = "how far results are apart, and how well a model does",
  text = "Perplexity depends on the protocol as much as on the model: a figure without one says little. `texts` "
    .. "predicts each text from its first id, cut at the context. `windows` joins all texts and cuts them into "
    .. "windows of the context; the rest at the end does not count (GPTQ). `llama.cpp` does the same with the id "
    .. "of beginnings in the first place of each window and counts the second half of it. `sliding` counts every "
    .. "id once, with what came before it in sight (transformers' documentation; that script gives each window "
    .. "after the first one id less weight). `rolling` predicts each text whole, and gives the word and byte "
    .. "perplexity of lm-eval. Standard errors take tokens as independent, as llama.cpp does: sqrt((mean of "
    .. "squares - mean^2) / (n - 1)), and by the delta method of what is computed from a mean.",
  prelude = [[
local a = vise.random(1):normal { 4, 1, 16, 16 }
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
        { "protocol", "string", "what was predicted from what" },
        { "context", "integer", "ids of a window" },
        { "stride", "integer", "of sliding windows", optional = true },
        { "loss", "number", "mean of a predicted id", unit = "nats" },
        { "loss_stderr", "number", "its standard error", unit = "nats" },
        { "perplexity", "number", "exp(loss)" },
        { "perplexity_stderr", "number", "perplexity * loss_stderr" },
        { "tokens", "integer", "ids predicted" },
        { "texts", "integer", "texts read" },
        { "windows", "integer", "forwards of one sequence" },
        { "token_hash", "string", "of the ids, and of which of them count" },
        { "tokenizer_hash", "string", "where the tokenizer has one", optional = true },
        { "words", "integer", "of the texts, where every id of them is predicted", optional = true },
        { "bytes", "integer", "likewise", optional = true },
        { "word_perplexity", "number", "exp(nats / words)", optional = true },
        { "word_perplexity_stderr", "number", "its standard error", optional = true },
        { "byte_perplexity", "number", "exp(nats / bytes)", optional = true },
        { "byte_perplexity_stderr", "number", "its standard error", optional = true },
        { "bits_per_byte", "number", "nats / bytes / log 2", optional = true },
        { "bits_per_byte_stderr", "number", "its standard error", optional = true },
      },
    },
    {
      "vise.EvalBase", "what was kept of a base", extends = "vise.Perplexity",
      fields = {
        { "path", "string", "of the file" },
        { "file_bytes", "integer", "of the file: 8 top + 12 for each id predicted, and the ids" },
        { "top", "integer", "ids kept at each place" },
        { "rest", "number", "mean probability of all others" },
      },
    },
    {
      "vise.DeltaP", "the change of the probability of the id that came, in percent",
      fields = {
        { "mean", "number", "of model less base" },
        { "stderr", "number", "of the mean" },
        { "rms", "number", "root of the mean square" },
        { "rms_stderr", "number", "its standard error" },
        { "quantiles", "table<string, number>", "by the names of those of the divergence" },
      },
    },
    {
      "vise.Divergence", "how far a model's predictions are from a base's",
      fields = {
        { "kld", "number", "mean of KL(base || model), with what was not kept taken as one id", unit = "nats" },
        { "kld_stderr", "number", "its standard error", unit = "nats" },
        { "kld_at_most", "number", "the most that it can be without that; equal if all ids were kept", unit = "nats" },
        { "exact", "boolean", "all ids were kept" },
        { "top", "integer", "ids kept at each place" },
        { "quantiles", "table<string, number>", "max, 99.9, 99, 95, 90, 75, median, 25, 10, 5, 1, 0.1, min" },
        { "same_top", "number", "places where both have the same likeliest id", unit = "percent" },
        { "same_top_stderr", "number", "its standard error", unit = "percent" },
        { "delta_p", "vise.DeltaP", "of the id that came" },
        { "ratio", "table", "perplexity of model over base", fields = {
          { "perplexity", "number", "the ratio" },
          { "stderr", "number", "its standard error" },
          { "log", "number", "its logarithm" },
          { "log_stderr", "number", "the standard error of that" },
          { "correlation", "number", "of the two logarithms" },
        } },
        { "difference", "table", "perplexity of model less base", fields = {
          { "perplexity", "number", "the difference" },
          { "stderr", "number", "its standard error" },
        } },
        { "measured", "vise.Perplexity", "of the model" },
        { "base", "vise.Perplexity", "of the base" },
      },
    },
    {
      "vise.LayerQuality", "how far a quantized layer is from its float weight",
      fields = {
        { "name", "string", "of the layer" },
        { "type", "string", "its quant type" },
        { "weight_sqnr", "number", "of the weight it stands for", unit = "dB" },
        { "output_sqnr", "number", "of its output, over all rows", unit = "dB", optional = true },
        { "rows", "integer", "that flowed through it" },
      },
    },
    {
      "vise.TextSample", "what a model wrote",
      fields = {
        { "prompt", "string", "what it was given" },
        { "text", "string", "prompt and all" },
        { "seed", "integer", "of the draws" },
        { "reason", "string", "why it ended", choices = { "stop", "length", "context" } },
        { "ids", "integer[]", "of the text" },
      },
    },
  },
  functions = {
    {
      name = "base",
      arguments = { MODEL, TEXTS, { "options", "table", "how they are read, and what is kept", fields = reading {
        { "out", "string", "the file to write" },
        { "top", "integer", "ids kept at each place", min = 1, otherwise = "64, or the whole vocabulary" },
      } } },
      returns = { { "vise.EvalBase", "kept" } }, fails = true,
      text = "Keeps what a model predicts, for vise.eval.divergence: the likeliest ids of every place with their "
        .. "log-probabilities, and the mass of all others as one number. The file holds the ids as well and says of "
        .. "which model, protocol and tokenizer it is. With top = the vocabulary the divergence is exact.",
      example = SETUP .. [[
local kept = assert(vise.eval.base(model, { "Once upon a time" }, { tokenizer = tokenizer, out = "stories.base" }))
print(kept.tokens, kept.top) --> 4 64]],
    },
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
      name = "divergence",
      arguments = { MODEL, { "path", "string", "what vise.eval.base wrote" },
        { "options", "table", "what the base has to be of", optional = true, fields = reading {
          { "texts", "string[]|integer[][]", "the base has to be of these, under this protocol", optional = true },
          { "any_model", "boolean", "take a base of another model", default = false },
        } } },
      returns = { { "vise.Divergence", "result" } }, fails = true,
      text = "How far a model's predictions are from those kept of a base, on the ids that the file holds: the mean "
        .. "Kullback-Leibler divergence and its quantiles, how often both find the same id likeliest, what the "
        .. "probability of the id that came has changed, and the ratio of the perplexities. A base of another model, "
        .. "protocol, tokenizer or text is refused.",
      example = SETUP .. [[
assert(vise.eval.base(model, { "Once upon a time" }, { tokenizer = tokenizer, out = "stories.base", top = 512 }))
assert(vise.quantize(model, { quant_type = "int8_weight_only" }))
local result = assert(vise.eval.divergence(model, "stories.base"))
assert(result.exact and result.kld < 1e-3)
print(result.same_top) --> 100.0]],
      source = "llama.cpp, tools/perplexity",
    },
    {
      name = "layers",
      arguments = { { "model", "vise.Model", "a quantized model" },
        { "options", "table", "what it is run on", optional = true, fields = {
          { "run", "fun(model: vise.Model)", "runs the model; without it only weights are measured", optional = true },
          { "inputs", "string", "what flows into the layers: as if none were quantized, or as all are",
            default = "float", choices = { "float", "quantized" } },
        } } },
      returns = { { "vise.LayerQuality[]", "layers", "in the order of the model" } }, fails = true,
      text = "The signal-to-noise ratio of every quantized layer: of the weight it stands for, and, over all that "
        .. "flows through it in a run, of its output, float and quantized on the same input. Nothing is kept but sums.",
      example = SETUP .. [[
assert(vise.quantize(model, { quant_type = "int8_weight_only" }))
local layers = assert(vise.eval.layers(model, { run = function(m) return m:forward { 1, 403, 407, 261 } end }))
print(layers[1].name, layers[1].rows) --> model.layers.0.self_attn.q_proj 4
assert(layers[1].output_sqnr > 30)]],
    },
    {
      name = "perplexity",
      arguments = { MODEL, TEXTS, { "options", "table", "how they are read", optional = true, fields = reading() } },
      returns = { { "vise.Perplexity", "result" } }, fails = true,
      text = "How well a model predicts texts, with standard errors.",
      example = SETUP .. [[
local result = assert(vise.eval.perplexity(model, { "Once upon a time" }, { tokenizer = tokenizer }))
print(result.texts, result.tokens) --> 1 4
local windows = assert(vise.eval.perplexity(model, { "Once upon a time", "The end" },
  { tokenizer = tokenizer, protocol = "windows", context = 4 }))
print(windows.windows, windows.tokens) --> 2 6]],
    },
    {
      name = "psnr",
      arguments = { { "images", "vise.Tensor", "in [-1, 1]" }, { "others", "vise.Tensor", "the reference" } },
      returns = { { "number", "dB" } }, fails = true,
      text = "20 log10(255 / rmse) of the images clamped to [-1, 1] and scaled by 127.5, in dB.",
      example = "print(assert(vise.eval.psnr(a, a))) --> inf",
    },
    {
      name = "samples",
      arguments = { MODEL, { "options", "table", "what is written", fields = {
        { "tokenizer", "vise.Tokenizer", "of the model" },
        { "prompts", "string[]", "what the texts begin with, in turn", otherwise = "nothing" },
        { "count", "integer", "texts", min = 1, default = 3 },
        { "seed", "integer", "of the first text; each next one has the next", min = 0, default = 1 },
        { "max_new", "integer", "ids to add at most", min = 0, default = 64 },
        { "temperature", "number", "0: always the likeliest id", min = 0, default = 0.8 },
        { "top_p", "number", "draw from the likeliest ids that make up this probability", above = 0, max = 1,
          default = 0.95 },
      } } },
      returns = { { "vise.TextSample[]", "samples" } }, fails = true,
      text = "What a model writes, each text from a seed of its own.",
      example = SETUP .. [[
local samples = assert(vise.eval.samples(model,
  { tokenizer = tokenizer, prompts = { "Once" }, count = 2, max_new = 8 }))
print(#samples, samples[2].seed) --> 2 2]],
    },
    {
      name = "ssim",
      arguments = { { "images", "vise.Tensor", "f32 [N, C, H, W] in [-1, 1], 11 x 11 at least" },
        { "others", "vise.Tensor", "the reference" } },
      returns = { { "number", "ssim" } }, fails = true,
      text = "The structural similarity, 1 for equal images: the mean over all windows of 11 x 11 that lie in the "
        .. "image, weighted by a Gaussian of 1.5, all channels and images, clamped to [-1, 1] and scaled to 0 to 255; "
        .. "constants (0.01 255)^2 and (0.03 255)^2.",
      example = 'print(("%.3f"):format(vise.eval.ssim(b, a))) --> 1.000',
      source = "Wang, Bovik, Sheikh and Simoncelli 2004",
    },
  },
}
