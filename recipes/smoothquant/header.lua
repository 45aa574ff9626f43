{
  name    = "smoothquant",
  version = "1.0.0",
  summary = "SmoothQuant: what is hard to code moves from activations to weights",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "chain@1.0.0",
  kind    = "quantizer",
  papers  = { "arXiv 2211.10438 (SmoothQuant)" },
  tags    = { "smoothquant", "int8", "calibrated" },
  params  = {
    quant_type = { default = "int8_per_row" },
    chain      = { default = { "smoothquant" } },
  },
  resources = { time = "minutes", data_free = false },
  expects = {
    { type = "int8_per_row", metric = "psnr", at_least = 46.4 },
    { type = "int8_per_row", metric = "loss_increase", at_most = 0.0016 },
  },
}
