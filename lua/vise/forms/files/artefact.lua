--- quant_config.json: the manifest of an artefact.

---@type vise.Form
return {
  name = "artefact",
  title = "quant_config.json of an artefact",
  summary = "the files of a quantized model",
  text = "An artefact is a folder: `QUANT_TYPE.safetensors` holds the tensors of the quantized layers and in its "
    .. "metadata enough to load it alone, `quant_config.json` is the manifest. Neither holds a time or a path.",
  fields = {
    { "format", "string", "what this is", const = "vise_artefact" },
    { "version", "integer", "of the format", const = 1 },
    { "vise", "string", "the version of the program that wrote it" },
    { "quant_type", "string", "of the configuration" },
    { "checkpoint", "table", "the file of the tensors", fields = {
      { "file", "string", "its name" },
      { "bytes", "integer", "its size" },
      { "sha256", "string", "of its bytes as they were written" },
    } },
    { "base", "table", "the model it was made from", fields = {
      { "family", "string", "of models" },
      { "identity", "string", "a hash over every tensor's name, dtype, shape and bytes" },
      { "files", "table[]", "of the model", fields = {
        { "file", "string", "its name" },
        { "bytes", "integer", "its size" },
        { "sha256", "string", "of its bytes" },
      } },
    } },
    { "config", "table<string, any>", "the configuration, without paths" },
    { "calibration", "table", "of types that are calibrated", optional = true, fields = {
      { "mode", "string", "sequential or true_sequential: block by block", optional = true },
      { "rows", "table<string, integer>", "how many each layer saw", optional = true },
      { "statistics_xxh3_128", "string", "a hash of the spans and ranges" },
      { "tokens", "integer", "ids of the texts that were read", optional = true },
      { "tokens_xxh3_128", "string", "a hash of them", optional = true },
      { "tokenizer_xxh3_128", "string", "a hash of the tokenizer that made them", optional = true },
    } },
    { "layers", "table[]", "the quantized layers", fields = {
      { "name", "string", "of the layer" },
      { "type", "string", "its quant type" },
      { "method", "string", "who made it, where that is not the quant type's own", optional = true },
      { "smooth", "string", "how it was smoothed", optional = true },
      { "shape", "integer[]", "outputs, inputs" },
      { "storage", "string", "the 16-bit type of scales and factors" },
      { "bias", "string", "its dtype", optional = true },
      { "xxh3_128", "table<string, string>", "the hash of each tensor" },
      { "weight_error", "number", "relative L2", optional = true },
      { "output_error", "number", "relative L2", optional = true },
    } },
    { "recipe", "table", "the recipe that made it, which lies in recipe/", optional = true, fields = {
      { "name", "string", "of the recipe" },
      { "version", "string", "of the recipe" },
      { "package", "string", "the hash of its files" },
      { "lock_sha256", "string", "of its lock" },
    } },
    { "numerics", "table", "how it was computed", fields = {
      { "backend", "string", "of the kernels" },
      { "blas", "string|null", "of large products" },
      { "matmul", "string", "the rule that chooses between the two" },
    } },
    { "manifest_xxh3_128", "string", "of the manifest itself, with zeros in this place" },
  },
}
