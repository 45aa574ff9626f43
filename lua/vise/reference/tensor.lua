--- Tensors: shape, elements, conversion.

local DTYPE = "f64, f32, f16, bf16, f8e4m3, f8e5m2, i8, u8, i32 or i64"
local OUT = { "out", "vise.Tensor", "where the result goes", optional = true, otherwise = "a new tensor" }
local B = { "b", "vise.Tensor|number", "a number, or f32 of t's shape or of its last dimensions" }

return {
  name = "tensor",
  kind = "class",
  summary = "a typed array of up to 8 dimensions; views share elements; indices count from 1",
  functions = {
    {
      name = "add", arguments = { B, OUT }, returns = { { "vise.Tensor" } },
      text = "t + b by elements.",
      example = "local y = t:add(b)",
    },
    {
      name = "argmax", arguments = {}, returns = { { "integer" } },
      text = "The index of the first largest element.",
      example = "t:argmax()",
    },
    {
      name = "axpy",
      arguments = { { "alpha", "number", "the factor" }, { "x", "vise.Tensor", "f32, of the same shape" }, OUT },
      returns = { { "vise.Tensor" } },
      text = "t + alpha x.",
      example = "t:axpy(-0.05, direction, t)",
    },
    {
      name = "blocks",
      arguments = {
        { "rows", "integer", "how many blocks from top to bottom, at most the rows there are", min = 1, max = 4096 },
        { "columns", "integer", "how many from left to right, at most the columns there are", min = 1, max = 4096 },
        { "what", "string", "what each block gives", choices = { "absmax", "max", "mean", "min" }, default = "absmax" },
      },
      returns = { { "vise.Tensor", "map", "f64 [rows, columns]" } },
      text = "A small map of a large tensor: its last dimension and all the others together are cut into blocks of "
        .. "equal size, or nearly so, and each gives one number; NaN if it holds any.",
      example = "local map = t:blocks(1, 2)",
    },
    {
      name = "bytes", arguments = {}, returns = { { "integer" } },
      text = "How many bytes the elements take.",
      example = 't:bytes() --> 24 for f32 2x3',
    },
    {
      name = "cast",
      arguments = { { "dtype", "string", "of the elements", range = DTYPE },
        { "shape", "integer[]", "as many bytes in all" } },
      returns = { { "vise.Tensor" } },
      text = "The same bytes as elements of another dtype: a view.",
      example = 'local words = t:cast("i32", { t:bytes() // 4 })',
    },
    {
      name = "clamp",
      arguments = { { "lo", "number", "the least" }, { "hi", "number", "the most" }, OUT },
      returns = { { "vise.Tensor" } },
      text = "Every element inside [lo, hi].",
      example = "local y = t:clamp(-1, 1)",
    },
    {
      name = "close", arguments = {},
      text = "Drops this tensor's hold on its elements at once instead of when it is collected. A "
        .. "closed tensor may be closed again, and used for nothing else. `local t <close>` does it.",
      example = "t:close()",
    },
    {
      name = "closed", arguments = {}, returns = { { "boolean" } },
      text = "Whether the tensor is closed.",
      example = "t:closed() --> false",
    },
    {
      name = "columns",
      arguments = {
        { "first", "integer", "the first column", range = "from 1" },
        { "last", "integer", "the last column", optional = true, otherwise = "first" },
      },
      returns = { { "vise.Tensor" } },
      text = "A view of columns of a matrix. It keeps the matrix's row stride: operators that want "
        .. "contiguous elements ask for a :copy().",
      example = "local left = t:columns(1, 2)",
    },
    {
      name = "copy", arguments = { OUT }, returns = { { "vise.Tensor" } },
      text = "A contiguous copy, writable even if the tensor is part of a mapped file.",
      example = "local mine = t:copy()",
    },
    {
      name = "count", arguments = {}, returns = { { "integer" } },
      text = "How many elements there are.",
      example = "t:count() --> 6 for 2x3",
    },
    {
      name = "div", arguments = { B, OUT }, returns = { { "vise.Tensor" } },
      text = "t / b by elements.",
      example = "local y = t:div(b)",
    },
    {
      name = "dtype", arguments = {}, returns = { { "string" } },
      text = "The element type: " .. DTYPE .. ".",
      example = 't:dtype() --> "f32"',
    },
    {
      name = "get",
      arguments = { { "index", "integer", "in row-major order", range = "from 1 to t:count()" } },
      returns = { { "number" } },
      text = "One element. Slow: for tests and the prompt.",
      example = "t:get(1)",
    },
    {
      name = "histogram",
      arguments = {
        { "lo", "number", "the lower end", range = "finite" },
        { "hi", "number", "the upper end", range = "finite, above lo" },
        { "bins", "integer", "how many equal intervals", range = "from 1 to 256", optional = true,
          default = 32 },
      },
      returns = { { "integer[]" } },
      text = "Counts the finite elements in each interval of [lo, hi]; those outside are not counted.",
      example = "local counts = t:histogram(-1, 1, 10)",
    },
    {
      name = "max", arguments = {}, returns = { { "number" } },
      text = "The largest element; NaN if any is.",
      example = "t:max()",
    },
    {
      name = "mean", arguments = {}, returns = { { "number" } },
      text = "The mean, in double, in a fixed order.",
      example = "t:mean()",
    },
    {
      name = "min", arguments = {}, returns = { { "number" } },
      text = "The smallest element; NaN if any is.",
      example = "t:min()",
    },
    {
      name = "mul", arguments = { B, OUT }, returns = { { "vise.Tensor" } },
      text = "t * b by elements.",
      example = "local y = t:mul(b)",
    },
    {
      name = "nonfinite", arguments = {}, returns = { { "integer?" } },
      text = "The index of the first element that is NaN or infinite; nil if all are finite.",
      example = 'assert(not t:nonfinite(), "bad weights")',
    },
    {
      name = "norm", arguments = {}, returns = { { "number" } },
      text = "The root of the sum of squares, in double.",
      example = "t:norm()",
    },
    {
      name = "put",
      arguments = {
        { "x", "vise.Tensor", "[..., width]" },
        { "options", "table", "position = where its first row goes, from 0", optional = true },
      },
      returns = { { "vise.Tensor" } },
      text = "Copies the rows of x into those of t [rows, width], converted, and returns t.",
      example = "keys:put(k, { position = length })",
    },
    {
      name = "reshape",
      arguments = {
        { "shape", "integer[]", "the new sizes", range = "at most one may be -1: whatever is left" },
      },
      returns = { { "vise.Tensor" } },
      text = "The same elements in another shape: a view.",
      example = "local flat = t:reshape { -1 }",
    },
    {
      name = "rows",
      arguments = {
        { "first", "integer", "the first row", range = "from 1" },
        { "last", "integer", "the last row", optional = true, otherwise = "first" },
      },
      returns = { { "vise.Tensor" } },
      text = "A view of rows along the first dimension.",
      example = "local head = t:rows(1, 2)",
    },
    {
      name = "set",
      arguments = {
        { "index", "integer", "in row-major order", range = "from 1 to t:count()" },
        { "value", "number", "rounded to the dtype" },
      },
      text = "Changes one element. Slow: for tests and the prompt.",
      example = "t:set(1, 0.5)",
    },
    {
      name = "shape", arguments = {}, returns = { { "integer" } },
      text = "The size of every dimension, as results of their own.",
      example = "local rows, columns = t:shape()",
    },
    {
      name = "statistics", arguments = {}, returns = { { "table" } },
      text = "count, finite, nans, infinities and zeros; min, max, mean and std of the finite elements, "
        .. "summed in double in a fixed order.",
      example = "print(t:statistics().std)",
      source = "Chan, Golub, LeVeque 1979, for joining partial variances",
    },
    {
      name = "sub", arguments = { B, OUT }, returns = { { "vise.Tensor" } },
      text = "t - b by elements.",
      example = "local y = t:sub(b)",
    },
    {
      name = "sum", arguments = {}, returns = { { "number" } },
      text = "The sum, in double, in a fixed order.",
      example = "t:sum()",
    },
    {
      name = "to",
      arguments = { { "dtype", "string", DTYPE }, OUT },
      returns = { { "vise.Tensor" } },
      text = "A converted copy. Floats round to nearest, ties to even; integers saturate, NaN becomes 0.",
      example = 'local half = t:to "f16"',
    },
    {
      name = "tobytes", arguments = {}, returns = { { "string" } },
      text = "The elements as they lie in memory, little-endian.",
      example = "#t:tobytes() == t:bytes()",
    },
    {
      name = "totable", arguments = {}, returns = { { "number[]" } },
      text = "Every element in row-major order.",
      example = "for i, v in ipairs(t:totable()) do print(i, v) end",
    },
  },
}
