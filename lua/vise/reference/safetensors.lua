--- Safetensors files.

local ENTRIES = { "entries", "table[]", "{ name, tensor } each, in the order of the file" }
local METADATA = { "metadata", "table", "strings by name", optional = true }

return {
  name = "safetensors",
  kind = "module",
  summary = "reads and writes .safetensors files",
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "of the file" },
        { "options", "table", "max_tensors", optional = true },
      },
      returns = { { "vise.SafetensorsFile" } }, fails = true,
      text = "Opens a file. It is mapped: nothing is read until it is used. Every size and offset is checked "
        .. "first.",
      example = 'local file = assert(vise.safetensors.open "model.safetensors")',
      source = "the format's specification, github.com/huggingface/safetensors",
    },
    {
      name = "size",
      arguments = { ENTRIES, METADATA },
      returns = { { "integer" } },
      text = "The bytes that vise.safetensors.write would write. An entry may also be { name, { dtype, shape } }.",
      example = 'vise.safetensors.size { { "w", { dtype = "f32", shape = { 2, 3 } } } }',
    },
    {
      name = "write",
      arguments = { { "path", "string", "of the file" }, ENTRIES, METADATA },
      returns = { { "string" } }, fails = true,
      text = "Writes a file, syncs it to the disk and returns its SHA-256. The same input gives the same bytes.",
      example = 'assert(vise.safetensors.write("w.safetensors", { { "w", weight } }))',
    },
  },
}
