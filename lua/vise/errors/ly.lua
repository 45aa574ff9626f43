--- LY: layouts of other programs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-LY-01"] = {
    title = "digits that do not describe a layout",
    next = "Each digit of an axis begins where the one before ends.",
  },
  ["E-LY-02"] = {
    title = "tensor of the wrong size for a layout",
    next = "Pass the matrix and its padded size.",
  },
  ["E-LY-03"] = {
    title = "padding with something in it",
    next = "The file is damaged, or its layers have other sizes.",
  },
}
