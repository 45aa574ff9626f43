--- LY: layouts of other programs.

---@type table<string, vise.ErrorEntry>
return {
  ["E-LY-01"] = {
    title = "digits that do not describe a layout",
    next = "Each digit of an axis begins where the one before ends.",
    explain = "A packed layout is described by digits that must count every element exactly once. This "
      .. "description leaves some out or counts them twice.",
  },
  ["E-LY-02"] = {
    title = "tensor of the wrong size for a layout",
    next = "Pass the matrix and its padded size.",
    explain = "The tensors given are not a matrix and its packed form in this layout.",
  },
  ["E-LY-03"] = {
    title = "padding with something in it",
    next = "The file is damaged, or its layers have other sizes.",
    explain = "Packed layouts pad a matrix with known values. The padding holds something else, so the "
      .. "file belongs to other sizes or is damaged.",
  },
}
