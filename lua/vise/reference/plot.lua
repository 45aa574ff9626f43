--- Pictures in the terminal.

-- The options of one picture and those of all of them, which come from the terminal if not given.
local function options(own)
  local fields = {
    { "width", "integer", "columns; no line is wider", min = 20, max = 500, otherwise = "the terminal's, at most 100" },
    { "height", "integer", "rows of the picture without its labels", min = 2, max = 200, optional = true },
    { "title", "string", "above the picture", optional = true },
    { "unicode", "boolean", "blocks and Braille instead of ASCII", otherwise = "as the locale is" },
    { "colour", "boolean|integer", "or how many: 0, 16, 256, 16777216", otherwise = "as the terminal is" },
  }
  table.move(own, 1, #own, #fields + 1, fields)
  return { "options", "table", "how it is drawn", optional = true, fields = fields }
end

local AXES = {
  { "x", "string", "the name of the horizontal axis", optional = true },
  { "y", "string", "the name of the vertical axis", optional = true },
  { "log_x", "boolean", "a logarithmic horizontal axis", default = false },
  { "log_y", "boolean", "a logarithmic vertical axis", default = false },
}

local TEXT = { { "string", "lines", "the picture" } }

return {
  name = "plot",
  kind = "module",
  summary = "pictures in the terminal, as text: returned, never printed; what is not finite is counted, not drawn",
  functions = {
    {
      name = "bars",
      arguments = {
        { "data", "vise.Tensor|number[]|table[]", "numbers, or { label, value } pairs" },
        options {
          { "labels", "string[]", "of the numbers", optional = true },
          { "log", "boolean", "a logarithmic axis", default = false },
          { "unit", "string", "after each value", optional = true },
          { "most", "integer", "rows shown", min = 1, max = 100000, otherwise = "all" },
        },
      },
      returns = TEXT,
      text = "A bar a row: its label, elided in the middle if it is long, on the left, its value on the right.",
      example = 'print(vise.plot.bars { { "to_q", 0.012 }, { "to_k", 0.1 } })',
    },
    {
      name = "heatmap",
      arguments = {
        { "x", "vise.Tensor|number[][]", "a matrix; of a tensor all dimensions but the last are rows" },
        options {
          { "what", "string", "what a cell shows of its block", choices = { "absmax", "max", "mean", "min" },
            default = "absmax" },
          { "log", "boolean", "a logarithmic ramp", default = false },
          { "range", "number[]", "the ends of the ramp", otherwise = "from 0, or what is less, to the most" },
          { "rows", "string", "the name of the rows", optional = true },
          { "columns", "string", "the name of the columns", optional = true },
        },
      },
      returns = TEXT,
      text = "A matrix as colours or ever denser letters, each cell a block of it; ? where one is not finite.",
      example = "print(vise.plot.heatmap(vise.random(1):normal { 64, 64 }, { width = 40, height = 8 }))",
    },
    {
      name = "histogram",
      arguments = {
        { "x", "vise.Tensor|number[]|table", "values, or counts: { lo, hi, counts, below, above, nan }" },
        options {
          { "bins", "integer", "how many", min = 1, max = 256, otherwise = "as many as are of use" },
          { "log", "boolean", "counts on a logarithmic axis", default = false },
          { "range", "number[]", "both ends", otherwise = "the range of the values" },
          { "marks", "table", "values to mark, such as clip points: { 3, { -3, \"clip\" } }", optional = true },
          { "unit", "string", "of the counts", optional = true },
        },
      },
      returns = TEXT,
      text = "How values lie. Whole numbers share the columns evenly.",
      example = [[
local weights = vise.random(1):normal { 64, 64 }
print(vise.plot.histogram(weights, { bins = 20, height = 6, marks = { -3, 3 } }))]],
    },
    {
      name = "image",
      arguments = {
        { "x", "vise.Tensor|vise.Tensor[]", "u8 [H, W] or [H, W, 3]; or batches as vise.picture.grid takes them" },
        options { { "path", "string", "of a PNG file that gets the whole image", optional = true } },
      },
      returns = TEXT, fails = true,
      text = "A preview of an image, two pixels a cell where there are colours.",
      example = [[
local images = vise.random(1):normal { 4, 1, 28, 28 }
print(assert(vise.plot.image({ images }, { path = "images.png" })))]],
    },
    {
      name = "layers",
      arguments = {
        { "report", "vise.QuantizeReport|table", "of vise.quantize, or what its plain() gives" },
        options {
          { "by", "string", "which error", choices = { "output_error", "weight_error" }, default = "output_error" },
          { "most", "integer", "layers shown", min = 1, max = 100000, default = 20 },
          { "in_order", "boolean", "in the order of the model, not the worst first", default = false },
          { "log", "boolean", "a logarithmic axis", default = false },
        },
      },
      returns = TEXT,
      text = "The error of each layer as bars, the worst first.",
      example = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local report = assert(vise.quantize(model, { quant_type = "int4_weight_only" }))
print(vise.plot.layers(report, { most = 5 }))]],
    },
    {
      name = "line",
      arguments = {
        { "data", "number[]|vise.Tensor|table|table[]", "values; or one or several { name, y, x }" },
        options(AXES),
      },
      returns = TEXT,
      text = "Values over their number or over x. Of a long tensor each column shows the least and the most.",
      example = 'print(vise.plot.line({ { name = "loss", y = { 3, 2, 1.5 } } }, { log_y = true }))',
    },
    {
      name = "scatter",
      arguments = {
        { "data", "table[]", "{ x, y, label } each" },
        options { { "better", "table", 'marks the points that no other beats: { x = "lower", y = "higher" }',
          optional = true }, table.unpack(AXES) },
      },
      returns = TEXT,
      text = "Points in the plane with their labels.",
      example = 'print(vise.plot.scatter({ { 4.5, 7.1, "int4" }, { 8, 6.9, "int8" } }, { better = { x = "lower" } }))',
    },
    {
      name = "spark",
      arguments = {
        { "x", "vise.Tensor|number[]", "values; more of them than columns are averaged" },
        options { { "range", "number[]", "both ends", otherwise = "the least and the most" } },
      },
      returns = { { "string", "line", "without a line feed" } },
      text = "Values on one line, each a letter as high as it is.",
      example = "print(vise.plot.spark { 1, 5, 2, 8 })",
    },
  },
}
