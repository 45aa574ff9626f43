--- Models: what all families have.

return {
  name = "model",
  kind = "class",
  class = "vise.Model",
  extends = "vise.nn.Module",
  summary = "an open model of any family; opened by vise.open",
  text = "A model is a module: it has layers() and layer(name). `local model <close>` closes it at the end of its "
    .. "block.",
  prelude = 'local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))',
  fields = {
    { "family", "string", "dit, llama or weights; those have a forward, this has none" },
    { "config", "table", "config.json, decoded", optional = true },
    { "settings", "table", "what of it the model uses, checked", optional = true },
    { "checkpoint", "vise.Checkpoint", "where the weights come from" },
    { "notes", "string[]", "what was odd but not wrong, each \"ID: text\"", optional = true },
    { "quantization", "table", "what vise.save writes, once the model is quantized", optional = true },
    { "few_shot", "vise.Armed", "while the model is armed", optional = true },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Gives up everything the model holds.",
      example = "model:close()",
    },
    {
      name = "default_layers", arguments = {}, returns = { { "string[]", "names" } },
      text = "The layers that are quantized unless a config says otherwise (regions = \"blocks\"): the linear layers "
        .. "of the repeated blocks.",
      example = "print(#model:default_layers(), #model:layers()) --> 36 56",
    },
    {
      name = "forward",
      arguments = { { "...", "any", "what the family takes" } },
      returns = { { "vise.Tensor", "y" } }, fails = true,
      text = "Runs the model: see dit:forward and llama:forward.",
      example = [[
local noise = vise.random(3):normal { 2, 1, 28, 28 }
print(assert(model:forward(noise, 500, 1)):shape()) --> 2 1 28 28]],
    },
  },
}
