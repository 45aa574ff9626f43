--- Pictures.

return {
  name = "picture",
  kind = "module",
  summary = "batches of images as one PNG",
  functions = {
    {
      name = "grid",
      arguments = {
        { "batches", "vise.Tensor[]", "each f32 [n, 1, H, W] with values in [-1, 1]: one row of the picture" },
        { "options", "table", "zoom (3), gap in pixels (4), columns (all)", optional = true },
      },
      returns = { { "vise.Tensor" } },
      text = "A row of images for each batch, as one u8 picture [height, width].",
      example = "local pixels = vise.picture.grid({ float_images, int8_images }, { columns = 10 })",
    },
    {
      name = "write",
      arguments = {
        { "path", "string", "of the PNG file" },
        { "pixels", "vise.Tensor", "u8 [H, W] or [H, W, 3]" },
      },
      returns = { { "true" } }, fails = true,
      text = "Writes a picture as PNG.",
      example = 'assert(vise.picture.write("grid.png", pixels))',
    },
  },
}
