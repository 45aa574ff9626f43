--- Configurations.

return {
  name = "config",
  kind = "class",
  class = "vise.Config",
  summary = "a checked configuration, complete with the defaults; made by vise.config",
  text = "A config cannot be changed: vise.config { from = cfg, exclude = {} } makes another one.",
  prelude = 'local cfg = vise.config { quant_type = "int8_per_row", exclude = { "*.to_out.0" } }',
  aliases = {
    { "vise.QuantTypeName", "the name of a quant type; `vise help quant_types` lists the forms", type = "string" },
  },
  fields = {
    { "quant_type", "string", "of all layers that no rule gives another", optional = true },
    { "type", "vise.QuantType", "what the name stands for", optional = true },
    { "regions", '"blocks"|"all"|vise.Pattern[]', "which layers", optional = true },
    { "exclude", "vise.Pattern[]", "layers that stay float", optional = true },
    { "filter", "fun(layer: vise.nn.Linear, name: string): boolean", "asked for each layer that is left",
      optional = true },
    { "method", "vise.Method", "how layers are made", otherwise = "the type's own" },
    { "plan", "{ pattern: vise.Pattern, type: vise.QuantType, method?: vise.Method }[]", "the rules", optional = true },
    { "fallback", "string", "skip, or a quant type", optional = true },
    { "calibrate", "fun(model: any, about: table)", "runs the model", optional = true },
    { "calibration", "table", "how observers are fed, and in which order: as given",
      optional = true },
    { "statistics", "string", "a file that stands in for calibrate", optional = true },
    { "save_to", "string", "a folder", optional = true },
    { "svdq", "vise.SvdqOptions", "options of svdq types", optional = true },
    { "components", "table<string, vise.Config>", "of a pipeline: the config of each model, in place of the fields "
      .. "above", optional = true },
    { "verbose", "boolean", "a longer report" },
  },
  functions = {
    {
      name = "json", arguments = {}, returns = { { "string", "text" } },
      text = "The fields as JSON text, which `from` reads; functions are left out.",
      example = [[
local other = vise.config { from = cfg:json(), quant_type = "float8_per_row" }
print(other.quant_type, other.exclude[1].text) --> float8_per_row *.to_out.0]],
    },
    {
      name = "plain", arguments = {}, returns = { { "table", "fields" } },
      text = "The fields as plain data: patterns as one string each, functions left out.",
      example = "print(cfg:plain().exclude[1]) --> *.to_out.0",
    },
  },
}
