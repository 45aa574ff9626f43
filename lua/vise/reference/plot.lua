--- Pictures in the terminal.

local COMMON = "; and of every picture: width (20 to 500 columns), height, title, unicode, colour (a boolean, or 0, "
  .. "16, 256, 16777216), which come from the terminal if not given"

local function options(text)
  return { "options", "table", text .. COMMON, optional = true }
end

return {
  name = "plot",
  kind = "module",
  summary = "pictures in the terminal, as text: returned, never printed; what is not finite is counted, not drawn",
  functions = {
    {
      name = "bars",
      arguments = {
        { "data", "tensor|number[]|table[]", "numbers, or { label, value } pairs" },
        options "labels, unit, log, most (rows shown)",
      },
      returns = "string",
      text = "A bar a row: its label, elided in the middle if it is long, on the left, its value on the right.",
      example = 'print(vise.plot.bars { { "to_q", 0.012 }, { "to_k", 0.1 } })',
    },
    {
      name = "heatmap",
      arguments = {
        { "x", "tensor|number[][]", "a matrix; of a tensor all dimensions but the last are rows" },
        options('what = "absmax", "max", "mean" or "min" of each block, log, range = { lo, hi }, rows and '
          .. "columns (names of the axes)"),
      },
      returns = "string",
      text = "A matrix as colours or ever denser letters, each cell a block of it; ? where one is not finite.",
      example = "print(vise.plot.heatmap({ { 0, 1 }, { 2, 3 } }))",
    },
    {
      name = "histogram",
      arguments = {
        { "x", "tensor|number[]|table", "values, or counts: { lo, hi, counts, below, above, nan }" },
        options "bins, log (counts), range = { lo, hi }, marks = { 3, { -3, \"clip\" } }, unit",
      },
      returns = "string",
      text = "How values lie; whole numbers share columns evenly. Marks show clip points.",
      example = "print(vise.plot.histogram({ 1, 2, 2, 3 }, { marks = { 2.5 } }))",
    },
    {
      name = "image",
      arguments = {
        { "x", "tensor|tensor[]", "u8 [H, W] or [H, W, 3]; or batches as picture.grid takes them" },
        options "path (of a PNG file that gets the whole image)",
      },
      returns = "string | nil, message, id",
      text = "A preview of an image, two pixels a cell where there are colours.",
      example = 'print(vise.plot.image(vise.tensor_of("u8", { 2, 2 }, { 0, 255, 255, 0 })))',
    },
    {
      name = "layers",
      arguments = {
        { "report", "vise.QuantizeReport|table", "of vise.quantize, or what its :plain() gives" },
        options 'by ("output_error", "weight_error"), most (20), in_order (of the model), log',
      },
      returns = "string",
      text = "The error of each layer as bars, the worst first.",
      example = 'print(vise.plot.layers({ layers = { { name = "to_q", output_error = 0.01 } } }))',
    },
    {
      name = "line",
      arguments = {
        { "data", "number[]|tensor|table|table[]", "values; or one or several { name, y, x }" },
        options "log_x, log_y, x and y (names of the axes)",
      },
      returns = "string",
      text = "Values over their number or over x. Of a long tensor each column shows the least and the most.",
      example = 'print(vise.plot.line({ { name = "loss", y = { 3, 2, 1.5 } } }, { log_y = true }))',
    },
    {
      name = "scatter",
      arguments = {
        { "data", "table[]", "{ x, y, label } each" },
        options('better = { x = "lower", y = "higher" } (marks the points that no other beats), log_x, log_y, x '
          .. "and y (names of the axes)"),
      },
      returns = "string",
      text = "Points in the plane with their labels.",
      example = 'print(vise.plot.scatter({ { 4.5, 7.1, "int4" }, { 8, 6.9, "int8" } }, { better = { x = "lower" } }))',
    },
    {
      name = "spark",
      arguments = {
        { "x", "tensor|number[]", "values; more of them than columns are averaged" },
        options "range = { lo, hi }",
      },
      returns = "string",
      text = "Values on one line, without a line feed.",
      example = "print(vise.plot.spark { 1, 5, 2, 8 })",
    },
  },
}
