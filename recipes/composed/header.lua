{
  name    = "composed",
  version = "1.0.0",
  summary = "weights alone: rotation, AWQ, a low-rank branch and GPTQ on what it leaves",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2210.17323 (GPTQ)" },
  tags    = { "rotation", "awq", "gptq", "int4", "calibrated" },
  params  = {
    quant_type = { default = "int4_weight_only_g64" },
    transform  = { default = "auto" },
    chain      = { default = { "awq", "low_rank", "gptq" } },
    options    = { default = { "low_rank.rank=8" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "int4_weight_only_g64", metric = "psnr", at_least = 35.9 },
    { type = "int4_weight_only_g64", metric = "loss_increase", at_most = 0.0302 },
  },
}
