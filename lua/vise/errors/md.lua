--- MD: models.

---@type table<string, vise.ErrorEntry>
return {
  ["E-MD-01"] = {
    title = "no config.json",
    next = "Give the model's folder, with config.json beside the weights; bare weights have no forward.",
  },
  ["E-MD-02"] = {
    title = "unknown model family",
    next = "Use types without calibration, or statistics = FILE: only the families listed can run.",
  },
  ["E-MD-03"] = {
    title = "field missing in config.json",
    next = "Take config.json from where the weights came from.",
  },
  ["E-MD-04"] = {
    title = "wrong value in config.json",
    next = "Correct the field that the message names.",
  },
  ["E-MD-05"] = {
    title = "variant of the family that is not computed",
    next = "Use a model of the plain architecture.",
  },
  ["E-MD-06"] = {
    title = "tensors missing",
    next = "Copy the whole model folder; check that config.json belongs to it.",
  },
  ["E-MD-07"] = {
    title = "tensor and config.json disagree on a shape",
    next = "Take both from the same model.",
  },
  ["E-MD-08"] = {
    title = "weights of a type that is not computed",
    next = "Convert the weights to f32, f16 or bf16.",
  },
  ["E-MD-09"] = {
    title = "more blocks in the file than in config.json",
    next = "Take both from the same model.",
  },
  ["E-MD-10"] = {
    title = "sizes in config.json do not go together",
    next = "Take config.json from where the weights came from.",
  },
  ["E-MD-11"] = {
    title = "cache cannot take these positions",
    next = "Make a larger cache, or clear it.",
  },
  ["E-MD-12"] = {
    title = "input does not fit the model",
    next = "Give the forward the shape that the message names.",
  },
  ["E-MD-13"] = {
    title = "wrong option of generate",
    next = "`vise help generate` lists the options.",
  },
  ["E-MD-14"] = {
    title = "model is quantized already",
    next = "Open the float model that it was made from.",
  },
  ["E-MD-15"] = {
    title = "no model, or a model of another kind",
    next = "Give what vise.open returned, inside assert(): a failed open returns nil and says why.",
    exit = 64,
  },
  ["E-MD-16"] = {
    title = "bare weights have no forward",
    next = "Use a type that needs no calibration, or statistics = FILE.",
  },
  ["E-MD-17"] = {
    title = "model brings code of its own",
    next = "Nothing to do: the code is not run.",
  },
  ["E-MD-18"] = {
    title = "unknown torch_dtype",
    next = "Nothing to do: the types of the tensors count.",
  },
  ["E-MD-19"] = {
    title = "no layers in a checkpoint",
    next = "Give a model folder, or a file with 2-D float tensors NAME.weight.",
  },
}
