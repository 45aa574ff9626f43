--- EV: evaluation of models.

---@type table<string, vise.ErrorEntry>
return {
  ["E-EV-01"] = {
    title = "texts too short for the protocol",
    next = "Give more text, a smaller context, or the protocol \"texts\".",
    explain = "A protocol of windows needs texts that together fill one window of the context at least; what does "
      .. "not fill one is left out.",
  },
  ["E-EV-02"] = {
    title = "logits that are not finite",
    next = "Look at the layer named: its weights, its scales, what flows into it.",
    explain = "A model gave NaN or infinity for a text. The window was run again with a look at every linear layer; "
      .. "the message names the first one whose output, or input, is not finite.",
  },
  ["E-EV-03"] = {
    title = "not the base of an evaluation, or damaged",
    next = "Write the base again, with --save-base.",
    explain = "The file has no entries or metadata of a base, or has ids and log-probabilities that cannot be.",
    exit = 65,
  },
  ["E-EV-04"] = {
    title = "base of another evaluation",
    next = "Write a base of this model, data, protocol and tokenizer, with --save-base.",
    explain = "What was kept of a base model is compared token by token: it has to come from the same ids under the "
      .. "same protocol and from the model that was quantized. The message names what differs.",
    exit = 65,
  },
  ["E-EV-05"] = {
    title = "nothing is quantized",
    next = "Quantize the model first, or load an artefact.",
    explain = "The quality of layers is that of quantized ones against their float weights. The model has none.",
  },
}
