--- ST: safetensors.

---@type table<string, vise.ErrorEntry>
return {
  ["E-ST-01"] = {
    title = "file is empty",
    next = "Download the file again; it is cut or damaged.",
    explain = "The file has no bytes. A download that failed at once leaves such a file.",
  },
  ["E-ST-02"] = {
    title = "file is too short for a header",
    next = "Download the file again; it is cut or damaged.",
    explain = "A safetensors file begins with 8 bytes that state the length of its header. The file is "
      .. "shorter than that.",
  },
  ["E-ST-03"] = {
    title = "header length is 0",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header is JSON and has at least the two bytes {}. A length of 0 is not possible.",
  },
  ["E-ST-04"] = {
    title = "header longer than the file",
    next = "Download the file again; it is cut or damaged.",
    explain = "The stated length of the header goes past the end of the file. Nearly always the download "
      .. "was cut off.",
  },
  ["E-ST-05"] = {
    title = "header over the limit of the format",
    next = "Split the checkpoint into several files.",
    explain = "Headers are limited to 100,000,000 bytes by the format, so that a file cannot make its "
      .. "reader allocate without bound.",
  },
  ["E-ST-06"] = {
    title = "header length is impossible",
    next = "Download the file again; it is cut or damaged.",
    explain = "The stated length is beyond any file; the first bytes are not a length at all.",
  },
  ["E-ST-07"] = {
    title = "header is not UTF-8",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header is JSON in UTF-8. A byte sequence is not.",
  },
  ["E-ST-08"] = {
    title = "header does not begin with {",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header must begin with { at once; a byte order mark or a space is not allowed in front.",
  },
  ["E-ST-09"] = {
    title = "header is not an object",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header is an object that maps names to tensors.",
  },
  ["E-ST-10"] = {
    title = "header ends too early",
    next = "Download the file again; it is cut or damaged.",
    explain = "The JSON of the header ends within a tensor. The file was cut, or its length field is too "
      .. "small.",
  },
  ["E-ST-11"] = {
    title = "something follows the header",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Only spaces may fill up the header after its object.",
  },
  ["E-ST-12"] = {
    title = "header nests too deeply",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header nests deeper than its format ever does.",
  },
  ["E-ST-13"] = {
    title = "a name appears twice",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Two tensors have the same name. Programs differ in which they take, so the file is refused.",
  },
  ["E-ST-14"] = {
    title = "NUL in a name",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "A NUL in a name makes two names equal for some programs and different for others.",
  },
  ["E-ST-15"] = {
    title = "a tensor's field is missing or wrong",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Each tensor has dtype, shape and data_offsets. One is missing or of the wrong kind.",
  },
  ["E-ST-16"] = {
    title = "unknown dtype",
    next = "Convert the tensor to a dtype the message lists.",
    explain = "The dtype is none that safetensors knows.",
  },
  ["E-ST-17"] = {
    title = "bad shape",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "A shape is a list of non-negative integers.",
  },
  ["E-ST-18"] = {
    title = "element count too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The product of the shape does not fit in 64 bits. Such a shape is a mistake or an attack.",
  },
  ["E-ST-19"] = {
    title = "byte size too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Elements times their size does not fit in 64 bits.",
  },
  ["E-ST-20"] = {
    title = "shape and offsets disagree",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The bytes that shape and dtype need are not those between the offsets.",
  },
  ["E-ST-21"] = {
    title = "offsets run backwards",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "data_offsets is [begin, end], with begin at most end.",
  },
  ["E-ST-22"] = {
    title = "a tensor ends past the data",
    next = "Download the file again; it is cut or damaged.",
    explain = "The tensor's data lies beyond the end of the file: the download was cut.",
  },
  ["E-ST-23"] = {
    title = "tensors overlap",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Two tensors share bytes. A small file could pretend to hold very much this way.",
  },
  ["E-ST-24"] = {
    title = "bytes that belong to no tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Bytes that no tensor claims can hide another file inside this one; the format forbids them.",
  },
  ["E-ST-25"] = {
    title = "a tensor is not whole bytes",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "Elements of less than a byte must fill whole bytes together.",
  },
  ["E-ST-26"] = {
    title = "metadata value is not a string",
    next = "Metadata maps strings to strings: convert the value with tostring.",
    explain = "__metadata__ maps strings to strings, nothing else.",
  },
  ["E-ST-27"] = {
    title = "too many tensors",
    next = "Raise max_tensors if you trust the file.",
    explain = "The number of tensors is limited, so that a header cannot take all memory. A trusted file "
      .. "may have more: safetensors.open(path, { max_tensors = n }).",
  },
  ["E-ST-28"] = {
    title = "tensor name too long",
    next = "Shorten the name to 4,096 bytes.",
    explain = "Names are limited to 4,096 bytes. The message shows the beginning, with control characters "
      .. "escaped.",
  },
  ["E-ST-29"] = {
    title = "header is not valid JSON",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "The header is not valid JSON at the byte named.",
  },
  ["E-ST-30"] = {
    title = "unknown field of a tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
    explain = "A tensor has a field besides dtype, shape and data_offsets.",
  },
}
