--- The pages of the reference, in the order of the overview, and the parts of each: a part is a file
--- lua/vise/reference/PART.lua that describes one module or class (see vise.describe).

---@class vise.Page
---@field name string     Of docs/reference/NAME.md.
---@field title string
---@field parts string[]

---@type vise.Page[]
return {
  { name = "vise", title = "Verbs", parts = { "vise" } },
  { name = "config", title = "Configurations", parts = { "config.fields", "config.svdq", "config.quant_types",
    "config.pattern", "config.config" } },
  { name = "plan", title = "Plans and reports", parts = { "plan.plan", "plan.report", "plan.armed" } },
  { name = "models", title = "Models", parts = { "models.models", "models.model", "models.dit", "models.llama",
    "models.compiled", "transforms", "models.checkpoint", "models.open_checkpoint", "models.workload",
    "models.work" } },
  { name = "recipe", title = "Recipes", parts = { "recipe.job" } },
  { name = "tensor", title = "Tensors", parts = { "tensor.tensor", "tensor.generator" } },
  { name = "ops", title = "Operators", parts = { "ops", "linalg" } },
  { name = "coded", title = "Coded matrices", parts = { "coded.scheme", "coded.coded", "coded.coded_tensor",
    "coded.packed", "coded.rows" } },
  { name = "algorithms", title = "Algorithms", parts = { "algorithms.methods", "algorithms.svdquant",
    "algorithms.refine", "algorithms.low_rank", "algorithms.smoothing", "algorithms.smoothing_search",
    "algorithms.balance", "algorithms.relax", "algorithms.emulate", "algorithms.smoothquant",
    "algorithms.awq", "algorithms.gptq", "algorithms.hqq", "algorithms.sensitivity",
    "algorithms.budget" } },
  { name = "nn", title = "Layers", parts = { "nn.nn", "nn.module", "nn.linear", "nn.quantized_linear", "nn.attention",
    "nn.cache", "nn.cache_layer", "nn.mlp", "nn.gated_mlp", "nn.embedding", "nn.patch_embed", "nn.rms_norm",
    "nn.modulated_norm", "nn.layer_norm", "nn.conv1d", "nn.fused_attention" } },
  { name = "observe", title = "Observers", parts = { "observe.observe", "observe.watch", "observe.observer",
    "observe.statistics", "observe.set" } },
  { name = "eval", title = "Measuring and sampling", parts = { "eval.eval", "eval.generate", "eval.samplers" } },
  { name = "data", title = "Data and pictures", parts = { "data.data", "data.tokenizers", "data.tokenizer",
    "data.picture" } },
  { name = "plot", title = "Pictures in the terminal", parts = { "plot" } },
  { name = "html", title = "Reports as pages", parts = { "html" } },
  { name = "files", title = "Files", parts = { "files.safetensors", "files.safetensors_file", "files.json" } },
  { name = "machine", title = "The machine", parts = { "machine" } },
}
