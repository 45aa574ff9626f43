--- Refinement.

local SVDQUANT = "arXiv 2411.05007, section 4"

return {
  name = "algorithms.refine",
  kind = "module",
  summary = "a low-rank branch and the codes of what it leaves, chosen in turns",
  prelude = [[
local weight = vise.random(1):normal { 32, 64 }
local scheme = vise.scheme { bits = 4, granularity = "group", group = 64, convention = "amax" }
local codec = vise.algorithms.refine.codec(scheme, true)]],
  records = {
    {
      "vise.Codec", "how a residual becomes codes and back",
      fields = {
        { "encode", "fun(residual: vise.Tensor): vise.Coded?, string?, string?", "makes codes" },
        { "decode", "fun(coded: vise.Coded): vise.Tensor?, string?, string?", "the values that they stand for" },
        { "round", "fun(t: vise.Tensor)", "in place, after each step of the arithmetic" },
      },
    },
    {
      "vise.RefineOptions", "the branch, the codes and the rounds", extends = "vise.LowRankOptions",
      fields = {
        { "codec", "vise.Codec", "of what the branch leaves" },
        { "refine_iters", "integer", "rounds at most", min = 0 },
        { "keep_best", "boolean", "give the best round, not the last" },
        { "early_stop", "boolean", "stop at the first round that does not improve, and leave it out" },
      },
    },
    {
      "vise.Split", "a weight as a branch and codes",
      fields = {
        { "coded", "vise.Coded", "of what the branch leaves" },
        { "error", "number", "of the codes, relative to the weight (L2)" },
        { "up", "vise.Tensor", "[outputs, rank]", optional = true },
        { "down", "vise.Tensor", "[rank, inputs]", optional = true },
      },
    },
    {
      "vise.RefineInfo", "how the rounds went", open = true,
      fields = {
        { "rounds", "integer", "that were run" },
        { "best", "integer", "the round that is kept; 0 is the plain split" },
        { "errors", "number[]", "of round 0 and of each round, relative to the weight (L2)" },
      },
    },
  },
  functions = {
    {
      name = "codec",
      arguments = {
        { "scheme", "vise.Scheme", "of the residual" },
        { "search", "boolean", "search the scale of each group" },
      },
      returns = { { "vise.Codec", "codec" } },
      text = "How a residual becomes codes and back, for split.",
      example = [[
local codec = vise.algorithms.refine.codec(scheme, true)
local coded = assert(codec.encode(weight))
print(coded:scheme()) --> scheme int4 group 64, amax, f32 scales]],
    },
    {
      name = "split",
      arguments = {
        { "smoothed", "vise.Tensor", "f32 [outputs, inputs]" },
        { "options", "vise.RefineOptions", "the branch, the codes and the rounds" },
      },
      returns = { { "vise.Split", "split" }, { "vise.RefineInfo", "info" } },
      text = "Factors and codes of what they leave, refined in turns.",
      example = [[
local split, info = vise.algorithms.refine.split(weight, { rank = 8, storage = "f16",
  precision = "medium", seed = 0, codec = codec, refine_iters = 3, keep_best = true, early_stop = false })
print(info.rounds, #info.errors) --> 3 4
assert(split.error == info.errors[info.best + 1])]],
      source = SVDQUANT,
    },
  },
}
