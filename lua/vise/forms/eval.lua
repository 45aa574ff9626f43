--- vise eval --json.

local common = require "vise.forms.common"

local prediction = {
  { "texts", "integer", "that were predicted" },
  { "tokens", "integer", "that were predicted" },
  { "loss", "number|null", "the mean negative logarithm of a token's probability, in nats" },
  { "perplexity", "number|null", "the exponential of the loss" },
}

local distances = {
  { "name", "string", "of the tensor or layer" },
  { "rel_l2", "number|null", "the norm of the difference over that of the base" },
  { "cosine", "number|null", "of the angle between the two" },
  { "sqnr", "number|null", "signal to quantization noise, in dB" },
  { "psnr", "number|null", "peak signal to noise, in dB; the peak is the range of the base" },
  { "max_abs", "number|null", "the largest difference" },
}

---@type vise.Form
return {
  shapes = {
    { title = "perplexity", text = "With --data: how well texts are predicted.", fields = {
      common.schema,
      { "model", "string", "as it was given" },
      { "artefact", "string", "that was put onto the model", optional = true },
      { "measured", "table", "of the model", fields = prediction },
      { "base", "table", "of the model of --base", optional = true, fields = prediction },
      { "loss_change", "number|null", "measured less base", optional = true },
    } },
    { title = "layers", text = "With --artefact alone: what each quantized layer stands for, against its float weight.",
      fields = {
        common.schema,
        { "model", "string", "as it was given" },
        { "artefact", "string", "as it was given" },
        { "pairs", "table[]", "the quantized layers", fields = distances },
      } },
    { title = "tensors", text = "With --base alone: the tensors that two files share.", fields = {
      common.schema,
      { "model", "string", "as it was given" },
      { "base", "string", "as it was given" },
      { "pairs", "table[]", "the tensors of both", fields = distances },
      { "missing", "string[]", "the tensors that the base does not have" },
    } },
  },
}
