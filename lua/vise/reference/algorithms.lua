--- Algorithms.

local OPTIONS = { "options", "table", "svdq = { ... } of a configuration; see vise.config", optional = true }
local SVDQUANT = "arXiv 2411.05007, section 4"
local SMOOTHQUANT = "arXiv 2411.05007, section 4.1; arXiv 2211.10438"

return {
  name = "algorithms",
  kind = "module",
  summary = "how a layer's weight becomes codes",
  functions = {
    {
      name = "balance.factors",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "span", "vise.Tensor", "f32 [inputs], of the activations" },
        { "samples", "vise.Tensor", "f32 [n, inputs]: inputs of the layer" },
        { "options", "table", "rank; storage (f16 or bf16); seed; alpha and beta of the start; group, inputs of a "
          .. "group; iters, steps of the descent" },
      },
      returns = { { "vise.Tensor" }, { "number[]" } },
      text = "Smoothing factors under which the noise of coded activations and weights does least to the output, "
        .. "found by descent from the factors of the spans; and the cost of each step, relative to the first.",
      example = 'local s = vise.algorithms.balance.factors(w, a, x, { rank = 32, storage = "f16", seed = 0, '
        .. "alpha = 0.5, group = 64, iters = 20 })",
    },
    {
      name = "emulate.codec",
      arguments = { { "scheme", "vise.Scheme", "of the residual" } },
      returns = { { "table" } },
      text = "encode, decode and round in the published recipe's arithmetic: every step rounded to bf16.",
      example = "local codec = vise.algorithms.emulate.codec(scheme)",
    },
    {
      name = "low_rank.factors",
      arguments = {
        { "target", "vise.Tensor", "f32 [outputs, inputs]" },
        { "options", "table", "rank; storage (f16 or bf16); precision (low, medium or high); seed; smooth, f32 "
          .. "[inputs], if down is to be divided by it" },
      },
      returns = { { "vise.Tensor" }, { "vise.Tensor" } },
      text = "The best factors at a rank, up [outputs, rank] and down [rank, inputs], in the storage type. Raises "
        .. "when the decomposition fails.",
      example = 'local up, down = vise.algorithms.low_rank.factors(w, { rank = 8, storage = "f16", '
        .. 'precision = "low", seed = 0 })',
      source = SVDQUANT,
    },
    {
      name = "low_rank.product",
      arguments = {
        { "up", "vise.Tensor", "[outputs, rank]" },
        { "down", "vise.Tensor", "[rank, inputs]" },
        { "smooth", "vise.Tensor", "f32 [inputs]", optional = true },
      },
      returns = { { "vise.Tensor" } },
      text = "up down diag(smooth), f32.",
      example = "local part = vise.algorithms.low_rank.product(up, down)",
    },
    {
      name = "method",
      arguments = { { "name", "string", "rounding, svdquant, or one that was registered" } },
      returns = { { "vise.Method" } },
      text = "A method by its name: its make(weight, about) is what another method can build on. Raises E-CF-08 for a "
        .. "name that is none.",
      example = 'local rounding = vise.algorithms.method "rounding"',
    },
    {
      name = "names",
      arguments = {},
      returns = { { "string[]" } },
      text = "The names of all methods, sorted: those of vise and those registered.",
      example = "print(table.concat(vise.algorithms.names(), \", \"))",
    },
    {
      name = "register",
      arguments = {
        { "method", "table", "name; make, a function (weight, about) that gives the parts of a layer: weight (codes of "
          .. "about.scheme) and, if the method says so, smooth, down and up; needs, a list of span, range and samples; "
          .. "rows of samples (256); smooth (false); rank of the branch it brings (none); options, names and defaults; "
          .. "types, globs over the quant types it is for (all); copies of the weight it holds at most (4)" },
      },
      returns = { { "vise.Method" } },
      text = "Adds a method, so that configurations and plans can give its name. about has name, shape, type, storage, "
        .. "scheme, options and what calibration gathered: span, range, samples. See docs/own-algorithm.md.",
      example = [[
vise.algorithms.register { name = "plain", make = function(weight, about)
  return { weight = vise.coded.encode(about.scheme, weight) }
end }]],
    },
    {
      name = "refine.codec",
      arguments = {
        { "scheme", "vise.Scheme", "of the residual" },
        { "search", "boolean", "search the scale of each group" },
      },
      returns = { { "table" } },
      text = "encode, decode and round: how a residual becomes codes and back, for refine.split.",
      example = "local codec = vise.algorithms.refine.codec(scheme, true)",
    },
    {
      name = "refine.split",
      arguments = {
        { "smoothed", "vise.Tensor", "f32 [outputs, inputs]" },
        { "options", "table", "as low_rank.factors; codec; refine_iters; keep_best; early_stop" },
      },
      returns = { { "table" }, { "table" } },
      text = "Factors and codes of what they leave, refined in turns. split has coded, error and, above rank 0, up "
        .. "and down; info has rounds, best and the errors of each round.",
      example = 'local split = vise.algorithms.refine.split(w, { rank = 8, storage = "f16", precision = "low", '
        .. 'seed = 0, codec = codec, refine_iters = 5, keep_best = true, early_stop = false })',
      source = SVDQUANT,
    },
    {
      name = "relax.multipliers",
      arguments = {
        { "spans", "number[]", "of a layer's input channels" },
        { "options", "table", "strategy (fixed, top, auto, stable_auto, power, log or rank); factor, at least 1; "
          .. "top_ratio, above 0 up to 1" },
      },
      returns = { { "number[]" } },
      text = "What each span is multiplied by, from 1 to factor: the more, the larger it is among all.",
      example = 'vise.algorithms.relax.multipliers({ 1, 2, 16 }, { strategy = "auto", factor = 1.5, '
        .. 'top_ratio = 0.25 })',
    },
    {
      name = "smoothing.factors",
      arguments = {
        { "weight_span", "vise.Tensor", "f32 [inputs]" },
        { "span", "vise.Tensor", "f32 [inputs], of the activations; nil for strategies that do without" },
        { "options", "table", "strategy (activation, weight, weight_inv, few_shot or identity); storage; alpha; "
          .. "beta (1 - alpha); relax, of strategy few_shot" },
      },
      returns = { { "vise.Tensor?" }, { "vise.Tensor?" } },
      text = "Smoothing factors in the storage type, 1 where they would be 0 or not finite; nil for identity. For "
        .. "few_shot also the factors without relaxation.",
      example = 'local s = vise.algorithms.smoothing.factors(w, a, { strategy = "activation", storage = "f16", '
        .. "alpha = 0.5 })",
      source = SMOOTHQUANT,
    },
    {
      name = "smoothing.ratios",
      arguments = {
        { "a", "number[]", "spans of the activations" },
        { "w", "number[]", "spans of the weight" },
        { "alpha", "number", "exponent of a" },
        { "beta", "number", "exponent of w" },
      },
      returns = { { "number[]" } },
      text = "a^alpha / w^beta, 1 where that is 0 or not finite.",
      example = "vise.algorithms.smoothing.ratios({ 4 }, { 1 }, 0.5, 0.5) --> { 2 }",
      source = SMOOTHQUANT,
    },
    {
      name = "smoothing.stored",
      arguments = {
        { "factors", "number[]", "one for each input" },
        { "storage", "string", "f16 or bf16" },
      },
      returns = { { "vise.Tensor" } },
      text = "Factors in the storage type, 1 where that cannot hold them.",
      example = 'local s = vise.algorithms.smoothing.stored({ 1, 2 }, "bf16")',
    },
    {
      name = "smoothing.weight_span",
      arguments = { { "weight", "vise.Tensor", "f32 [outputs, inputs]" } },
      returns = { { "vise.Tensor" } },
      text = "The largest |w| of each input channel.",
      example = "local w = vise.algorithms.smoothing.weight_span(weight)",
    },
    {
      name = "smoothing_search.best",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "span", "vise.Tensor", "f32 [inputs], of the activations" },
        { "samples", "vise.Tensor", "f32 [n, inputs]: inputs of the layer" },
        { "storage", "string", "f16 or bf16" },
        { "grid", "integer", "alpha and beta in steps of 1 / grid" },
        { "answer", "function", "of the factors: what the quantized layer gives for the samples" },
      },
      returns = { { "vise.Tensor" }, { "table" } },
      text = "The factors a^alpha / w^beta whose quantized layer answers nearest to the float one; alpha, beta, "
        .. "error, and plain, the error without smoothing.",
      example = "local s = vise.algorithms.smoothing_search.best(w, a, x, \"f16\", 20, answer)",
      source = "deepcompressor, calib/smooth.py",
    },
    {
      name = "smoothing_search.candidates",
      arguments = { { "grid", "integer", "steps of 1 / grid" } },
      returns = { { "number[][]" } },
      text = "The pairs { alpha, beta } that a search tries, in order.",
      example = "#vise.algorithms.smoothing_search.candidates(20) --> 39",
      source = "deepcompressor, calib/smooth.py",
    },
    {
      name = "svdquant.decompose",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "layer", "table", "rank; storage (f16 or bf16); scheme of the residual; smooth, [inputs] in the storage "
          .. "type" },
        OPTIONS,
      },
      returns = { { "table" }, { "table" } }, fails = true,
      text = "W diag(s) = up down + R. Gives weight (R as codes) and, where there are any, smooth, up and down, "
        .. "which is divided by s. What the rounding of the factors loses is part of R. info has the error in the "
        .. "smoothed space and the rounds of refinement.",
      example = 'vise.algorithms.svdquant.decompose(w, { rank = 32, storage = "f16", scheme = scheme })',
      source = SVDQUANT,
    },
    {
      name = "svdquant.make",
      arguments = {
        { "weight", "vise.Tensor", "f32 [outputs, inputs]" },
        { "layer", "table", "type, a quant type with a rank; storage; scheme; span and samples of the layer's "
          .. "inputs, as the type's smoothing needs; options, svdq = { ... } of a configuration" },
      },
      returns = { { "table" }, { "table" } }, fails = true,
      text = "The parts of a quantized layer: smoothing factors by the type's strategy, then the split.",
      example = 'vise.algorithms.svdquant.make(w, { type = type, storage = "bf16", scheme = scheme })',
      source = SVDQUANT,
    },
    {
      name = "svdquant.make_shared",
      arguments = {
        { "weights", "vise.Tensor[]", "[outputs, inputs] each, with the same inputs" },
        { "layer", "table", "as svdquant.make, the same for all; span and samples of the input they share" },
      },
      returns = { { "table[]" }, { "table" } }, fails = true,
      text = "The parts of layers that are given the same input: one smoothing and one decomposition of the weights "
        .. "stacked by rows. Each has its rows of up, the codes of its own residual, and copies of down and smooth; "
        .. "info is the stack's.",
      example = 'vise.algorithms.svdquant.make_shared({ q, k, v }, { type = type, storage = "bf16", scheme = scheme })',
      source = "deepcompressor, low-rank branches of weights with the same input",
    },
  },
}
