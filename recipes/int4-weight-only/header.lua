{
  name    = "int4-weight-only",
  version = "1.0.0",
  summary = "4-bit weights in groups, each with a scale and a zero point; float activations",
  authors = { "the vise authors" },
  license = "MIT",
  tags    = { "int4", "weight-only", "data-free" },
  params  = {
    group    = { type = "choice", default = "32", choices = { "16", "32", "64", "128", "256" },
                 help = "inputs that share a scale and a zero point" },
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
