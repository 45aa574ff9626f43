--- OB: observers on layers, and statistics.

---@type table<string, vise.ErrorEntry>
return {
  ["E-OB-01"] = {
    title = "no such observer",
    next = "Use range or channel_span, with { channels = n }.",
  },
  ["E-OB-02"] = {
    title = "observed shapes differ",
    next = "Give each layer its own observer.",
  },
  ["E-OB-03"] = {
    title = "observer has seen nothing",
    next = "Run the calibration through this layer, or exclude it.",
  },
  ["E-OB-09"] = {
    title = "layer is not observed",
    next = "Attach an observer to the layer, by a pattern in a list.",
  },
  ["E-OB-10"] = {
    title = "calibration did not reach every layer",
    next = "Let the calibrate function run the whole model, or exclude the layers named.",
  },
  ["E-OB-11"] = {
    title = "calibration gave values that are not finite",
    next = "Look at the calibration data and at the layers before the one named.",
  },
  ["E-OB-12"] = {
    title = "the calibrate function failed",
    next = "Correct what the message names; nothing was changed.",
  },
  ["E-OB-13"] = {
    title = "statistics of a wrong shape or value",
    next = "Capture them again from this model.",
  },
  ["E-OB-14"] = {
    title = "wrong option of an observer",
    next = "`vise help observe.attach` lists the options.",
  },
  ["E-OB-15"] = {
    title = "statistics lack a layer",
    next = "Capture the layer, or exclude it.",
  },
  ["E-OB-16"] = {
    title = "model is armed",
    next = "Run its forwards, or call disarm() on what quantize returned.",
  },
  ["E-OB-17"] = {
    title = "callback refused",
    next = "Register a function while the model is armed.",
  },
  ["E-OB-18"] = {
    title = "smoothing needs rows of input",
    next = "Capture samples as well, or take smooth_strategy = \"activation\".",
  },
}
