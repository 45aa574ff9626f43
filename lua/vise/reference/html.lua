--- Reports as HTML.

local DOCUMENT = { "document", "vise.Document", "what the page shows; only the title is required" }

return {
  name = "html",
  kind = "module",
  summary = "reports as one HTML file that loads nothing and is readable without scripts",
  text = "Whatever stands in a document is shown as text and never becomes markup. For one quantization report:html() "
    .. "makes the document and writes the page.",
  prelude = [[
local model = assert(vise.open("models/dit", { variant = "fp16" }))
local report = assert(vise.quantize(model, { quant_type = "int4_weight_only", regions = { "*.0.attn1.*" } }))]],
  records = {
    {
      "vise.Document", "what a page shows", open = true,
      fields = {
        { "title", "string", "of the page" },
        { "quantized", "{ label?: string, report: table, histograms?: table }[]", "reports as plain() gives them, and "
          .. "what histograms gives", optional = true },
        { "metrics", "vise.Metric[]", "what was measured", optional = true },
        { "sensitivity", "{ layer: string, type: string, value: number, unit?: string }[]", "what each layer costs",
          optional = true },
        { "images", "{ name: string, png: string }[]", "pictures", optional = true },
        { "texts", "{ name: string, text: string }[]", "such as what a model wrote", optional = true },
        { "params", "{ name: string, value: any, default?: any, unit?: string, help?: string }[]", "of the recipe",
          optional = true },
        { "recipe", "table<string, string>", "texts by file name", optional = true },
        { "resolved", "string", "the resolved recipe", optional = true },
        { "manifest", "string", "of the artefact", optional = true },
        { "environment", "[string, string][]", "what the run depended on", optional = true },
        { "log", "string[]", "lines of the run", optional = true },
        { "run", "table", "id, recipe, version, started, seconds, status, command and out", optional = true },
      },
    },
  },
  functions = {
    {
      name = "histograms",
      arguments = {
        { "model", "vise.Model|table<string, vise.Model>", "quantized and open" },
        { "report", "vise.QuantizeReport", "what vise.quantize returned for it" },
        { "options", "table", "how many, and how fine", optional = true, fields = {
          { "layers", "integer", "how many, the worst first", min = 1, default = 20 },
          { "bins", "integer", "of a histogram", min = 1, default = 64 },
          { "elements", "integer", "layers that would take more than so many in all are left out", min = 1,
            default = 1 << 28 },
        } },
      },
      returns = { { "table", "histograms", "by layer, of a pipeline by component and layer" } }, fails = true,
      text = "Histograms of the weights before and after and of their error, for a document. Each is { lo, hi, counts, "
        .. "below, above, nan }.",
      example = "local histograms = assert(vise.html.histograms(model, report, { layers = 2 }))",
    },
    {
      name = "render",
      arguments = { DOCUMENT },
      returns = { { "string", "page" } },
      text = "The page of a document as text.",
      example = [[
local page = vise.html.render { title = "int8", metrics = { { name = "psnr", value = 50.9, unit = "dB" } } }
assert(page:find "50.9")]],
    },
    {
      name = "write",
      arguments = { { "path", "string", "of the file; one that is there is replaced" }, DOCUMENT },
      returns = { { "true", "done" } }, fails = true,
      text = "Writes the page of a document.",
      example = [[
local sides = { { label = "int4", report = report:plain() } }
assert(vise.html.write("report.html", { title = "int4", quantized = sides }))]],
    },
  },
}
