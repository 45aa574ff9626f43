--- SC: schemes and coded tensors.

---@type table<string, vise.ErrorEntry>
return {
  ["E-SC-01"] = {
    title = "scheme field not allowed",
    next = "Use one of the values the message lists.",
    explain = "A scheme is described by fields with fixed words. A field is missing or has a word that is "
      .. "not allowed.",
  },
  ["E-SC-02"] = {
    title = "scheme fields contradict",
    next = "Leave the field out: the convention implies it.",
    explain = "Two fields of a scheme contradict each other; often one of them follows from the convention "
      .. "and is to be left out.",
  },
  ["E-SC-03"] = {
    title = "group wider than the row",
    next = "Take a smaller group, or skip this layer.",
    explain = "A group is at most as wide as a row of the weight.",
  },
  ["E-SC-04"] = {
    title = "NaN or infinity in what is encoded",
    next = "Look at the weight or activation named; exclude the layer if its weight is broken.",
    explain = "A NaN or infinity cannot be encoded. The place is in the message; a weight like that is "
      .. "broken already, an activation like that comes from a layer before.",
  },
  ["E-SC-05"] = {
    title = "step does not fit the scale dtype",
    next = "Use scale_dtype \"bf16\" or \"f32\".",
    explain = "The step between codes is stored in a 16-bit or 8-bit float that cannot hold it: the values "
      .. "are too large or too small for that type of scale.",
  },
  ["E-SC-06"] = {
    title = "coded tensor with wrong parts",
    next = "The artefact does not belong to this scheme or model; make it again.",
    explain = "A coded tensor consists of codes, scales and sometimes zero points, of shapes that follow "
      .. "from scheme and size. One is missing or has another shape.",
  },
  ["E-SC-07"] = {
    title = "coded tensor with broken values",
    next = "The file is damaged; make it again.",
    explain = "Scales must be finite, zero points and codes within their range. A stored value is not: the "
      .. "file is damaged or was made by a faulty program.",
  },
  ["E-SC-08"] = {
    title = "no product for these schemes",
    next = "Choose a pair that has a kernel, or leave the activations in float.",
    explain = "Weights and activations in these schemes have no common kernel. Integer weights without a float zero "
      .. "point go with symmetric activations per tensor, per token or in groups equal to the weights'; floats go with "
      .. "floats; every weight goes with float activations.",
  },
  ["E-SC-09"] = {
    title = "too many inputs for an integer kernel",
    next = "Leave the layer, or its activations, in float.",
    explain = "Integer kernels add up products in 32 bits. So many inputs with one scale could overflow it.",
  },
  ["E-SC-10"] = {
    title = "shapes do not go together",
    next = "Check the input against the layer's sizes.",
    explain = "The columns of the input are not those of the weight, or a part of the layer has another "
      .. "size.",
  },
  ["E-SC-11"] = {
    title = "no scale to search",
    next = "Leave `search` away, or take a scheme the message lists.",
    explain = "The best scale is searched per row, group or block of integer and e2m1 codes; ranges, norms and "
      .. "importance are for integers. This scheme has no such scale.",
  },
  ["E-SC-12"] = {
    title = "scale of activations refused",
    next = "Give a positive scale, and a scheme per tensor.",
    explain = "A scale given for activations must be positive and finite, and its scheme must take one "
      .. "scale for the whole tensor.",
  },
  ["E-SC-13"] = {
    title = "given steps refused",
    next = "Give every tensor of steps that the scheme has, of the shape the message names.",
    explain = "Codes can be made for scales, zero points and upper levels that are given: all that the scheme has, in "
      .. "the shapes they are stored in, finite, scales from 0 on and integer zero points among the codes.",
  },
  ["E-SC-14"] = {
    title = "importance refused",
    next = "Calibrate again, or leave `importance` away.",
    explain = "Importance weighs the inputs of a layer when scales are searched: one number for each input, finite, "
      .. "from 0 on and not 0 for all. The mean square of each input is such a number.",
  },
}
