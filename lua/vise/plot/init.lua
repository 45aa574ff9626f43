--- Pictures in the terminal, as text: they are returned, never printed.  No line is wider than asked;
--- letters are ASCII where the locale is, colours are those of the terminal, and nothing is said by
--- colour alone.  What is not finite is counted, not drawn.

return {
  bars = require("vise.plot.bars").bars,
  heatmap = require("vise.plot.heatmap").heatmap,
  histogram = require("vise.plot.histogram").histogram,
  image = require("vise.plot.image").image,
  layers = require("vise.plot.layers").layers,
  line = require("vise.plot.line").line,
  scatter = require("vise.plot.scatter").scatter,
  spark = require("vise.plot.spark").spark,
}
