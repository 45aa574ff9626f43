--- The fields of a configuration.  vise.config_fields checks them one by one.

return {
  name = "config_fields",
  kind = "class",
  class = "vise.ConfigFields",
  summary = "what vise.config takes",
  text = "In JSON patterns are strings; functions have no form there and are given beside `from`.",
  fields = {
    { "quant_type", "vise.QuantTypeName", "of all layers that no rule of `plan` gives another; required unless every "
      .. "component has its own", optional = true },
    { "regions", '"blocks"|"all"|vise.PatternLike[]', "which layers: those of the repeated blocks, all, or those that "
      .. "a pattern matches", default = "blocks" },
    { "exclude", "vise.PatternLike[]", "layers that stay float; stands above `plan`", default = {} },
    { "filter", "fun(layer: vise.nn.Linear, name: string): boolean", "asked for each layer that is left; false leaves "
      .. "it float", optional = true },
    { "method", "vise.MethodLike", "how layers are made: a name, a name with options, or a method of your own",
      otherwise = "the type's own" },
    { "plan", "[vise.PatternLike, vise.QuantTypeName, vise.MethodLike?][]", "rules { pattern, quant type, method }: "
      .. "the first that matches a layer wins, inside and outside the regions", default = {} },
    { "fallback", '"skip"|vise.QuantTypeName', "what layers get whose shape the type cannot take", default = "skip" },
    { "calibrate", "fun(model: any, about: table)", "runs the model, or the table of models, while layers are observed",
      optional = true },
    { "on_nan", '"error"|"zero"|"skip"', "what becomes of a layer with weights that are NaN or infinite: nothing is "
      .. "quantized, they count as 0, or it stays float", default = "error" },
    { "calibration", "table", "how observers are fed, and in which order", optional = true, fields = {
      { "flush_count", "integer", "calls between merges", min = 1, otherwise = "every call, unless buffered" },
      { "flush_bytes", "integer", "bytes between merges", min = 1, unit = "bytes", optional = true },
      { "buffered", "boolean", "keep inputs instead of small statistics", default = false },
      { "mode", '"whole"|"sequential"|"true_sequential"', "all layers on the float model, block by block on what the "
        .. "quantized blocks before give, or in each block one group of layers with one input after the other",
        otherwise = "as the methods want it, or whole" },
      { "work", "string", "block by block: the folder of the journal, from which another program can go on",
        filled = true, otherwise = "save_to.work; without save_to everything is held in memory" },
      { "range", '"minmax"|"percentile"|"mse"|"entropy"', "static types: how the range of the activations is chosen "
        .. "from what was seen; mse and entropy for int8", default = "minmax" },
      { "percentile", "number", "with range = percentile: how much of |x| the range holds, in percent", above = 0,
        max = 100, default = 99.99 },
    } },
    { "statistics", "string", "a .safetensors file that stands in for calibrate", filled = true, optional = true },
    { "save_to", "string", "the folder where vise.quantize saves", filled = true, optional = true },
    { "svdq", "vise.SvdqOptions", "options of svdq types", optional = true },
    { "components", "string[]|table<string, vise.ConfigFields>", "the models of a pipeline, by name, with the fields "
      .. "that differ", optional = true },
    { "verbose", "boolean", "a longer report: patterns and options that are not the usual ones", default = false },
    { "from", "vise.Config|table|string", "a config, a table, JSON text or the path of a JSON file, below the other "
      .. "fields", optional = true },
  },
  functions = {},
}
