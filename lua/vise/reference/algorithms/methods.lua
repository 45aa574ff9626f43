--- Methods: how a layer's weight becomes what is stored.

return {
  name = "algorithms",
  kind = "module",
  summary = "methods by name, and methods of your own",
  text = "A quant type says what is stored and computed with; a method finds the numbers. Types with a low-rank branch "
    .. "have the method svdquant if nothing else is said, all others rounding.",
  records = {
    {
      "vise.Method", "how layers are made",
      fields = {
        { "name", "string", "recorded in the manifest and the report: lower-case letters, digits and - _ ." },
        { "make", "fun(weight: vise.Tensor, about: vise.MethodInput): vise.LayerParts, table?", "from the f32 weight "
          .. "to the parts, and scalars for the report; a step of a chain has prepare, round or finish instead",
          optional = true },
        { "prepare", "fun(layers: vise.LayerWork[], options: table)", "changes what will be rounded", optional = true },
        { "round", "fun(layer: vise.LayerWork, options: table): vise.Coded", "makes the codes", optional = true },
        { "finish", "fun(layer: vise.LayerWork, coded: vise.Coded, options: table)", "comes after the codes",
          optional = true },
        { "shares", "boolean", "prepare takes all layers that are given the same input, not one by one",
          default = false },
        { "rotate", "fun(inputs: integer, options: table): integer", "it turns the input, in blocks of so many",
          optional = true },
        { "branch", "boolean", "it makes a low-rank branch, of the type's rank or of options.rank", default = false },
        { "bias", "boolean", "it gives the layer a bias of its own", default = false },
        { "sequential", "boolean", "it wants the inputs that the quantized layers before it give", default = false },
        { "needs", "string[]|fun(options: table): string[]", "what calibration has to gather: samples, span, range, "
          .. "mean, importance, moments; under the options, if it is a function", optional = true },
        { "check", "fun(options: table, where: string)", "raises for options that are none", optional = true },
        { "rows", "integer", "rows of samples to keep", min = 1, max = 1 << 20, default = 256 },
        { "smooth", "boolean", "it makes smoothing factors", default = false },
        { "rank", "integer", "of the low-rank branch that it makes, for types that have none of their own", min = 1,
          max = 99999, optional = true },
        { "options", "table<string, string|number|boolean>", "names and defaults of its options", optional = true },
        { "types", "string[]", "globs over the quant types that it is for", otherwise = "all" },
        { "copies", "integer", "copies of the weight in f32 that make holds at most", min = 1, max = 1000,
          default = 4 },
        { "make_group", "fun(weights: vise.Tensor[], about: vise.MethodInput): vise.LayerParts[], table?", "the same "
          .. "for layers that are given the same input", optional = true },
        { "resolve", "fun(type: vise.QuantType, config: vise.Config): vise.QuantType", "of methods of vise",
          optional = true },
      },
    },
    {
      "vise.MethodInput", "what a method has to know of a layer",
      fields = {
        { "name", "string", "of the layer" },
        { "shape", "integer[]", "{ outputs, inputs }" },
        { "type", "vise.QuantType", "of the layer" },
        { "storage", "string", "of what is stored beside the codes", choices = { "f16", "bf16" } },
        { "scheme", "vise.Scheme", "of the codes" },
        { "options", "table", "the method's, with the values of the config" },
        { "bias", "vise.Tensor", "[outputs], as the model has it", optional = true },
        { "span", "vise.Tensor", "f32 [inputs]: largest |x| of each input channel", optional = true },
        { "range", "vise.Tensor", "f32 [2]: smallest and largest x", optional = true },
        { "mean", "vise.Tensor", "f32 [inputs]: mean |x|", optional = true },
        { "importance", "vise.Tensor", "f32 [inputs]: mean x^2", optional = true },
        { "moments", "vise.Tensor", "f32 [inputs, inputs]: X'X / tokens", optional = true },
        { "samples", "vise.Tensor", "f32 [n, inputs]: rows of the layer's input", optional = true },
      },
    },
    {
      "vise.LayerWork", "a layer while the steps of a chain work on it",
      fields = {
        { "name", "string", "of the layer" },
        { "shape", "integer[]", "{ outputs, inputs }" },
        { "type", "vise.QuantType", "of the layer" },
        { "storage", "string", "of what is stored beside the codes", choices = { "f16", "bf16" } },
        { "scheme", "vise.Scheme", "of the codes" },
        { "weight", "vise.Tensor", "f32 [outputs, inputs]: what is left to round, in the present basis" },
        { "original", "vise.Tensor", "the same without what branches took off" },
        { "bias", "vise.Tensor", "[outputs], as the model has it", optional = true },
        { "span", "vise.Tensor", "f32 [inputs]; this and mean, importance, moments, samples are those of "
          .. "vise.MethodInput, in the same basis", optional = true },
        { "parts", "vise.LayerParts", "what has been made" },
        { "notes", "table<string, any>", "scalars for the report" },
        { "replace", "fun(self: vise.LayerWork, weight: vise.Tensor)", "puts another matrix in the weight's place" },
        { "rotate_inputs", "fun(self: vise.LayerWork, n: integer)", "the input becomes H x, blocks of n; first" },
        { "scale_inputs", "fun(self: vise.LayerWork, s: vise.Tensor)", "the input becomes x / s" },
        { "add_branch", "fun(self: vise.LayerWork, up: vise.Tensor, down: vise.Tensor)", "takes up down "
          .. "off the weight" },
        { "drop_branch", "fun(self: vise.LayerWork)", "gives it back" },
        { "error", "fun(self: vise.LayerWork, delta: vise.Tensor): number", "what an error of the weight does to the "
          .. "output, of its energy: tr(D M D') / tr(W M W')" },
        { "coded_error", "fun(self: vise.LayerWork, coded: vise.Coded): number", "the same of codes" },
      },
    },
    {
      "vise.LayerParts", "what a method gives",
      fields = {
        { "weight", "vise.Coded", "of about.scheme: of the weight, or of what the other parts leave of it" },
        { "smooth", "vise.Tensor", "[inputs] in the storage type; the layer computes with x / smooth",
          optional = true },
        { "down", "vise.Tensor", "[rank, inputs] in the storage type; the branch adds (x down') up'", optional = true },
        { "up", "vise.Tensor", "[outputs, rank]", optional = true },
        { "rotate", "integer", "inputs of a block of the Hadamard matrix that turns x", optional = true },
        { "bias", "vise.Tensor", "f32 [outputs]: in the place of the model's", optional = true },
      },
    },
  },
  aliases = {
    { "vise.MethodStep", "a name, a name with options, or the method itself",
      type = "string|vise.Method|{ name: string, options?: table }",
      schema = "string|{ name: string, options?: table }" },
    { "vise.MethodLike", "what may stand where a method is expected: a method, or a list of steps, which is a chain",
      type = "vise.MethodStep|vise.MethodStep[]", schema = "vise.MethodStep|vise.MethodStep[]" },
  },
  functions = {
    {
      name = "method",
      arguments = { { "name", "string", "rounding, svdquant, or one that was registered" } },
      returns = { { "vise.Method", "method" } },
      text = "A method by its name: its make(weight, about) is what another method can build on. Raises for a name "
        .. "that is none.",
      example = 'print(vise.algorithms.method "rounding".name) --> rounding',
    },
    {
      name = "names",
      arguments = {},
      returns = { { "string[]", "names" } },
      text = "The names of all methods, sorted: those of vise and those registered.",
      example = 'print(table.concat(vise.algorithms.names(), ", ")) -- rounding, svdquant',
    },
    {
      name = "register",
      arguments = { { "method", "vise.Method", "name and make, and what else it needs" } },
      returns = { { "vise.Method", "method", "itself" } },
      text = "Adds a method, so that configs and plans can give its name. See docs/own-algorithm.md.",
      example = [[
vise.algorithms.register { name = "plain", make = function(weight, about)
  return { weight = assert(vise.coded.encode(about.scheme, weight)) }
end }
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local report = assert(vise.quantize(model, { quant_type = "int4_weight_only", method = "plain" }))
print(report.quantized) --> 36]],
    },
  },
}
