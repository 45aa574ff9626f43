--- MD: models.

---@type table<string, vise.ErrorEntry>
return {
  ["E-MD-01"] = {
    title = "no config.json",
    next = "Give the model's folder, with config.json beside the weights; bare weights have no forward.",
    explain = "vise tells the family of a model from config.json. Without it the weights open as bare: "
      .. "they can be quantized without calibration, not run.",
  },
  ["E-MD-02"] = {
    title = "unknown model family",
    next = "Use types without calibration, or statistics = FILE: only the families listed can run.",
    explain = "config.json names an architecture that vise has no forward for. The weights can still be "
      .. "quantized by types that need no calibration. docs/own-model.md shows how to add a family in "
      .. "Lua.",
  },
  ["E-MD-03"] = {
    title = "field missing in config.json",
    next = "Take config.json from where the weights came from.",
    explain = "config.json lacks a field that the family's forward needs.",
  },
  ["E-MD-04"] = {
    title = "wrong value in config.json",
    next = "Correct the field that the message names.",
    explain = "A field of config.json has a value that the family does not allow.",
  },
  ["E-MD-05"] = {
    title = "variant of the family that is not computed",
    next = "Use a model of the plain architecture.",
    explain = "config.json asks for a variant of the architecture, such as another kind of positions, that "
      .. "this forward does not compute. Running it would give wrong numbers, so it is refused.",
  },
  ["E-MD-06"] = {
    title = "tensors missing",
    next = "Copy the whole model folder; check that config.json belongs to it.",
    explain = "The forward needs tensors that the checkpoint does not have.",
  },
  ["E-MD-07"] = {
    title = "tensor and config.json disagree on a shape",
    next = "Take both from the same model.",
    explain = "A tensor's shape is not what config.json implies. Weights and config come from different "
      .. "models.",
  },
  ["E-MD-08"] = {
    title = "weights of a type that is not computed",
    next = "Convert the weights to f32, f16 or bf16.",
    explain = "Weights are computed from f32, f16 and bf16. This tensor has another type, perhaps since "
      .. "the model is quantized already.",
  },
  ["E-MD-09"] = {
    title = "more blocks in the file than in config.json",
    next = "Take both from the same model.",
    explain = "The checkpoint has more blocks than config.json says. Leaving them out would change the "
      .. "model, so it is refused.",
  },
  ["E-MD-10"] = {
    title = "sizes in config.json do not go together",
    next = "Take config.json from where the weights came from.",
    explain = "Sizes in config.json contradict each other: a width that its heads do not divide, for "
      .. "example.",
  },
  ["E-MD-11"] = {
    title = "cache cannot take these positions",
    next = "Make a larger cache, or clear it.",
    explain = "A cache has room for a fixed number of positions, and is continued where it ends.",
  },
  ["E-MD-12"] = {
    title = "input does not fit the model",
    next = "Give the forward the shape that the message names.",
    explain = "A forward got a tensor of a shape or type that the model does not take, or more positions "
      .. "than its context holds.",
  },
  ["E-MD-13"] = {
    title = "wrong option of generate",
    next = "`vise help generate` lists the options.",
    explain = "vise.generate has no such option, or its value is out of range.",
  },
  ["E-MD-14"] = {
    title = "model is quantized already",
    next = "Open the float model that it was made from.",
    explain = "config.json has a quantization_config: the weights are codes of another program. vise "
      .. "quantizes float models.",
  },
  ["E-MD-15"] = {
    title = "no model, or a model of another kind",
    next = "Give what vise.open returned, inside assert(): a failed open returns nil and says why.",
    explain = "A function that takes a model got something else, most often nil from a vise.open that "
      .. "failed. assert(vise.open(path)) shows the reason at once.",
    exit = 64,
  },
  ["E-MD-16"] = {
    title = "bare weights have no forward",
    next = "Use a type that needs no calibration, or statistics = FILE.",
    explain = "Bare weights have no forward, so nothing can be run, calibrated or measured on them.",
  },
  ["E-MD-17"] = {
    title = "model brings code of its own",
    next = "Nothing to do: the code is not run.",
    explain = "config.json names Python code that comes with the model. vise never runs it; this is a note.",
  },
  ["E-MD-18"] = {
    title = "unknown torch_dtype",
    next = "Nothing to do: the types of the tensors count.",
    explain = "torch_dtype is not a known name. The types of the stored tensors count anyway; this is a "
      .. "note.",
  },
  ["E-MD-19"] = {
    title = "no layers in a checkpoint",
    next = "Give a model folder, or a file with 2-D float tensors NAME.weight.",
    explain = "A checkpoint without a known family opens as bare weights if it has 2-D float tensors named "
      .. "NAME.weight. This one has none.",
  },
  ["E-MD-20"] = {
    title = "description of a model family that is none",
    next = "Correct the field named; docs/own-model.md goes through all of them.",
    explain = "vise.models.register takes a table that describes a family: its name, what config.json calls it, its "
      .. "settings, a function that builds it and its forward. A field is missing, unknown or of the wrong kind, or "
      .. "build did not return a table whose children are modules.",
    exit = 64,
  },
}
