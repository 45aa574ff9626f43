{
  name    = "svdq-gptq",
  version = "1.0.0",
  summary = "rotation, balance, a low-rank branch, GPTQ: 4 bits on both sides",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2411.05007 (SVDQuant)" },
  tags    = { "svdquant", "rotation", "gptq", "int4", "calibrated" },
  params  = {
    quant_type = { default = "svdq_int4_r8_dq" },
    chain      = { default = { "rotate", "balance", "low_rank", "gptq" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "svdq_int4_r8_dq", metric = "psnr", at_least = 32.0 },
    { type = "svdq_int4_r8_dq", metric = "loss_increase", at_most = 0.1703 },
  },
}
