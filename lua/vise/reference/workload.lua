--- Workloads.

return {
  name = "workload",
  kind = "module",
  summary = "what a model usually does: to calibrate it on, and to measure what quantizing cost",
  functions = {
    {
      name = "has",
      arguments = { { "model", "vise.Model", "an open model" } },
      returns = { { "boolean" } },
      text = "Whether there is a workload for the model's family: bare weights have none, families of your own where "
        .. "their description gives one.",
      example = "assert(vise.workload.has(model))",
    },
    {
      name = "of",
      arguments = {
        { "model", "vise.Model", "a diffusion transformer, a language model, or one whose family has a workload" },
        { "options", "table", "seed (3), calibration (10 images or texts); images: steps (20), guidance (1.5), images "
          .. "drawn to measure (20); language: texts, as strings with tokenizer or as lists of ids (without them "
          .. "what the float model writes), length (128 ids)", optional = true },
      },
      returns = { { "vise.Workload" } }, fails = true,
      text = "work:calibration() is a function for `calibrate` of a config, work:calibrate(model) runs it; "
        .. "work:reference(model) remembers what the float model does; work:quality(model) measures another one "
        .. "against that: { metric, value }, psnr of images or sqnr in dB, or loss_increase in nats a token.",
      example = "local work = assert(vise.workload.of(model, { steps = 10 }))",
    },
  },
}
