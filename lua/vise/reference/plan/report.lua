--- Reports.

local BY = { "by", "string", "the error to sort by", choices = { "output_error", "weight_error" },
  default = "output_error" }

return {
  name = "report",
  kind = "class",
  class = "vise.QuantizeReport",
  summary = "what vise.quantize did",
  text = "tostring(report) is report:text(). Of a pipeline the numbers are sums, and each model's own report is in "
    .. "components.",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local report = assert(vise.quantize(model, { quant_type = "int4_weight_only", regions = { "*.0.attn1.*" } }))]],
  records = {
    {
      "vise.LayerReport", "what was done to one layer", open = true,
      fields = {
        { "name", "string", "the full name" },
        { "component", "string", "of a pipeline: the model's name", optional = true },
        { "type", "string", "the quant type" },
        { "shape", "integer[]", "{ outputs, inputs }" },
        { "weight_error", "number", "of the weight that codes and factors stand for, relative (L2)" },
        { "output_error", "number", "of what the layer gives for some rows of input, relative (L2)" },
        { "output_of", "string", "those rows: seen in calibration, normal numbers scaled to captured spans, or normal "
          .. "numbers", choices = { "calibration", "spans", "normal" } },
        { "shares", "string", "the first layer of the group that has one smoothing and one down", optional = true },
        { "captured", "boolean", "whether calibration, its own first forwards or a file told about its input" },
        { "observed", "integer", "rows seen in calibration", optional = true },
        { "disk_bytes", "integer", "as saved", unit = "bytes" },
        { "memory_bytes", "integer", "that it keeps", unit = "bytes" },
      },
    },
  },
  fields = {
    { "quant_type", "string", "of the config; \"several\" for a pipeline of different ones" },
    { "plan", "vise.Plan", "of one model", optional = true },
    { "cfg", "vise.Config", "of one model", optional = true },
    { "layers", "vise.LayerReport[]", "in the model's order" },
    { "components", "table<string, vise.QuantizeReport>", "of a pipeline", optional = true },
    { "linear", "integer", "linear layers there are" },
    { "candidates", "integer", "of them asked for" },
    { "quantized", "integer", "layers that are quantized now" },
    { "skipped", "integer", "the others" },
    { "observed", "integer", "layers whose input calibration or a file told about" },
    { "weights", "integer", "numbers in the weights of the quantized layers" },
    { "disk_bytes", "integer", "of the tensors to save", unit = "bytes" },
    { "file_bytes", "integer", "of the artefact's .safetensors file", unit = "bytes" },
    { "memory_bytes", "integer", "that the quantized layers keep", unit = "bytes" },
    { "source_bytes", "integer", "of the float layers", unit = "bytes" },
    { "bits_per_weight", "number", "on disk, everything counted", unit = "bits" },
    { "seconds", "number", "that it took", unit = "seconds" },
    { "calibration_seconds", "number", "of them calibration", unit = "seconds" },
    { "peak_bytes", "integer", "the most memory during the call, beyond what it began with", unit = "bytes" },
    { "saved_to", "string", "the artefact's folder", optional = true },
    { "verbose", "boolean", "whether text() says more", optional = true },
  },
  functions = {
    {
      name = "html",
      arguments = {
        { "path", "string", "of the file; one that is there is replaced" },
        { "options", "table", "what goes into the page besides", optional = true, fields = {
          { "title", "string", "at the top", otherwise = "the quant type" },
          { "model", "vise.Model", "quantized and open: gives histograms of the worst layers", optional = true },
          { "layers", "integer", "how many of them", min = 1, max = 1000, default = 20 },
          { "metrics", "table[]", "{ name, value, unit, better, stderr, target, step } each", optional = true },
          { "images", "table[]", "{ name, png } each", optional = true },
          { "texts", "table[]", "{ name, text } each", optional = true },
          { "params", "table[]", "{ name, value, default, unit, help } each", optional = true },
        } },
      },
      returns = { { "true", "ok" } }, fails = true,
      text = "Writes the report as one HTML file, which loads nothing and is readable without scripts.",
      example = 'assert(report:html("report.html", { model = model, layers = 4 }))',
    },
    {
      name = "json", arguments = {}, returns = { { "string", "text" } },
      text = "The report as JSON text.",
      example = "print(assert(vise.json.decode(report:json())).quantized) --> 4",
    },
    {
      name = "layer_table",
      arguments = { BY, { "count", "integer", "how many layers", otherwise = "all" } },
      returns = { { "string", "table" } },
      text = "The layers as a table of text, the one with the largest error first.",
      example = 'print(report:layer_table("weight_error", 2))',
    },
    {
      name = "plain", arguments = {}, returns = { { "table", "report" } },
      text = "The report as plain data.",
      example = "print(report:plain().types[1].type) --> int4_weight_only",
    },
    {
      name = "text", arguments = {}, returns = { { "string", "summary" } },
      text = "The summary as a box of text.",
      example = 'print(report:text():match "quantized[^\\n]*") --> quantized  4 of 4 asked for',
    },
    {
      name = "worst", arguments = { BY }, returns = { { "vise.LayerReport[]", "layers" } },
      text = "The layers, the one with the largest error first.",
      example = [[
local worst = report:worst "weight_error"
assert(worst[1].weight_error >= worst[4].weight_error)]],
    },
  },
}
