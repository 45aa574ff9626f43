--- PL: plans and patterns.

---@type table<string, vise.ErrorEntry>
return {
  ["E-PL-01"] = {
    title = "pattern matches nothing",
    next = "Correct the pattern, or write { pattern, optional = true }; `vise inspect MODEL` lists the names.",
    explain = "A pattern of yours matches no layer. A rule that silently does nothing is how wrong models "
      .. "get shipped, so it is an error; optional = true says that it may.",
  },
  ["E-PL-02"] = {
    title = "malformed pattern",
    next = "Use a glob such as \"*.attn1.*\", or a valid Lua pattern.",
    explain = "A pattern is a text: a glob, in which * stands for anything including dots, or vise.pattern "
      .. "with a Lua pattern. This one does not parse.",
  },
  ["E-PL-03"] = {
    title = "shape the type cannot take",
    next = "Exclude the layer or give it another type in `plan`.",
    explain = "A type divides rows into groups or blocks, and this layer's shape does not allow it. "
      .. "Defaults skip such layers with a reason; a rule that names one is an error.",
  },
  ["E-PL-04"] = {
    title = "model is already quantized",
    next = "Open the model again.",
    explain = "The layer was quantized before. Quantizing its result again would hide the error of the "
      .. "first time.",
  },
  ["E-PL-05"] = {
    title = "nothing to quantize",
    next = "Loosen `exclude` or `regions`, or choose a type that the shapes allow.",
    explain = "After regions, exclude, filter and shapes, no layer is left.",
  },
  ["E-PL-06"] = {
    title = "filter gave no boolean",
    next = "Return true for a layer to quantize, false for one to leave float.",
    explain = "filter is asked for each layer and answers with true or false. nil is refused, since it is "
      .. "what a forgotten return gives.",
  },
  ["E-PL-07"] = {
    title = "no such component",
    next = "Name the models of the pipeline as the config does.",
    explain = "A pipeline is a table of named models. The config names one that is not there, or the same "
      .. "model stands under two names.",
  },
  ["E-PL-08"] = {
    title = "few_shot in a pipeline",
    next = "Quantize the component by itself, or choose another smooth_strategy.",
    explain = "few_shot lets one model calibrate itself while it runs. In a pipeline it is not defined "
      .. "which forward belongs to which component.",
  },
  ["E-PL-09"] = {
    title = "method failed, or gave parts that its type does not store",
    next = "Correct what its make function returns, or what the method says with smooth and rank.",
    explain = "Before anything is made, the plan knows which tensors each layer will have: codes of the type's scheme, "
      .. "smoothing factors if the method says smooth = true, a branch if it says rank. What its make function returns "
      .. "is held against that: every part there, of its dtype and shape, finite, and no other.",
  },
  ["E-PL-10"] = {
    title = "no plan within the bit budget",
    next = "Raise the budget, or let layers choose from a smaller type.",
    explain = "A search for a plan gives every layer one of some types so that all of them together take no more "
      .. "bytes than the budget. There is no such plan if the smallest types take more already; and scores that are "
      .. "negative or not finite cannot be added up.",
  },
}
