--- The class of open safetensors files.

return {
  name = "safetensors_file",
  kind = "class",
  summary = "an open .safetensors file; opened by vise.safetensors.open",
  functions = {
    {
      name = "close", arguments = {},
      text = "Closes the file. Tensors taken from it stay.",
      example = "file:close()",
    },
    {
      name = "info",
      arguments = { { "name", "string", "of a tensor" } },
      returns = { { "table?" } },
      text = "dtype, shape and bytes; nil if there is no such tensor. Types that vise lacks have the file's name.",
      example = 'print(file:info("w").dtype)',
    },
    {
      name = "metadata", arguments = {}, returns = { { "table" } },
      text = "The file's own strings.",
      example = "print(file:metadata().format)",
    },
    {
      name = "names", arguments = {}, returns = { { "string[]" } },
      text = "The tensors, in the order of the file.",
      example = "for _, name in ipairs(file:names()) do print(name) end",
    },
    {
      name = "size", arguments = {}, returns = { { "integer" } },
      text = "The file's length in bytes.",
      example = "file:size()",
    },
    {
      name = "tensor",
      arguments = { { "name", "string", "of a tensor" } },
      returns = { { "vise.Tensor" } }, fails = true,
      text = "The tensor, read-only, mapped from the file. Types that vise lacks come as u8 bytes.",
      example = 'local w = assert(file:tensor "w")',
    },
  },
}
