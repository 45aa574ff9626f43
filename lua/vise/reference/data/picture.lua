--- Pictures.

return {
  name = "picture",
  kind = "module",
  summary = "batches of images as one PNG",
  prelude = "local images = vise.random(1):normal { 5, 1, 28, 28 }",
  functions = {
    {
      name = "grid",
      arguments = {
        { "batches", "vise.Tensor[]", "each f32 [n, 1, H, W] with values in [-1, 1]: one row of the picture" },
        { "options", "table", "its measures", optional = true, fields = {
          { "zoom", "integer", "how large a pixel is", min = 1, max = 1024, default = 3, unit = "pixels" },
          { "gap", "integer", "between images", min = 0, max = 1024, default = 4, unit = "pixels" },
          { "columns", "integer", "images of a row", min = 1, max = 1024, otherwise = "all" },
        } },
      },
      returns = { { "vise.Tensor", "pixels", "u8 [height, width]" } },
      text = "A row of images for each batch, as one picture.",
      example = [[
local pixels = vise.picture.grid({ images, images:mul(0.5) }, { columns = 4, zoom = 1 })
print(pixels:shape()) --> 64 132]],
    },
    {
      name = "write",
      arguments = {
        { "path", "string", "of the PNG file" },
        { "pixels", "vise.Tensor", "u8 [H, W] or [H, W, 3]" },
      },
      returns = { { "true", "done" } }, fails = true,
      text = "Writes a picture as PNG.",
      example = 'assert(vise.picture.write("grid.png", vise.picture.grid { images }))',
    },
  },
}
