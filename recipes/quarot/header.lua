{
  name    = "quarot",
  version = "1.0.0",
  summary = "rotation and GPTQ: 4 bits on both sides without a branch",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2404.00456 (QuaRot)" },
  tags    = { "rotation", "gptq", "int4", "calibrated" },
  params  = {
    quant_type = { default = "svdq_int4_r0_dq" },
    transform  = { default = "auto" },
    chain      = { default = { "rotate", "gptq" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "svdq_int4_r0_dq", metric = "psnr", at_least = 30.0 },
    { type = "svdq_int4_r0_dq", metric = "loss_increase", at_most = 0.3956 },
  },
}
