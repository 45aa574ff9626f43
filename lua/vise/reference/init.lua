--- The pages of the reference, in the order of the overview, and the parts of each: a part is a file
--- lua/vise/reference/PART.lua that describes one module or class (see vise.describe).

---@class vise.Page
---@field name string     Of docs/reference/NAME.md.
---@field title string
---@field parts string[]

---@type vise.Page[]
return {
  { name = "vise", title = "Verbs", parts = { "vise" } },
  { name = "models", title = "Models", parts = { "models", "checkpoint", "workload" } },
  { name = "config", title = "Configurations", parts = { "quant_types" } },
  { name = "tensor", title = "Tensors", parts = { "tensor", "generator" } },
  { name = "coded", title = "Coded matrices", parts = { "scheme", "coded", "coded_tensor", "packed", "rows" } },
  { name = "algorithms", title = "Algorithms", parts = { "algorithms" } },
  { name = "nn", title = "Layers", parts = { "nn" } },
  { name = "observe", title = "Observers", parts = { "observe", "observer" } },
  { name = "ops", title = "Operators", parts = { "ops", "linalg" } },
  { name = "eval", title = "Measuring and sampling", parts = { "eval", "generate", "samplers" } },
  { name = "data", title = "Data", parts = { "data", "tokenizers", "tokenizer", "picture", "plot", "html" } },
  { name = "files", title = "Files", parts = { "safetensors", "safetensors_file", "json" } },
  { name = "machine", title = "Machine", parts = { "machine" } },
}
