--- Models.

return {
  name = "models",
  kind = "module",
  summary = "model families, chosen by config.json: diffusion transformers, Llama and your own",
  records = {
    {
      "vise.Family", "a model family, for register",
      fields = {
        { "family", "string", "its name in manifests: lower-case letters, digits, - and _" },
        { "names", "string[]", "what config.json may call it: _class_name, architectures or model_type" },
        { "settings", "table[]|fun(config: table, path: string): table?, string?, string?", "what of config.json it "
          .. "uses: a list of { name, kind, min =, max =, default =, one_of =, optional = }, or a function that reads "
          .. "them" },
        { "check", "fun(settings: table): string?", "what is wrong with the settings", optional = true },
        { "build", "fun(settings: table, weights: any): table", "makes the model's fields; children are its modules, "
          .. "in the order in which they run; weights:linear(name, outputs, inputs, biased), weights:embedding(name, "
          .. "ids, width) and weights:tensor(name, shape) take what they need from the checkpoint" },
        { "blocks", "[string, string]", "the prefix of the repeated blocks, and the setting that counts them",
          optional = true },
        { "takes", "string[]", "the inputs of a forward, in the order of its arguments" },
        { "inputs", "fun(model: any, ...: any): table<string, vise.Tensor>", "checks the arguments and makes tensors "
          .. "of them", otherwise = "they are tensors already" },
        { "chain", "table", "the forward, block by block; failures raise", optional = true, fields = {
          { "start", "fun(model: any, inputs: table<string, vise.Tensor>, ...: any): table<string, vise.Tensor>",
            "what comes before the blocks: gives the state, tensors by name" },
          { "step", "fun(model: any, index: integer, state: table<string, vise.Tensor>, ...: any)", "runs one block on "
            .. "the state, in place, or closes a tensor of it and puts another in its place" },
          { "finish", "fun(model: any, state: table<string, vise.Tensor>, ...: any): vise.Tensor", "what comes after" },
        } },
        { "forward", "fun(model: any, inputs: table<string, vise.Tensor>, ...: any): vise.Tensor", "in place of "
          .. "a chain", optional = true },
        { "default_layers", "fun(model: any): string[]", "the layers to quantize unless a config says otherwise",
          otherwise = "those of the blocks" },
        { "close", "fun(model: any)", "frees what build made beside the weights", optional = true },
        { "workload", "\"language\"|{ calibrate: fun(model: any, options: vise.WorkloadOptions), answer: fun(model: "
          .. "any, "
          .. "options: vise.WorkloadOptions): vise.Tensor }", "what the model usually does: predict texts; or what is "
          .. "run for calibration, and what is held against the float model's answer", optional = true },
        { "stream", "table", "who writes and who reads the residual stream, for vise.transform: width, embeddings, "
          .. "writers, readers and what else docs/own-model.md lists", optional = true },
      },
    },
    {
      "vise.OpenOptions", "which files of a folder are opened",
      fields = {
        { "variant", "string", "of a diffusers folder, such as fp16", otherwise = "the plain files" },
        { "weights", "string", "the name of the file to take", otherwise = "the folder's usual one" },
      },
    },
  },
  functions = {
    {
      name = "register",
      arguments = { { "description", "vise.Family", "of the family" } },
      returns = { { "table", "class", "its methods are the models'; more may be added" } },
      text = "Adds a model family: from then on vise.open builds such a model where config.json gives one of its "
        .. "names. Hooks, quantization, saving, loading and compiling follow from it. See docs/own-model.md.",
      example = [[
vise.models.register {
  family = "one-layer", names = { "OneLayer" }, takes = { "x" },
  settings = { { "width", "integer", min = 1, max = 4096 } },
  build = function(settings, weights)
    local linear = weights:linear("linear", settings.width, settings.width, true)
    return { linear = linear, children = { linear } }
  end,
  forward = function(model, inputs) return model.linear:forward(inputs.x) end,
}]],
    },
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder, or a .safetensors file" },
        { "options", "vise.OpenOptions", "which files", optional = true },
      },
      returns = { { "vise.Model", "model" } }, fails = true,
      text = "The same as vise.open.",
      example = [[
local model <close> = assert(vise.models.open "models/stories")
print(model.family, #model:layers()) --> llama 35]],
    },
  },
}
