{
  name    = "int8",
  version = "1.0.0",
  summary = "8-bit integers: a scale for a tensor or a row, dynamic or calibrated, or weights only",
  authors = { "the vise authors" },
  license = "MIT",
  tags    = { "int8", "data-free" },
  params  = {
    variant  = { type = "choice", default = "per_row", choices = { "per_tensor", "per_row", "weight_only" },
                 help = "what shares a scale; weight_only leaves activations float" },
    static   = { type = "boolean", default = false,
                 help = "calibrate the scale of the activations (per_tensor, per_row)" },
    exclude  = { type = "patterns", default = {}, help = "layers to leave in float" },
    regions  = { type = "choice", default = "blocks", choices = { "blocks", "all" },
                 help = "the repeated blocks, or every linear layer" },
    fallback = { type = "choice", default = "skip", choices = { "skip", "int8_weight_only" },
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
