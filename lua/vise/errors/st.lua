--- ST: safetensors.

---@type table<string, vise.ErrorEntry>
return {
  ["E-ST-01"] = {
    title = "file is empty",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-02"] = {
    title = "file is too short for a header",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-03"] = {
    title = "header length is 0",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-04"] = {
    title = "header longer than the file",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-05"] = {
    title = "header over the limit of the format",
    next = "Split the checkpoint into several files.",
  },
  ["E-ST-06"] = {
    title = "header length is impossible",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-07"] = {
    title = "header is not UTF-8",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-08"] = {
    title = "header does not begin with {",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-09"] = {
    title = "header is not an object",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-10"] = {
    title = "header ends too early",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-11"] = {
    title = "something follows the header",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-12"] = {
    title = "header nests too deeply",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-13"] = {
    title = "a name appears twice",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-14"] = {
    title = "NUL in a name",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-15"] = {
    title = "a tensor's field is missing or wrong",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-16"] = {
    title = "unknown dtype",
    next = "Convert the tensor to a dtype the message lists.",
  },
  ["E-ST-17"] = {
    title = "bad shape",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-18"] = {
    title = "element count too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-19"] = {
    title = "byte size too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-20"] = {
    title = "shape and offsets disagree",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-21"] = {
    title = "offsets run backwards",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-22"] = {
    title = "a tensor ends past the data",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-23"] = {
    title = "tensors overlap",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-24"] = {
    title = "bytes that belong to no tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-25"] = {
    title = "a tensor is not whole bytes",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-26"] = {
    title = "metadata value is not a string",
    next = "Metadata maps strings to strings: convert the value with tostring.",
  },
  ["E-ST-27"] = {
    title = "too many tensors",
    next = "Raise max_tensors if you trust the file.",
  },
  ["E-ST-28"] = {
    title = "tensor name too long",
    next = "Shorten the name to 4,096 bytes.",
  },
  ["E-ST-29"] = {
    title = "header is not valid JSON",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-30"] = {
    title = "unknown field of a tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
}
