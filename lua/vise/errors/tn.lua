--- TN: tensors and shapes.

---@type table<string, vise.ErrorEntry>
return {
  ["E-TN-01"] = {
    title = "impossible shape",
    next = "Check the sizes you pass.",
  },
  ["E-TN-02"] = {
    title = "range outside the tensor",
    next = "Rows and columns count from 1; print the shape.",
  },
  ["E-TN-03"] = {
    title = "shape change impossible",
    next = "Keep the element count; copy a strided view first.",
  },
  ["E-TN-04"] = {
    title = "wrong dtype",
    next = "Convert with :to(dtype).",
  },
  ["E-TN-05"] = {
    title = "tensor is read-only",
    next = "Copy the tensor with :copy() and write to the copy.",
  },
  ["E-TN-06"] = {
    title = "tensor is strided",
    next = "Make it contiguous with :copy().",
  },
  ["E-TN-07"] = {
    title = "output has the wrong shape",
    next = "Leave `out` away, or give it the shape named.",
  },
  ["E-TN-08"] = {
    title = "shapes do not fit together",
    next = "Print the shapes of the arguments.",
  },
  ["E-TN-09"] = {
    title = "nothing to work on",
    next = "Pass a tensor with at least one element.",
  },
  ["E-TN-10"] = {
    title = "option does not fit the shape",
    next = "Compare the sizes named with the model's config.",
  },
  ["E-TN-11"] = {
    title = "id outside the table",
    next = "Check that tokenizer and model belong together.",
  },
  ["E-TN-12"] = {
    title = "output overlaps an input",
    next = "Leave `out` away, or give it storage of its own.",
  },
  ["E-TN-13"] = {
    title = "wrong option of a picture",
    next = "`vise help picture.grid` and `vise help plot` list the options.",
  },
  ["E-TN-14"] = {
    title = "not what a picture is made of",
    next = "`vise help plot` says what each picture takes.",
  },
}
