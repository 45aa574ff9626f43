--- Data.

local PATH = { "path", "string", "of the file" }

return {
  name = "data",
  kind = "module",
  summary = "texts, images and labels from files, and batches of them",
  prelude = [[
local function write(path, bytes)
  local file <close> = assert(io.open(path, "wb"))
  file:write(bytes)
end
write("images.idx", ("\0\0\8\3" .. (">I4I4I4"):pack(2, 2, 2) .. ("\0\255"):rep(4)))
write("labels.idx", ("\0\0\8\1" .. (">I4"):pack(2) .. "\7\9"))]],
  functions = {
    {
      name = "batches",
      arguments = {
        { "columns", "table<string, vise.Tensor|any[]>", "by name, all of equal length" },
        { "size", "integer", "rows of a batch; the last may have fewer", min = 1 },
      },
      returns = { { "fun(): table<string, vise.Tensor|any[]>?", "next_batch" } },
      text = "Walks over the columns in step: each turn gives a table with the same names.",
      example = [[
local columns = { image = vise.tensor("f32", { 5, 1, 28, 28 }), label = { 4, 0, 9, 1, 1 } }
for batch in vise.data.batches(columns, 2) do
  print(#batch.image, #batch.label)
end]],
    },
    {
      name = "idx", arguments = { PATH }, returns = { { "vise.Tensor", "bytes", "u8" } }, fails = true,
      text = "An IDX file of unsigned bytes, such as MNIST's.",
      example = 'print(assert(vise.data.idx "images.idx")) --> tensor u8 2x2x2',
      source = "yann.lecun.com/exdb/mnist",
    },
    {
      name = "images", arguments = { PATH },
      returns = { { "vise.Tensor", "images", "f32 [N, 1, H, W]" } }, fails = true,
      text = "Gray images from an IDX file: 0 becomes -1, 255 becomes 1.",
      example = [[
local images = assert(vise.data.images "images.idx")
print(images:min(), images:max()) --> -1.0 1.0]],
    },
    {
      name = "labels", arguments = { PATH }, returns = { { "vise.Tensor", "labels", "i64 [N]" } }, fails = true,
      text = "Labels from an IDX file.",
      example = 'print(assert(vise.data.labels "labels.idx"):get(2)) --> 9',
    },
    {
      name = "stories", arguments = { PATH }, returns = { { "string[]", "texts" } }, fails = true,
      text = "The texts of a file, which end with <|endoftext|>, without the white space around them.",
      example = [[
write("stories.txt", "Once upon a time.\n<|endoftext|>\nThe end.\n<|endoftext|>\n")
print(assert(vise.data.stories "stories.txt")[2]) --> The end.]],
    },
    {
      name = "texts",
      arguments = { PATH, { "options", "table", "how it is read, and which part of it", optional = true, fields = {
        { "format", "string", "how texts stand in the file", default = "auto",
          choices = { "auto", "stories", "lines", "raw", "ids", "ids-u16", "ids-i32" } },
        { "tokenizer", "vise.Tokenizer", "lines become lists of ids; what has no pieces is left out", optional = true },
        { "most", "integer", "symbols of a line at most; the others are left out", min = 1, optional = true },
        { "length", "integer", "ids of a text, where the file has no ends", min = 1, default = 512 },
        { "first", "integer", "the first text that counts", min = 1, default = 1 },
        { "last", "integer", "the last one", min = 1, otherwise = "that of the file" },
      } } },
      returns = {
        { "(string|integer[])[]", "texts" },
        { "table", "report", "what was read and left out", fields = {
          { "format", "string", "as it was read" }, { "read", "integer", "texts of the file, from first to last" },
          { "texts", "integer", "those that are given" }, { "foreign", "integer", "left out: no piece for a part" },
          { "long", "integer", "left out: too long" }, { "empty", "integer", "left out: nothing in them" },
        } },
      },
      fails = true,
      text = "Texts for language models: stories end with <|endoftext|>, lines with their line, raw is the whole file; "
        .. "ids are a JSON list of lists (.ids), or numbers of 2 or 4 bytes (.u16, .i32). auto goes by the name of the "
        .. "file (.smi and .smiles: lines), then by the marks in it.",
      example = [[
write("few.smi", "CCO\nCC\n")
local texts, report = assert(vise.data.texts "few.smi")
print(texts[1], report.format, report.texts) --> CCO lines 2]],
    },
  },
}
