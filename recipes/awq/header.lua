{
  name    = "awq",
  version = "1.0.0",
  summary = "AWQ: channels with large inputs get finer codes, large weights are cut",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2306.00978 (AWQ)" },
  tags    = { "awq", "int4", "calibrated" },
  params  = {
    quant_type = { default = "int4_weight_only_g64" },
    chain      = { default = { "awq", "awq_clip" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "int4_weight_only_g64", metric = "psnr", at_least = 30.6 },
    { type = "int4_weight_only_g64", metric = "loss_increase", at_most = 0.1182 },
  },
}
