--- Models.

return {
  name = "models",
  kind = "module",
  summary = "model families, chosen by config.json: diffusion transformers, Llama and your own",
  functions = {
    {
      name = "register",
      arguments = {
        { "description", "table", "family, its name in manifests; names in config.json; settings, a list of { name, "
          .. "kind, min, max, default } or a function (config, path); check, a function of them that gives a problem; "
          .. "build, a function (settings, weights) that gives the model's fields with children; blocks, { prefix, "
          .. "setting }; takes, the names of the inputs; inputs, a function that checks them; forward, a function "
          .. "(model, inputs, ...); default_layers; close; workload, { calibrate, answer }" },
      },
      returns = { { "table", "class", "its methods are the model's; more may be added" } },
      text = "Adds a model family: from then on vise.open builds such a model where config.json gives one of its "
        .. "names. Hooks, quantization, saving, loading and compiling follow from it. See docs/own-model.md.",
      example = [[
vise.models.register {
  family = "one-layer", names = { "OneLayer" }, settings = { { "width", "integer", min = 1, max = 4096 } },
  build = function(s, weights)
    local linear = weights:linear("linear", s.width, s.width, true)
    return { children = { linear }, linear = linear }
  end,
  takes = { "x" }, forward = function(model, inputs) return model.linear:forward(inputs.x) end,
}]],
    },
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder" },
        { "options", "table", "variant, such as fp16; weights, the file to take", optional = true },
      },
      returns = { { "vise.Model" } }, fails = true,
      text = "The same as vise.open. A model has forward(...), layers(), layer(name), default_layers(), close(), and "
        .. "the fields family, config and checkpoint.",
      example = 'local model = assert(vise.models.open "models/dit")',
    },
  },
}
