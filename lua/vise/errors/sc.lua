--- SC: schemes and coded tensors.

---@type table<string, vise.ErrorEntry>
return {
  ["E-SC-01"] = {
    title = "scheme field not allowed",
    next = "Use one of the values the message lists.",
  },
  ["E-SC-02"] = {
    title = "scheme fields contradict",
    next = "Leave the field out: the convention implies it.",
  },
  ["E-SC-03"] = {
    title = "group wider than the row",
    next = "Take a smaller group, or skip this layer.",
  },
  ["E-SC-04"] = {
    title = "NaN or infinity in what is encoded",
    next = "Look at the weight or activation named; exclude the layer if its weight is broken.",
  },
  ["E-SC-05"] = {
    title = "step does not fit the scale dtype",
    next = "Use scale_dtype \"bf16\" or \"f32\".",
  },
  ["E-SC-06"] = {
    title = "coded tensor with wrong parts",
    next = "The artefact does not belong to this scheme or model; make it again.",
  },
  ["E-SC-07"] = {
    title = "coded tensor with broken values",
    next = "The file is damaged; make it again.",
  },
  ["E-SC-08"] = {
    title = "no product for these schemes",
    next = "Choose schemes the message lists, or leave the activations in float.",
  },
  ["E-SC-09"] = {
    title = "too many inputs for an integer kernel",
    next = "Leave the layer, or its activations, in float.",
  },
  ["E-SC-10"] = {
    title = "shapes do not go together",
    next = "Check the input against the layer's sizes.",
  },
  ["E-SC-11"] = {
    title = "no scale to search",
    next = "Leave `search` away, or take a scheme the message lists.",
  },
  ["E-SC-12"] = {
    title = "scale of activations refused",
    next = "Give a positive scale, and a scheme per tensor.",
  },
}
