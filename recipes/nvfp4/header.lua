{
  name    = "nvfp4",
  version = "1.0.0",
  summary = "4-bit floats (e2m1) in groups of 16 with two levels of scales, both sides or weights only",
  authors = { "the vise authors" },
  license = "MIT",
  tags    = { "nvfp4", "data-free" },
  params  = {
    variant  = { type = "choice", default = "full", choices = { "full", "weight_only" },
                 help = "weight_only leaves activations float" },
    exclude  = { type = "patterns", default = {}, help = "layers to leave in float" },
    regions  = { type = "choice", default = "blocks", choices = { "blocks", "all" },
                 help = "the repeated blocks, or every linear layer" },
    fallback = { type = "choice", default = "skip", choices = { "skip", "int8_per_row", "int8_weight_only" },
                 help = "what becomes of layers whose shape the type cannot take" },
    steps    = { type = "integer", default = 20, min = 1, max = 1000, help = "Euler steps of every image drawn" },
    images   = { type = "integer", default = 20, min = 1, max = 1000, help = "images drawn to measure" },
    calibration = { type = "integer", default = 10, min = 1, max = 1000,
                    help = "images drawn, or texts read, to calibrate and measure" },
  },
  inputs  = { model = "a folder of a model family, or a .safetensors file of bare weights",
              data = "texts that end with <|endoftext|>, for language models; without them the model's own" },
  expects = {

  },
}
