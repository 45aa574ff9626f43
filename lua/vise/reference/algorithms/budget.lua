--- Bit budgets.

return {
  name = "algorithms.budget",
  kind = "module",
  summary = "which type each layer gets under a bit budget",
  records = {
    {
      "vise.BudgetChoice", "a type that a layer may have",
      fields = {
        { "type", "string", "of the layer" },
        { "method", "vise.MethodLike", "that makes it", optional = true },
        { "bytes", "integer", "of the layer under it" },
        { "score", "number", "what it costs in quality: 0 or more" },
      },
    },
    {
      "vise.BudgetLayer", "a layer with its choices",
      fields = {
        { "name", "string", "of the layer" },
        { "weights", "integer", "that it has", optional = true },
        { "choices", "vise.BudgetChoice[]", "at least one" },
      },
    },
  },
  functions = {
    {
      name = "solve",
      arguments = {
        { "layers", "vise.BudgetLayer[]", "with their choices" },
        { "limit", "integer", "of all layers together", unit = "bytes" },
      },
      returns = {
        { "table<string, vise.BudgetChoice>", "chosen", "by layer" },
        { "table", "sum", "bytes and score of all" },
      },
      text = "Chooses for every layer so that the whole takes at most the limit and the scores add up to the least: "
        .. "exact while at most 20,000 sums of bytes are worth keeping, within a part in 20,000 of the budget above. "
        .. "Raises E-PL-10 if even the smallest choices take more.",
      example = [[
local layers = {}
for i = 1, 3 do
  layers[i] = { name = "l" .. i, choices = { { type = "int2_weight_only", bytes = 2, score = i },
    { type = "int4_weight_only", bytes = 4, score = i / 10 } } }
end
local chosen, sum = vise.algorithms.budget.solve(layers, 8)
print(chosen.l1.type, chosen.l3.type, sum.bytes) --> int2_weight_only int4_weight_only 8]],
      source = "Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11",
    },
  },
}
