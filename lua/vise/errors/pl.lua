--- PL: plans and patterns.

---@type table<string, vise.ErrorEntry>
return {
  ["E-PL-01"] = {
    title = "pattern matches nothing",
    next = "Correct the pattern, or write { pattern, optional = true }; `vise inspect MODEL` lists the names.",
  },
  ["E-PL-02"] = {
    title = "malformed pattern",
    next = "Use a glob such as \"*.attn1.*\", or a valid Lua pattern.",
  },
  ["E-PL-03"] = {
    title = "shape the type cannot take",
    next = "Exclude the layer or give it another type in `plan`.",
  },
  ["E-PL-04"] = {
    title = "model is already quantized",
    next = "Open the model again.",
  },
  ["E-PL-05"] = {
    title = "nothing to quantize",
    next = "Loosen `exclude` or `regions`, or choose a type that the shapes allow.",
  },
  ["E-PL-06"] = {
    title = "filter gave no boolean",
    next = "Return true for a layer to quantize, false for one to leave float.",
  },
  ["E-PL-07"] = {
    title = "no such component",
    next = "Name the models of the pipeline as the config does.",
  },
  ["E-PL-08"] = {
    title = "few_shot in a pipeline",
    next = "Quantize the component by itself, or choose another smooth_strategy.",
  },
}
