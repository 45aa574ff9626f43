--- Sensitivity and the search for a plan.

local SEARCHED = [[
local model <close> = assert(vise.open "models/stories")
local function calibrate(m) assert(m:forward { 1, 403, 407, 261, 378 }) end
]]

local OPTIONS = { "options", "vise.SensitivityOptions", "what to choose from, and what to run" }
local MODEL = { "model", "vise.Model", "float; it is so again afterwards" }

return {
  name = "algorithms.sensitivity",
  kind = "module",
  summary = "what each layer costs the model, and the plan that costs least",
  records = {
    {
      "vise.SensitivityOptions", "what to choose from, and what to run",
      fields = {
        { "choices", "(vise.QuantTypeName|[vise.QuantTypeName, vise.MethodLike])[]", "types, each with a method or "
          .. "without" },
        { "calibrate", "fun(model: vise.Model)", "runs the model: for the statistics, and for the answers" },
        { "bits", "number", "of search: of a weight, everything counted", optional = true },
        { "regions", '"blocks"|"all"|vise.PatternLike[]', "as of a config", default = "blocks" },
        { "exclude", "vise.PatternLike[]", "as of a config", default = {} },
        { "calibration", "table", "as of a config", optional = true },
        { "forwards", "integer", "of calibrate on which layers are scored, at most", min = 1, default = 16 },
        { "rounds", "integer", "of search: how often layers are scored around a plan, at most", min = 0, default = 2 },
        { "on_layer", "fun(name: string)", "called after each score", optional = true },
      },
    },
  },
  functions = {
    {
      name = "scores",
      arguments = { MODEL, OPTIONS },
      returns = { { "vise.BudgetLayer[]", "layers", "with the score of every choice" } },
      text = "Scores every layer under every choice while all other layers are float: of language models the mean "
        .. "divergence of their predictions, in nats a token (of the 64 likeliest ids and the rest as one), of others "
        .. "the squared error of what they answer, relative to its square.",
      example = SEARCHED .. [[
local layers = assert(vise.algorithms.sensitivity.scores(model, { calibrate = calibrate,
  regions = { "*.0.mlp.*" }, choices = { "int4_weight_only", "int8_weight_only" } }))
print(#layers, layers[1].name, #layers[1].choices) --> 3 model.layers.0.mlp.gate_proj 2]],
      source = "arXiv 1911.03852 (HAWQ); ModelOpt's AutoQuantize",
    },
    {
      name = "search",
      arguments = { MODEL, OPTIONS },
      returns = { { "table", "found", "plan, for a config; bits of a weight; distance of the answers under it; "
        .. "layers with their last scores; chosen by layer" } },
      text = "The plan under which the model answers best, of those tried, within options.bits bits of a weight: that "
        .. "whose scores add up to the least, one type for all layers, and what is found when layers are scored again "
        .. "around the best of these.",
      example = SEARCHED .. [[
local found = assert(vise.algorithms.sensitivity.search(model, { calibrate = calibrate, bits = 6,
  regions = { "*.0.mlp.*" }, choices = { "int4_weight_only", "int8_weight_only" } }))
assert(found.bits <= 6 and #found.plan == 3)
local plan = assert(vise.plan(model, { quant_type = "int4_weight_only", regions = { "*.0.mlp.*" }, plan = found.plan }))
assert(plan.bits_per_weight == found.bits)]],
    },
  },
}
