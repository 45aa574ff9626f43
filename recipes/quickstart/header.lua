{
  name    = "quickstart",
  version = "1.0.0",
  summary = "quantizes a small diffusion transformer five ways and compares what it draws",
  authors = { "the vise authors" },
  license = "MIT",
  papers  = { "arXiv 2411.05007 (SVDQuant)" },
  params  = {
    steps      = { type = "integer", default = 20, min = 1, max = 1000, help = "Euler steps of every sampling run" },
    guidance   = { type = "number", default = 1.5, min = 0, max = 20, help = "classifier-free guidance" },
    images     = { type = "integer", default = 40, min = 10, max = 40, help = "images sampled for each type" },
    calibration_images = { type = "integer", default = 10, min = 1, max = 10,
                           help = "images sampled to calibrate" },
    loss_images = { type = "integer", default = 256, min = 16, max = 256,
                    help = "held-out images for the flow loss" },
  },
  expects = {
    { type = "int8_per_row", metric = "psnr", at_least = 48.8 },
    { type = "svdq_int4_r8", metric = "psnr", at_least = 28.8 },
    { type = "svdq_int4_r32", metric = "psnr", at_least = 34.8 },
  },
}
