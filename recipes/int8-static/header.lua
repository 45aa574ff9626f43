{
  name    = "int8-static",
  version = "1.0.0",
  summary = "8-bit integers with one calibrated activation scale for each layer",
  authors = { "the vise authors" },
  license = "MIT",
  api     = 1,
  extends = "int8@1.0.0",
  kind    = "quantizer",
  tags    = { "int8", "calibrated", "static" },
  params  = {
    variant = { default = "per_row", choices = { "per_tensor", "per_row" },
                help = "what the weights share a scale by" },
    static  = { default = true, help = "false gives the scales of int8: computed in every forward" },
  },
  resources = { time = "seconds", data_free = false },
  expects = {
    { type = "int8_per_row_static", metric = "psnr", at_least = 37.2 },
    { type = "int8_per_row_static", metric = "loss_increase", at_most = 0.0118 },
  },
}
