--- vise explain: an error, a method, a type, or why a layer is as it is.

return {
  name = "explain",
  summary = "explains an error id, a method, a quant type or a layer",
  text = "With one word it explains an error id (E-ST-04), a method (svdquant, smoothing) or a quant type "
    .. "(int4_weight_only_g64). With a path as well, the word is a layer: in an artefact it says which rule chose the "
    .. "layer's type and what the type costs; in a float model it tries the types that need no data on the "
    .. "layer's weight.",
  arguments = {
    { name = "topic", type = "string", complete = "subjects",
      help = "an error id, a method, a quant type, or a layer's name" },
    { name = "path", type = "path", optional = true, help = "where the layer is: an artefact or a model" },
  },
  options = {
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise explain E-ST-04", "what an error means, how it comes about, what to do" },
    { "vise explain svdquant", "a method with its steps and its paper" },
    { "vise explain svdq_int4_r32", "what a quant type stores and computes" },
    { "vise explain transformer_blocks.0.attn1.to_q out/dit", "why this layer has its type" },
  },
  run = function(ctx)
    local explain = require "vise.explain"
    local shown, message, id
    if ctx.args.path then
      shown, message, id = explain.layer(ctx.args.topic, ctx.args.path, ctx.options.variant)
    else
      shown, message, id = explain.topic(ctx.args.topic)
      if not shown and ctx.args.topic:find(".", 1, true) then
        message = message .. "; if it is a layer, say where: vise explain LAYER MODEL"
      end
    end
    if not shown then return nil, message, id end
    if ctx.options.json then
      shown = require("vise.core").json_encode({ schema = 1, topic = ctx.args.topic, path = ctx.args.path,
        text = shown }, 2) .. "\n"
    end
    io.stdout:write(shown)
    return 0
  end,
}
