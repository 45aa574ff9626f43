--- Workloads: the class.

local MODEL = { "model", "vise.Model", "of the family that the workload was made for" }

return {
  name = "work",
  kind = "class",
  class = "vise.Workload",
  summary = "calibration and quality of one model; made by vise.workload.of",
  prelude = [[
local model <close> = assert(vise.open "models/stories")
local work = assert(vise.workload.of(model, { calibration = 1, length = 16 }))]],
  fields = {
    { "family", "string", "of the model" },
    { "metric", "string", "what quality measures: PSNR of images or SQNR in dB, or nats a token lost",
      choices = { "psnr", "sqnr", "loss_increase" } },
    { "options", "vise.WorkloadOptions", "with the defaults" },
  },
  functions = {
    {
      name = "answer", arguments = { MODEL },
      returns = { { "vise.Tensor|number", "answer", "images, or what a family of your own answers; of language models "
        .. "the loss" } },
      fails = true,
      text = "What a model makes of what it is measured on.",
      example = [[
local loss = assert(work:answer(model))
assert(loss > 0)]],
    },
    {
      name = "calibrate", arguments = { MODEL }, returns = { { "true", "done" } }, fails = true,
      text = "Runs the model on what calibration looks at.",
      example = "assert(work:calibrate(model))",
    },
    {
      name = "calibration", arguments = {}, returns = { { "fun(model: vise.Model)", "calibrate" } },
      text = "The same as a function, for `calibrate` of a config.",
      example = [[
local config = vise.config { quant_type = "int8_per_row_static", calibrate = work:calibration() }
assert(vise.quantize(model, config))]],
    },
    {
      name = "part",
      arguments = { MODEL, { "parts", "integer", "steps of the images, or texts", min = 1 } },
      returns = { { "number", "share", "of the calibration that this was, to 1" } }, fails = true,
      text = "Runs a part of the calibration: enough to tell what all of it will take.",
      example = "assert(work:part(model, 1) > 0)",
    },
    {
      name = "quality", arguments = { MODEL },
      returns = {
        { "table", "quality", "how far the model is from the float one", fields = {
          { "metric", "string", "what was measured", choices = { "psnr", "sqnr", "loss_increase" } },
          { "value", "number", "in dB, or in nats a token" },
        } },
      },
      fails = true,
      text = "How far a model is from the float one. Call reference first.",
      example = [[
assert(work:reference(model))
assert(vise.quantize(model, { quant_type = "int8_per_row" }))
local quality = assert(work:quality(model))
print(quality.metric) --> loss_increase]],
    },
    {
      name = "reference", arguments = { MODEL }, returns = { { "true", "done" } }, fails = true,
      text = "Remembers what the float model does.",
      example = [[
assert(work:reference(model))
print(assert(work:quality(model)).value) --> 0.0]],
    },
    {
      name = "texts_read", arguments = {},
      returns = { { "table", "about", "nothing of images", optional = true, fields = {
        { "tokens", "integer", "ids that were read" }, { "tokens_xxh3_128", "string", "a hash of them" },
        { "tokenizer_xxh3_128", "string", "a hash of the tokenizer", optional = true },
      } } },
      text = "What texts calibration has read; it stands in the manifest.",
      example = [[
assert(work:calibrate(model))
print(work:texts_read().tokens) --> 16]],
    },
  },
}
