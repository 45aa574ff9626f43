--- CP: compiled models.

---@type table<string, vise.ErrorEntry>
return {
  ["E-CP-01"] = {
    title = "a forward does what cannot be compiled",
    next = "Leave it out of the forward, or run the model itself.",
  },
  ["E-CP-02"] = {
    title = "a forward writes into a tensor that outlives it",
    next = "Write to a copy: t:copy().",
  },
  ["E-CP-03"] = {
    title = "a forward gives no tensor, or more",
    next = "Compile a model or a module whose forward returns one tensor.",
  },
  ["E-CP-04"] = {
    title = "compiled model and its layers disagree",
    next = "Take hooks off, keep the model open; compile again if layers changed.",
  },
  ["E-CP-05"] = {
    title = "input does not fit the compiled model",
    next = "Give it what it was compiled for, or compile for these inputs, too.",
  },
  ["E-CP-06"] = {
    title = "compiled model is closed",
    next = "Keep it open while it runs, or compile again.",
  },
}
