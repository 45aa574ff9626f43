--- Workloads: the module.

return {
  name = "workload",
  kind = "module",
  summary = "what a model usually does: to calibrate it on, and to measure what quantizing cost",
  records = {
    {
      "vise.WorkloadOptions", "how much of it",
      fields = {
        { "seed", "integer", "of all draws", min = 0, default = 3 },
        { "calibration", "integer", "images drawn, or texts read, to calibrate", min = 1, default = 10 },
        { "steps", "integer", "images: Euler steps", min = 1, default = 20 },
        { "guidance", "number", "images: how far from the null class", default = 1.5 },
        { "images", "integer", "images: drawn to measure", min = 1, default = 20 },
        { "texts", "string[]|integer[][]", "language: the first ones calibrate, the others measure",
          otherwise = "what the float model writes" },
        { "tokenizer", "vise.Tokenizer", "language: of texts that are strings", optional = true },
        { "length", "integer", "language: ids of a text at most", min = 1, default = 128 },
      },
    },
  },
  functions = {
    {
      name = "has",
      arguments = { { "model", "vise.Model", "an open model" } },
      returns = { { "boolean", "found" } },
      text = "Whether there is a workload for the model's family: bare weights have none, families of your own where "
        .. "their description gives one.",
      example = [[
local model <close> = assert(vise.open "models/stories")
print(vise.workload.has(model)) --> true]],
    },
    {
      name = "of",
      arguments = {
        { "model", "vise.Model", "a diffusion transformer, a language model, or one whose family has a workload" },
        { "options", "vise.WorkloadOptions", "how much", optional = true },
      },
      returns = { { "vise.Workload", "work" } }, fails = true,
      text = "The workload of a model's family: drawing images of every class, or predicting texts.",
      example = [[
local model <close> = assert(vise.open "models/stories")
local work = assert(vise.workload.of(model, { calibration = 2, length = 32 }))
print(work.metric) --> loss_increase]],
    },
  },
}
