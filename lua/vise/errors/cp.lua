--- CP: compiled models.

---@type table<string, vise.ErrorEntry>
return {
  ["E-CP-01"] = {
    title = "a forward does what cannot be compiled",
    next = "Leave it out of the forward, or run the model itself.",
    explain = "vise.compile runs a forward once and records its operators. What depends on the values of "
      .. "tensors, or reads them from Lua, cannot be repeated from the record, and is refused by "
      .. "name. The model itself still runs.",
  },
  ["E-CP-02"] = {
    title = "a forward writes into a tensor that outlives it",
    next = "Write to a copy: t:copy().",
    explain = "A compiled model keeps all values in one block of memory that it reuses. Writing into a "
      .. "tensor that exists before or after the forward would be lost or would corrupt it.",
  },
  ["E-CP-03"] = {
    title = "a forward gives no tensor, or more",
    next = "Compile a model or a module whose forward returns one tensor.",
    explain = "A compiled forward answers with one tensor. A table, several results or nothing cannot be "
      .. "replayed.",
  },
  ["E-CP-04"] = {
    title = "compiled model and its layers disagree",
    next = "Take hooks off, keep the model open; compile again if layers changed.",
    explain = "The compiled program refers to the layers as they were. A hook was added, a layer was "
      .. "quantized or the model was closed since then, so its answers would no longer be the model's.",
  },
  ["E-CP-05"] = {
    title = "input does not fit the compiled model",
    next = "Give it what it was compiled for, or compile for these inputs, too.",
    explain = "A compiled model is made for one set of shapes and dtypes. This input differs from those. "
      .. "Compile once for each shape that occurs.",
  },
  ["E-CP-06"] = {
    title = "compiled model is closed",
    next = "Keep it open while it runs, or compile again.",
    explain = "close() has freed the program's memory, or the variable was declared with <close> and its "
      .. "block has ended.",
  },
}
