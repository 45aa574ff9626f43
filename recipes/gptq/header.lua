{
  name    = "gptq",
  version = "1.0.0",
  summary = "GPTQ: columns are rounded one after the other, each makes up for those before",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2210.17323 (GPTQ)" },
  tags    = { "gptq", "int4", "calibrated" },
  params  = {
    quant_type = { default = "int4_weight_only_g64" },
    chain      = { default = { "gptq" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "int4_weight_only_g64", metric = "psnr", at_least = 33.3 },
    { type = "int4_weight_only_g64", metric = "loss_increase", at_most = 0.1042 },
  },
}
