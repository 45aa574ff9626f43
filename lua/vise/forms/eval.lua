--- vise eval --json.

local common = require "vise.forms.common"

local ERROR = "number|null"

local prediction = {
  { "protocol", "string", "what was predicted from what", choices = { "texts", "windows", "llama.cpp", "sliding",
    "rolling" } },
  { "context", "integer", "ids of a window" },
  { "stride", "integer", "ids from one sliding window to the next", optional = true },
  { "texts", "integer", "that were read" },
  { "windows", "integer", "that were run" },
  { "tokens", "integer", "that were predicted" },
  { "token_hash", "string", "of the ids, and of which of them count" },
  { "tokenizer_hash", "string", "of the tokenizer", optional = true },
  { "loss", "number|null", "the mean negative logarithm of a token's probability, in nats" },
  { "loss_stderr", ERROR, "its standard error" },
  { "perplexity", "number|null", "the exponential of the loss" },
  { "perplexity_stderr", ERROR, "its standard error" },
  { "words", "integer", "of the texts, where every id of them is predicted", optional = true },
  { "bytes", "integer", "likewise", optional = true },
  { "word_perplexity", "number|null", "by words", optional = true },
  { "word_perplexity_stderr", ERROR, "its standard error", optional = true },
  { "byte_perplexity", "number|null", "by bytes", optional = true },
  { "byte_perplexity_stderr", ERROR, "its standard error", optional = true },
  { "bits_per_byte", "number|null", "the loss of a byte in bits", optional = true },
  { "bits_per_byte_stderr", ERROR, "its standard error", optional = true },
  { "path", "string", "of the file that was written", optional = true },
  { "file_bytes", "integer", "of that file", optional = true },
  { "top", "integer", "ids kept at each place", optional = true },
  { "rest", "number|null", "mean probability of all others", optional = true },
}

local quantiles = { "quantiles", "table<string, number|null>", "max, 99.9, 99, 95, 90, 75, median, 25, 10, 5, 1, "
  .. "0.1, min" }

local divergence = {
  { "kld", "number|null", "mean divergence from the base, in nats; what was not kept is one id" },
  { "kld_stderr", ERROR, "its standard error" },
  { "kld_at_most", "number|null", "the most that it can be without that" },
  { "exact", "boolean", "all ids were kept" },
  { "top", "integer", "ids kept at each place" },
  quantiles,
  { "same_top", "number", "percent of places with the same likeliest id" },
  { "same_top_stderr", ERROR, "its standard error" },
  { "delta_p", "table", "the change of the probability of the id that came, in percent", fields = {
    { "mean", "number|null", "of model less base" },
    { "stderr", ERROR, "of the mean" },
    { "rms", "number|null", "root of the mean square" },
    { "rms_stderr", ERROR, "its standard error" },
    quantiles,
  } },
  { "ratio", "table", "of the perplexities", fields = {
    { "perplexity", "number|null", "measured over base" },
    { "stderr", ERROR, "its standard error" },
    { "log", "number|null", "its logarithm" },
    { "log_stderr", ERROR, "the standard error of that" },
    { "correlation", "number|null", "of the two logarithms" },
  } },
  { "difference", "table", "of the perplexities", fields = {
    { "perplexity", "number|null", "measured less base" },
    { "stderr", ERROR, "its standard error" },
  } },
}

local layers = {
  { "name", "string", "of the layer" },
  { "type", "string", "its quant type" },
  { "weight_sqnr", "number|null", "of the weight it stands for, in dB" },
  { "output_sqnr", "number|null", "of its output, in dB", optional = true },
  { "rows", "integer", "that flowed through it" },
}

local samples = {
  { "prompt", "string", "what the text begins with" },
  { "text", "string", "prompt and all" },
  { "seed", "integer", "of the draws" },
  { "reason", "string", "why it ended", choices = { "stop", "length", "context" } },
  { "ids", "integer[]", "of the text" },
}

local flow = {
  { "loss", "number|null", "mean squared error of the direction" },
  { "stderr", ERROR, "of the mean over the images" },
  { "images", "integer", "that were measured" },
  { "seed", "integer", "of noise and times" },
}

local drawn = {
  { "images", "integer", "that were drawn" },
  { "seed", "integer", "of the noise" },
  { "steps", "integer", "of Euler's method" },
  { "guidance", "number", "towards the class" },
  { "psnr", "number|null", "against the images of the base, in dB" },
  { "ssim", "number|null", "against the images of the base", optional = true },
}

local distances = {
  { "name", "string", "of the tensor or layer" },
  { "rel_l2", "number|null", "the norm of the difference over that of the base" },
  { "cosine", "number|null", "of the angle between the two" },
  { "sqnr", "number|null", "signal to quantization noise, in dB" },
  { "psnr", "number|null", "peak signal to noise, in dB; the peak is the range of the base" },
  { "max_abs", "number|null", "the largest difference" },
}

local model = { "model", "string", "as it was given" }
local artefact = { "artefact", "string", "that was put onto the model", optional = true }

---@type vise.Form
return {
  shapes = {
    { title = "perplexity", text = "With texts, a base of texts, or samples of a language model.", fields = {
      common.schema, model, artefact,
      { "task", "string", "the data, the protocol and the context", optional = true },
      { "measured", "table", "of the model", optional = true, fields = prediction },
      { "base", "table", "of what it is held against", optional = true, fields = prediction },
      { "loss_change", "number|null", "measured less base", optional = true },
      { "divergence", "table", "from the base, token by token", optional = true, fields = divergence },
      { "kept", "table", "what --save-base wrote", optional = true, fields = {
        { "file", "string", "its path" },
        { "bytes", "integer", "its size" },
        { "top", "integer", "ids kept at each place" },
        { "rest", "number|null", "mean probability of all others" },
      } },
      { "layers", "table[]", "with --layers", optional = true, fields = layers },
      { "samples", "table[]", "with --samples", optional = true, fields = samples },
    } },
    { title = "images", text = "Of a model of images, with --labels or --samples.", fields = {
      common.schema, model, artefact,
      { "base", "string", "as it was given", optional = true },
      { "task", "string", "images" },
      { "flow", "table", "the flow loss", optional = true, fields = flow },
      { "flow_base", "table", "that of the base", optional = true, fields = flow },
      { "drawn", "table", "the images, against those of the base", optional = true, fields = drawn },
      { "layers", "table[]", "with --layers, on the images drawn", optional = true, fields = layers },
    } },
    { title = "layers", text = "With --artefact alone: what each quantized layer stands for, against its float weight.",
      fields = {
        common.schema, model,
        { "artefact", "string", "as it was given" },
        { "pairs", "table[]", "the quantized layers", fields = distances },
      } },
    { title = "tensors", text = "With --base alone: the tensors that two files share.", fields = {
      common.schema, model,
      { "base", "string", "as it was given" },
      { "pairs", "table[]", "the tensors of both", fields = distances },
      { "missing", "string[]", "the tensors that the base does not have" },
    } },
  },
}
