--- Safetensors files.

local ENTRIES = { "entries", "[string, any][]", "{ name, tensor } each, in the order of the file" }
local METADATA = { "metadata", "table<string, string>", "the file's own strings", optional = true }

return {
  name = "safetensors",
  kind = "module",
  summary = "reads and writes .safetensors files",
  prelude = 'local weight = vise.tensor_of("f32", { 2, 2 }, { 1, 2, 3, 4 })',
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "of the file" },
        { "options", "table", "limits", optional = true, fields = {
          { "max_tensors", "integer", "more of them is an error", min = 1, max = 2000000, optional = true },
        } },
      },
      returns = { { "vise.SafetensorsFile", "file" } }, fails = true,
      text = "Opens a file. It is mapped: nothing is read until it is used. Every size and offset is checked first.",
      example = [[
local file = assert(vise.safetensors.open "models/stories/model.safetensors")
print(#file:names()) --> 47]],
      source = "the format's specification, github.com/huggingface/safetensors",
    },
    {
      name = "size",
      arguments = { ENTRIES, METADATA },
      returns = { { "integer", "bytes" } },
      text = "The bytes that write would write. An entry may also be { name, { dtype =, shape = } }.",
      example = 'print(vise.safetensors.size { { "w", weight } }) --> 88',
    },
    {
      name = "write",
      arguments = { { "path", "string", "of the file" }, ENTRIES, METADATA },
      returns = { { "string", "sha256", "of the file" } }, fails = true,
      text = "Writes a file and syncs it to the disk. The same input gives the same bytes.",
      example = [[
local sha256 = assert(vise.safetensors.write("w.safetensors", { { "w", weight } }, { origin = "by hand" }))
print(#sha256) --> 64]],
    },
  },
}
