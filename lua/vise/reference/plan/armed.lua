--- Armed models.

return {
  name = "armed",
  kind = "class",
  class = "vise.Armed",
  summary = "a float model that quantizes itself after its first forwards",
  text = "vise.quantize gives one where `smooth_strategy` is \"few_shot\". The forward that completes the count still "
    .. "answers in float; the next one is quantized.",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local noise = vise.random(3):normal { 1, 1, 28, 28 }
local armed = assert(vise.quantize(model, { quant_type = "svdq_int4_r8_dq", regions = { "*.0.attn1.*" },
  svdq = { smooth_strategy = "few_shot", few_shot_steps = 2 } }))]],
  fields = {
    { "state", "string", "what the model is", choices = { "armed", "quantized", "failed", "disarmed" } },
    { "steps", "integer", "forwards to observe" },
    { "forwards", "integer", "observed so far" },
    { "observed", "integer", "layers under observation" },
    { "seconds", "number", "that quantizing took", optional = true },
    { "report", "vise.QuantizeReport", "once the model has quantized itself", optional = true },
    { "warnings", "string[]", "of callbacks that failed" },
  },
  functions = {
    {
      name = "after",
      arguments = {
        { "f", "fun(model: vise.Model, armed: vise.Armed)", "called once, when the model has been quantized" },
        { "name", "string", "keeps the same callback from being registered twice", optional = true },
      },
      returns = { { "vise.Armed", "armed", "itself" } },
      text = "Registers a callback. Errors in it become warnings.",
      example = [[
armed:after(function(_, a) print(a.report.quantized) end)
assert(model:forward(noise, 900, 1))
assert(model:forward(noise, 500, 1)) -- prints 4
print(armed.state) --> quantized]],
    },
    {
      name = "disarm", arguments = {}, returns = { { "boolean", "done", "whether there was anything to give up" } },
      text = "Gives up: the model stays float, hooks and observers go.",
      example = "print(armed:disarm(), armed.state) --> true disarmed",
    },
  },
}
