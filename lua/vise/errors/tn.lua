--- TN: tensors and shapes.

---@type table<string, vise.ErrorEntry>
return {
  ["E-TN-01"] = {
    title = "impossible shape",
    next = "Check the sizes you pass.",
    explain = "A size is negative, there are too many dimensions, or the elements do not fit in memory "
      .. "addresses.",
  },
  ["E-TN-02"] = {
    title = "range outside the tensor",
    next = "Rows and columns count from 1; print the shape.",
    explain = "The rows or columns asked for are not all inside the tensor. They count from 1 and include "
      .. "both ends.",
  },
  ["E-TN-03"] = {
    title = "shape change impossible",
    next = "Keep the element count; copy a strided view first.",
    explain = "A reshape keeps the number of elements. Views that skip between rows have to be copied "
      .. "first.",
  },
  ["E-TN-04"] = {
    title = "wrong dtype",
    next = "Convert with :to(dtype).",
    explain = "The function takes another dtype. Nothing is converted silently.",
  },
  ["E-TN-05"] = {
    title = "tensor is read-only",
    next = "Copy the tensor with :copy() and write to the copy.",
    explain = "The tensor is a view of a mapped file or is shared as constant.",
  },
  ["E-TN-06"] = {
    title = "tensor is strided",
    next = "Make it contiguous with :copy().",
    explain = "The tensor is a view with gaps between its rows; this function takes contiguous ones.",
  },
  ["E-TN-07"] = {
    title = "output has the wrong shape",
    next = "Leave `out` away, or give it the shape named.",
    explain = "`out` must have exactly the shape and dtype of the result.",
  },
  ["E-TN-08"] = {
    title = "shapes do not fit together",
    next = "Print the shapes of the arguments.",
    explain = "The shapes of two operands do not go together. There is no broadcasting but that of a last "
      .. "dimension where the function says so.",
  },
  ["E-TN-09"] = {
    title = "nothing to work on",
    next = "Pass a tensor with at least one element.",
    explain = "The tensor or list has no elements, and the function needs at least one.",
  },
  ["E-TN-10"] = {
    title = "option does not fit the shape",
    next = "Compare the sizes named with the model's config.",
    explain = "An option such as the number of heads does not divide the size it applies to.",
  },
  ["E-TN-11"] = {
    title = "id outside the table",
    next = "Check that tokenizer and model belong together.",
    explain = "Ids index rows of a table. One is negative or beyond its end; tokenizer and model do not "
      .. "belong together.",
  },
  ["E-TN-12"] = {
    title = "output overlaps an input",
    next = "Leave `out` away, or give it storage of its own.",
    explain = "`out` shares memory with an input, which would be overwritten while it is read.",
  },
  ["E-TN-13"] = {
    title = "wrong option of a picture",
    next = "`vise help picture.grid` and `vise help plot` list the options.",
    explain = "A picture got an option it does not have, or a value out of range.",
  },
  ["E-TN-14"] = {
    title = "not what a picture is made of",
    next = "`vise help plot` says what each picture takes.",
    explain = "Pictures are drawn of tensors and of lists of numbers; bars, points and series of lines have a form of "
      .. "their own. Something else was passed, or one entry of a list is no number.",
  },
}
