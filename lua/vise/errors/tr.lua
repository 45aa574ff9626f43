--- TR: transforms.

---@type table<string, vise.ErrorEntry>
return {
  ["E-TR-01"] = {
    title = "no such transform",
    next = "Use one of the transforms listed, or register yours with vise.transforms.register.",
    explain = "vise.transform takes the name of a transform: rotate, or one that a script registered.",
    exit = 64,
  },
  ["E-TR-02"] = {
    title = "family that cannot be transformed",
    next = "Give the family's description a stream (docs/own-model.md), or use the step rotate of a method.",
    explain = "A transform of the residual stream has to know which tensors write it and which read it. The "
      .. "description of the model's family says so in its field stream; this one does not, or not for what was "
      .. "asked.",
    exit = 64,
  },
  ["E-TR-03"] = {
    title = "model that cannot be transformed now",
    next = "Transform the model right after it was opened, before hooks and before quantizing.",
    explain = "A transform builds the model anew from changed weights. Quantized layers and hooks would not "
      .. "survive that.",
    exit = 64,
  },
  ["E-TR-04"] = {
    title = "wrong option of a transform",
    next = "Correct the option named; `vise help transforms` lists them.",
    explain = "A transform has options with defaults; a value of another kind, or a name that is none, is refused.",
    exit = 64,
  },
  ["E-TR-05"] = {
    title = "no Hadamard matrix of this size",
    next = "Choose another block, or the kind random-matrix, or leave this rotation out.",
    explain = "Hadamard matrices are known here for sizes 2^k m with m one of 1, 12, 20, 28, 36, 40, 52, 60, 108, 140, "
      .. "156 and 172. A rotation in blocks needs one whose size divides the width.",
    exit = 64,
  },
  ["E-TR-06"] = {
    title = "transform that is none, or that names what is not there",
    next = "Correct what the message names in the description of the transform.",
    explain = "vise.transforms.register takes a table with a name, options and a function apply, which notes changes "
      .. "of tensors by the checkpoint's names.",
    exit = 64,
  },
  ["E-TR-07"] = {
    title = "changed weights do not fit their type",
    next = "Give the option dtype = \"f32\", which stores what was changed in 32 bits.",
    explain = "A transform rounds what it changed to the type that the tensor had. An f16 holds numbers up to 65504; "
      .. "this tensor now has a larger one.",
  },
  ["E-TR-08"] = {
    title = "transforms that do not fit the model",
    next = "Load the artefact with the version of vise, and of the family, that it was made with.",
    explain = "An artefact of a transformed model says which settings and tensors the transforms changed. One of them "
      .. "has no place in this model, or is not for a transform to change.",
  },
  ["E-TR-10"] = {
    title = "model is transformed already",
    next = "Open the model again, or take the transforms back with vise.restore.",
    explain = "An artefact goes onto the model as it was opened and brings its own transforms. Onto a model in another "
      .. "basis its layers would compute something else.",
    exit = 64,
  },
  ["E-TR-11"] = {
    title = "transforms of a loaded artefact cannot be kept",
    next = "Leave keep_transforms out, or open the model and transform it again.",
    explain = "An artefact has no float weights of the layers that it quantized, so what the transforms made of them "
      .. "is not known after loading. restore can only give the model as it was opened.",
    exit = 64,
  },
}
