--- Checkpoints: the class.

local NAME = { "name", "string", "of a tensor" }

return {
  name = "checkpoint",
  kind = "class",
  class = "vise.Checkpoint",
  summary = "open weights; opened by vise.checkpoint.open",
  text = "`local checkpoint <close>` closes the files at the end of its block.",
  prelude = [[
local checkpoint <close> = assert(vise.checkpoint.open "models/stories")
local name = "model.norm.weight"]],
  records = {
    {
      "vise.TensorInfo", "what is known of a tensor without reading it", open = true,
      fields = {
        { "dtype", "string", "of vise, or the file's own name for a type that vise lacks" },
        { "shape", "integer[]", "the size of each dimension" },
        { "bytes", "integer", "of the elements" },
      },
    },
  },
  fields = {
    { "path", "string", "what was opened" },
    { "folder", "string", "where the weights are" },
    { "config", "table", "config.json, decoded", optional = true },
    { "notes", "string[]", "what was odd but not wrong, each \"ID: text\"" },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Closes the files. Tensors in use stay.",
      example = "checkpoint:close()",
    },
    {
      name = "files", arguments = {}, returns = { { "string[]", "paths" } },
      text = "The weights files.",
      example = "print(checkpoint:files()[1]) --> models/stories/model.safetensors",
    },
    {
      name = "has", arguments = { NAME }, returns = { { "boolean", "found" } },
      text = "Whether there is a tensor of that name.",
      example = 'print(checkpoint:has(name), checkpoint:has "norm") --> true false',
    },
    {
      name = "identity", arguments = {}, returns = { { "string", "hash" } }, fails = true,
      text = "A hash over every tensor's name, dtype, shape and bytes, whatever file each is in.",
      example = "print(#assert(checkpoint:identity())) --> 32",
    },
    {
      name = "info", arguments = { NAME }, returns = { { "vise.TensorInfo?", "info" } },
      text = "Dtype, shape and bytes; nil if there is no such tensor.",
      example = [[
local info = checkpoint:info(name)
print(info.dtype, info.shape[1], info.bytes) --> f32 64 256]],
    },
    {
      name = "names", arguments = {}, returns = { { "string[]", "names" } },
      text = "The tensors, in the order of the file.",
      example = "print(#checkpoint:names()) --> 47",
    },
    {
      name = "tensor", arguments = { NAME }, returns = { { "vise.Tensor", "tensor" } }, fails = true,
      text = "The tensor, mapped and read-only; it outlives the checkpoint.",
      example = "print(assert(checkpoint:tensor(name))) --> tensor f32 64",
    },
    {
      name = "unchanged", arguments = {}, returns = { { "true", "unchanged" } }, fails = true,
      text = "Whether the files are still what they were when they were opened.",
      example = "assert(checkpoint:unchanged())",
    },
  },
}
