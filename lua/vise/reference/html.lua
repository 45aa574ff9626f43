--- Reports as HTML.

local DOCUMENT = { "document", "table", "title, the only one required; quantized: a list of { label, report = "
  .. "report:plain(), histograms }; metrics: a list of { name, value, unit, better = \"higher\" or \"lower\", stderr, "
  .. "target, step }; sensitivity: a list of { layer, type, value, unit }; images: a list of { name, png }; texts: a "
  .. "list of { name, text }; params: a list of { name, value, default, unit, help }; recipe: texts by file name; "
  .. "resolved and manifest: texts; environment: a list of { key, value }; log: a list of lines; run: { id, recipe, "
  .. "version, started, seconds, status, command, out }" }

return {
  name = "html",
  kind = "module",
  summary = "reports as one HTML file that loads nothing and is readable without scripts",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local report = assert(vise.quantize(model, { quant_type = "int4_weight_only", regions = { "*.0.attn1.*" } }))]],
  functions = {
    {
      name = "histograms",
      arguments = {
        { "model", "vise.Model|table<string, vise.Model>", "quantized and open" },
        { "report", "vise.QuantizeReport", "what vise.quantize returned for it" },
        { "options", "table", "of which layers, and how fine", optional = true, fields = {
          { "layers", "integer", "how many, the worst first", min = 1, max = 1000, default = 20 },
          { "bins", "integer", "of each histogram", min = 1, max = 256, default = 64 },
          { "elements", "integer", "layers that would take more than so many in all are left out", min = 1,
            otherwise = "2^28" },
        } },
      },
      returns = { { "table", "histograms", "{ before, after, error } by layer" } }, fails = true,
      text = "Histograms of the weights before and after and of their error, for a document: by layer, of a pipeline "
        .. "by component and layer. Each is { lo, hi, counts, below, above, nan }.",
      example = "local histograms = assert(vise.html.histograms(model, report, { layers = 5 }))",
    },
    {
      name = "render",
      arguments = { DOCUMENT },
      returns = { { "string", "page", "the whole file" } },
      text = "The page of a document as text. Whatever stands in the document is shown as text and never becomes "
        .. "markup. For one quantization report:html(path, { title, model, layers, metrics, images, texts, params }) "
        .. "makes the document and writes the page; with `model` it has histograms.",
      example = 'local page = vise.html.render { title = "int8", metrics = { { name = "psnr", value = 50.9 } } }',
    },
    {
      name = "write",
      arguments = { { "path", "string", "of the file; one that is there is replaced" }, DOCUMENT },
      returns = { { "true", "ok" } }, fails = true,
      text = "Writes the page of a document.",
      example = 'local sides = { { report = report:plain() } }\n'
        .. 'assert(vise.html.write("report.html", { title = "int8", quantized = sides }))',
    },
  },
}
