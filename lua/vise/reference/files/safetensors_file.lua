--- The class of open safetensors files.

return {
  name = "safetensors_file",
  kind = "class",
  class = "vise.SafetensorsFile",
  summary = "an open .safetensors file; opened by vise.safetensors.open",
  prelude = [[
local weight = vise.tensor_of("f32", { 2, 2 }, { 1, 2, 3, 4 })
assert(vise.safetensors.write("w.safetensors", { { "w", weight } }, { origin = "by hand" }))
local file = assert(vise.safetensors.open "w.safetensors")]],
  functions = {
    {
      name = "close", arguments = {},
      text = "Closes the file. Tensors taken from it stay.",
      example = "file:close()",
    },
    {
      name = "info",
      arguments = { { "name", "string", "of a tensor" } },
      returns = { { "vise.TensorInfo?", "info" } },
      text = "dtype, shape and bytes; nil if there is no such tensor. Types that vise lacks have the file's name.",
      example = 'print(file:info "w".dtype, file:info "w".bytes) --> f32 16',
    },
    {
      name = "metadata", arguments = {}, returns = { { "table<string, string>", "metadata" } },
      text = "The file's own strings.",
      example = "print(file:metadata().origin) --> by hand",
    },
    {
      name = "names", arguments = {}, returns = { { "string[]", "names" } },
      text = "The tensors, in the order of the file.",
      example = "print(table.concat(file:names(), \" \")) --> w",
    },
    {
      name = "size", arguments = {}, returns = { { "integer", "bytes" } },
      text = "The file's length in bytes.",
      example = 'assert(file:size() == vise.safetensors.size({ { "w", weight } }, { origin = "by hand" }))',
    },
    {
      name = "tensor",
      arguments = { { "name", "string", "of a tensor" } },
      returns = { { "vise.Tensor", "tensor" } }, fails = true,
      text = "The tensor, read-only, mapped from the file. Types that vise lacks come as u8 bytes.",
      example = 'print(assert(file:tensor "w"):sum()) --> 10.0',
    },
  },
}
