--- Linear layers.

return {
  name = "Linear",
  kind = "class",
  class = "vise.nn.Linear",
  extends = "vise.nn.Module",
  path = "vise.nn.Linear",
  summary = "a linear layer: what can be quantized",
  prelude = [[
local weight = vise.random(1):normal { 64, 32 }
local layer = vise.nn.Linear.new("proj", 64, 32, weight)
local x = vise.random(2):normal { 1, 4, 32 }]],
  fields = {
    { "weight", "vise.Tensor", "[outputs, inputs], as it lies in the file" },
    { "bias", "vise.Tensor", "[outputs]", optional = true },
    { "inputs", "integer", "columns of the weight" },
    { "outputs", "integer", "rows of the weight" },
    { "quantized", "vise.QuantizedLinear", "computes instead, once there is one", optional = true },
    { "hooks", "{ call: fun(layer: vise.nn.Linear, x: vise.Tensor) }[]", "in the order in which they run" },
  },
  functions = {
    {
      name = "bytes", arguments = {},
      returns = { { "integer", "bytes" } },
      text = "Bytes of the weight as it lies in the file.",
      example = "print(layer:bytes()) --> 8192",
    },
    {
      name = "copied", arguments = {},
      returns = { { "integer", "bytes" } },
      text = "Bytes of memory that the weight takes beside the file that it lies in: 0 but for layers like Conv1D.",
      example = "print(layer:copied()) --> 0",
    },
    {
      name = "dtype", arguments = {},
      returns = { { "string", "dtype" } },
      text = "The dtype of the weight.",
      example = "print(layer:dtype()) --> f32",
    },
    {
      name = "forward",
      arguments = { { "x", "vise.Tensor", "f32 [..., inputs]" } },
      returns = { { "vise.Tensor", "y", "f32 [..., outputs]" } },
      text = "Calls the hooks, then computes x W' + bias or what the quantized layer makes of it.",
      example = "print(layer:forward(x):shape()) --> 1 4 64",
    },
    {
      name = "hook",
      arguments = { { "hook", "fun(layer: vise.nn.Linear, x: vise.Tensor)", "called before every forward" } },
      returns = { { "fun()", "undo", "takes the hook off again" } },
      text = "Adds a hook behind those that are there.",
      example = [[
local undo = layer:hook(function(l, input) print(l.name, input) end)
layer:forward(x) --> proj tensor f32 1x4x32
undo()]],
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "outputs", "integer", "rows of the weight" }, { "inputs", "integer", "columns of the weight" },
        { "weight", "vise.Tensor", "f32, f16 or bf16 [outputs, inputs]" },
        { "bias", "vise.Tensor", "[outputs]", optional = true },
      },
      returns = { { "vise.nn.Linear", "layer" } },
      text = "A layer from its weight.",
      example = [[
local layer = vise.nn.Linear.new("proj", 64, 32, weight)
print(layer.kind, layer.name) --> Linear proj]],
    },
    {
      name = "release", arguments = {}, returns = {},
      text = "Gives back what was made of the weight, if it is not as it lies in the file; it is made again when it is "
        .. "asked for.",
      example = "layer:release()",
    },
  },
}
