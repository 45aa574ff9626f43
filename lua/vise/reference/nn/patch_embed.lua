--- Patches of images.

return {
  name = "PatchEmbed",
  kind = "class",
  class = "vise.nn.PatchEmbed",
  extends = "vise.nn.Module",
  path = "vise.nn.PatchEmbed",
  summary = "cuts images into patches, projects each and adds its place",
  prelude = [[
local g = vise.random(1)
local embed = vise.nn.PatchEmbed.new("pos_embed", g:normal { 32, 1, 4, 4 }, g:normal { 32 },
  { patch = 4, grid = 7, width = 32 })]],
  fields = {
    { "weight", "vise.Tensor", "[width, channels, patch, patch]" }, { "bias", "vise.Tensor", "[width]" },
    { "positions", "vise.Tensor", "f32 [patches, width]: sines and cosines", optional = true },
    { "patch", "integer", "side of a patch" },
  },
  functions = {
    {
      name = "close", arguments = {},
      text = "Frees its positions at once.",
      example = "embed:close()",
    },
    {
      name = "forward",
      arguments = { { "images", "vise.Tensor", "f32 [B, C, H, W]" } },
      returns = { { "vise.Tensor", "x", "f32 [B, patches, width]" } },
      text = "The patches, projected, each with its place.",
      example = "print(embed:forward(g:normal { 2, 1, 28, 28 }):shape()) --> 2 49 32",
    },
    {
      name = "new", static = true,
      arguments = {
        { "name", "string", "the checkpoint's own" },
        { "weight", "vise.Tensor", "[width, channels, patch, patch]" }, { "bias", "vise.Tensor", "[width]" },
        { "size", "table", "of the images", fields = {
          { "patch", "integer", "side of a patch", min = 1, unit = "pixels" },
          { "grid", "integer", "patches along one side", min = 1 },
          { "width", "integer", "of what comes out", min = 4 },
        } },
      },
      returns = { { "vise.nn.PatchEmbed", "embed" } },
      text = "Cuts images into patches, projects each and adds its place as sines and cosines.",
      example = [[
local embed = vise.nn.PatchEmbed.new("pos_embed", g:normal { 32, 3, 2, 2 }, g:normal { 32 },
  { patch = 2, grid = 8, width = 32 })
print(embed.positions:shape()) --> 64 32]],
    },
  },
}
