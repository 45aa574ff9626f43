--- vise stats show --json.

local common = require "vise.forms.common"

---@type vise.Form
return {
  fields = {
    common.schema,
    { "file", "string", "as it was given" },
    { "model", "string", "the hash of the model's tensors", optional = true },
    { "family", "string", "of the model", optional = true },
    { "vise", "string", "the version that wrote the file", optional = true },
    { "kinds", "string[]", "that it has" },
    { "data", "table<string, any>", "what the model was run on" },
    { "parts", "integer", "of the data that it covers" },
    { "of_parts", "integer", "into which the data is cut" },
    { "layers_total", "integer", "that the globs select" },
    { "layers", "table[]", "by their order in the model", fields = {
      { "name", "string", "of the layer" },
      { "channels", "integer", "of its input" },
      { "rows", "integer", "that it saw" },
      { "shares", "string", "the layer whose moments are also its own", optional = true },
      { "span", "number", "the largest |x|", optional = true },
      { "span_channel", "integer", "where that is", optional = true },
      { "min", "number", "the smallest value", optional = true },
      { "max", "number", "the largest value", optional = true },
      { "mean", "number", "of |x|", optional = true },
      { "importance", "number", "the mean of x^2", optional = true },
      { "p9999", "number", "the range that percentile 99.99 chooses", optional = true },
      { "mse", "number", "the range that the squared error of 8 bits chooses", optional = true },
      { "entropy", "number", "the range that the KL divergence of 8 bits chooses", optional = true },
      { "token_span", "number", "the median of the tokens' largest |x|", optional = true },
      { "top", "number", "the largest outlier", optional = true },
      { "top_channel", "integer", "where that is", optional = true },
    } },
  },
}
