--- Relaxation of spans.

return {
  name = "algorithms.relax",
  kind = "module",
  summary = "spans that were seen on few inputs, made larger",
  records = {
    {
      "vise.RelaxOptions", "which spans grow, and how much",
      fields = {
        { "strategy", "string", "how the share of the factor follows from a span",
          choices = { "fixed", "top", "auto", "stable_auto", "power", "log", "rank" } },
        { "factor", "number", "of the largest spans", min = 1 },
        { "top_ratio", "number", "the share of channels that get the whole factor", above = 0, max = 1 },
      },
    },
  },
  functions = {
    {
      name = "multipliers",
      arguments = {
        { "spans", "number[]", "of a layer's input channels" },
        { "options", "vise.RelaxOptions", "which spans grow, and how much" },
      },
      returns = { { "number[]", "multipliers" } },
      text = "What each span is multiplied by, from 1 to factor: the more, the larger it is among all.",
      example = [[
local m = vise.algorithms.relax.multipliers({ 1, 2, 16 }, { strategy = "top", factor = 1.5, top_ratio = 0.25 })
print(m[1], m[3]) --> 1.0 1.5]],
    },
  },
}
