--- Data.

local PATH = { "path", "string", "of the file" }

return {
  name = "data",
  kind = "module",
  summary = "texts, images and labels from files; batches; tokenizers",
  functions = {
    {
      name = "batches",
      arguments = {
        { "columns", "table", "tensors or lists by name, all of equal length" },
        { "size", "integer", "rows of a batch; the last may have fewer", range = "from 1" },
      },
      returns = { { "fun(): table?" } },
      text = "Walks over the columns in step: each turn gives a table with the same names.",
      example = "for batch in vise.data.batches({ image = images, label = labels }, 16) do print(#batch.image) end",
    },
    {
      name = "idx", arguments = { PATH }, returns = { { "vise.Tensor" } }, fails = true,
      text = "An IDX file of unsigned bytes, such as MNIST's: u8.",
      example = 'local raw = assert(vise.data.idx "t10k-images-idx3-ubyte")',
      source = "yann.lecun.com/exdb/mnist",
    },
    {
      name = "images", arguments = { PATH }, returns = { { "vise.Tensor" } }, fails = true,
      text = "Gray images from an IDX file, f32 [N, 1, H, W]: 0 becomes -1, 255 becomes 1.",
      example = 'local images = assert(vise.data.images "t10k-images-idx3-ubyte")',
    },
    {
      name = "labels", arguments = { PATH }, returns = { { "vise.Tensor" } }, fails = true,
      text = "Labels from an IDX file, i64 [N].",
      example = 'local labels = assert(vise.data.labels "t10k-labels-idx1-ubyte")',
    },
    {
      name = "stories", arguments = { PATH }, returns = { { "string[]" } }, fails = true,
      text = "The texts of a file, which end with <|endoftext|>, without the white space around them.",
      example = 'local stories = assert(vise.data.stories "stories.txt")',
    },
  },
}
