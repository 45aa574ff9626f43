--- Samplers of diffusion models.

return {
  name = "samplers",
  kind = "module",
  summary = "images from rectified-flow models, and their loss",
  functions = {
    {
      name = "euler",
      arguments = {
        { "model", "vise.Model", "a diffusion transformer" },
        { "options", "table", "noise (f32 [B, C, H, W]); labels (i64 [B]); steps (25); guidance (1.5; 1 leaves "
          .. "the null class out); on_step: called with step, t and x before each" },
      },
      returns = { { "vise.Tensor" } }, fails = true,
      text = "Euler's method from noise at t = 1 to images at t = 0, about in [-1, 1].",
      example = "local images = assert(vise.samplers.euler(model, { noise = noise, labels = labels }))",
      source = "Liu et al. 2022 (rectified flow); Ho and Salimans 2022 (guidance)",
    },
    {
      name = "flow_loss",
      arguments = {
        { "model", "vise.Model", "a diffusion transformer" },
        { "images", "vise.Tensor", "f32 [N, C, H, W] in [-1, 1]" },
        { "labels", "vise.Tensor", "i64 [N]" },
        { "options", "table", "seed (0) of noise and times; batch (64)", optional = true },
      },
      returns = { { "number" } }, fails = true,
      text = "The mean squared error of the predicted direction. Noise and times come from the seed, so that two "
        .. "models see the same.",
      example = "local loss = assert(vise.samplers.flow_loss(model, images, labels))",
    },
  },
}
