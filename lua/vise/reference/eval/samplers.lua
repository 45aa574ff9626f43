--- Samplers of diffusion models.

return {
  name = "samplers",
  kind = "module",
  summary = "images from rectified-flow models, and their loss",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local labels = vise.tensor_of("i64", { 2 }, { 0, 9 })]],
  functions = {
    {
      name = "euler",
      arguments = {
        { "model", "vise.models.DiT", "a diffusion transformer" },
        { "options", "table", "what is drawn, and how", fields = {
          { "noise", "vise.Tensor", "f32 [B, C, H, W], where t = 1" },
          { "labels", "vise.Tensor", "i64 [B], the class of each image" },
          { "steps", "integer", "of Euler's method", min = 1, max = 10000, default = 25 },
          { "guidance", "number", "how far from the null class; 1 leaves that out", default = 1.5 },
          { "on_step", "fun(step: integer, t: number, x: vise.Tensor)", "called before each step", optional = true },
        } },
      },
      returns = { { "vise.Tensor", "images", "f32 [B, C, H, W], about in [-1, 1]" } }, fails = true,
      text = "Euler's method from noise at t = 1 to images at t = 0.",
      example = [[
local noise = vise.random(3):normal { 2, 1, 28, 28 }
local images = assert(vise.samplers.euler(model, { noise = noise, labels = labels, steps = 4 }))
assert(vise.picture.write("images.png", vise.picture.grid { images }))]],
      source = "Liu et al. 2022 (rectified flow); Ho and Salimans 2022 (guidance)",
    },
    {
      name = "flow_loss",
      arguments = {
        { "model", "vise.models.DiT", "a diffusion transformer" },
        { "images", "vise.Tensor", "f32 [N, C, H, W] in [-1, 1]" },
        { "labels", "vise.Tensor", "i64 [N]" },
        { "options", "table", "how it is measured", optional = true, fields = {
          { "seed", "integer", "of noise and times", min = 0, default = 0 },
          { "batch", "integer", "images at once", min = 1, default = 64 },
          { "on_batch", "fun(images: integer)", "called after each batch", optional = true },
        } },
      },
      returns = { { "number", "loss" }, { "number", "stderr", "of the mean over the images" } }, fails = true,
      text = "The mean squared error of the predicted direction. Noise and times come from the seed, so that two "
        .. "models see the same.",
      example = [[
local images = vise.random(3):normal { 2, 1, 28, 28 }:clamp(-1, 1)
local loss = assert(vise.samplers.flow_loss(model, images, labels))
assert(loss > 0)]],
    },
  },
}
