{
  name    = "hqq",
  version = "1.0.0",
  summary = "HQQ: zero points that make the error of the weights sparse; needs no data",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  tags    = { "hqq", "int4", "data-free" },
  params  = {
    quant_type = { default = "int4_weight_only_g64" },
    chain      = { default = { "hqq" } },
  },
  resources = { time = "seconds", data_free = true },
  expects = {
    { type = "int4_weight_only_g64", metric = "psnr", at_least = 31.0 },
    { type = "int4_weight_only_g64", metric = "loss_increase", at_most = 0.1282 },
  },
}
