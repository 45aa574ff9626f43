--- Diffusion transformers.

return {
  name = "dit",
  kind = "class",
  class = "vise.models.DiT",
  extends = "vise.Model",
  summary = "a class-conditional diffusion transformer, diffusers' DiTTransformer2DModel",
  prelude = 'local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))',
  fields = {
    { "null_class", "integer", "the class that stands for \"any\", for guidance" },
    { "width", "integer", "of a token" },
  },
  functions = {
    {
      name = "forward",
      arguments = {
        { "sample", "vise.Tensor", "f32 [B, C, H, W]: noisy images" },
        { "timestep", "vise.Tensor|number", "f32 [B], or one for all", range = "0 to 1000" },
        { "class_labels", "vise.Tensor|integer", "i64 [B] from 0, or one for all" },
      },
      returns = { { "vise.Tensor", "prediction", "f32 [B, C, H, W]" } }, fails = true,
      text = "Predicts from noisy images: for a rectified-flow model the direction from image to noise.",
      example = [[
local noise = vise.random(3):normal { 1, 1, 28, 28 }
local direction = assert(model:forward(noise, 1000, 3))
print(direction:shape()) --> 1 1 28 28]],
      source = "Peebles and Xie 2023 (adaLN-Zero)",
    },
  },
}
