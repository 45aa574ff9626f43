--- Tensors: shape, elements, conversion.

local OUT = require "vise.reference.out"
local B = { "b", "vise.Tensor|number", "a number, or f32 of t's shape or of its last dimensions" }
local DTYPE = { "dtype", "vise.Dtype", "of the elements" }

return {
  name = "tensor",
  kind = "class",
  class = "vise.Tensor",
  summary = "a typed array of up to 8 dimensions; views share elements; indices count from 1",
  text = "`vise.tensor` and `vise.tensor_of` make tensors. #t is the size of the first dimension, tostring(t) names "
    .. "dtype and shape, `local t <close>` closes it at the end of its block. Sums are in double, in a fixed order, "
    .. "and do not depend on the number of threads.",
  prelude = 'local t = vise.tensor_of("f32", { 2, 3 }, { 1, 2, 3, 4, 5, 6 })',
  aliases = {
    { "vise.Dtype", "the type of a tensor's elements; f8e4m3 and f8e5m2 are the 8-bit floats",
      choices = { "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8", "u8", "i32", "i64" } },
  },
  functions = {
    {
      name = "abs", arguments = { OUT }, returns = { { "vise.Tensor", "magnitudes" } },
      text = "|t| by elements.",
      example = "print(t:mul(-1):abs():get(6)) --> 6.0",
    },
    {
      name = "add", arguments = { B, OUT }, returns = { { "vise.Tensor", "sum" } },
      text = "t + b by elements.",
      example = [[
local y = t:add(10)
print(y:get(1), y:get(6)) --> 11.0 16.0
t:add(t, t) -- in place]],
    },
    {
      name = "argmax", arguments = {}, returns = { { "integer", "index" } },
      text = "The index of the first largest element.",
      example = "print(t:argmax()) --> 6",
    },
    {
      name = "axpy",
      arguments = {
        { "alpha", "number", "the factor" }, { "x", "vise.Tensor", "f32, of the same shape" }, OUT,
      },
      returns = { { "vise.Tensor", "sum" } },
      text = "t + alpha x.",
      example = [[
local step = t:axpy(-0.5, t)
print(step:get(1)) --> 0.5]],
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
      example = [[
local map = t:blocks(1, 3, "max")
print(table.concat(map:totable(), " ")) --> 4.0 5.0 6.0]],
    },
    {
      name = "bytes", arguments = {}, returns = { { "integer", "bytes" } },
      text = "How many bytes the elements take.",
      example = "print(t:bytes()) --> 24",
    },
    {
      name = "cast",
      arguments = { DTYPE, { "shape", "integer[]", "as many bytes in all" } },
      returns = { { "vise.Tensor", "view" } },
      text = "The same bytes as elements of another dtype: a view.",
      example = [[
local words = t:cast("i32", { 6 })
print(("%#x"):format(words:get(1))) --> 0x3f800000]],
    },
    {
      name = "clamp",
      arguments = { { "lo", "number", "the least" }, { "hi", "number", "the most" }, OUT },
      returns = { { "vise.Tensor", "clamped" } },
      text = "Every element inside [lo, hi].",
      example = [[
local y = t:clamp(2, 5)
print(y:min(), y:max()) --> 2.0 5.0]],
    },
    {
      name = "close", arguments = {},
      text = "Drops this tensor's hold on its elements at once instead of when it is collected. A closed tensor may "
        .. "be closed again, and used for nothing else.",
      example = [[
t:close()
print(t:closed()) --> true]],
    },
    {
      name = "closed", arguments = {}, returns = { { "boolean", "closed" } },
      text = "Whether the tensor is closed.",
      example = "print(t:closed()) --> false",
    },
    {
      name = "columns",
      arguments = {
        { "first", "integer", "the first column", min = 1 },
        { "last", "integer", "the last column", otherwise = "first" },
      },
      returns = { { "vise.Tensor", "view" } },
      text = "A view of columns of a matrix. It keeps the matrix's row stride: operators that want contiguous elements "
        .. "ask for a copy().",
      example = [[
local left = t:columns(1, 2)
print(left:get(3)) --> 4.0]],
    },
    {
      name = "copy", arguments = { OUT }, returns = { { "vise.Tensor", "copy" } },
      text = "A contiguous copy, writable even if the tensor is part of a mapped file.",
      example = [[
local mine = t:columns(2):copy()
mine:set(1, 0)
print(t:get(2)) --> 2.0]],
    },
    {
      name = "count", arguments = {}, returns = { { "integer", "elements" } },
      text = "How many elements there are.",
      example = "print(t:count()) --> 6",
    },
    {
      name = "div", arguments = { B, OUT }, returns = { { "vise.Tensor", "quotient" } },
      text = "t / b by elements.",
      example = "print(t:div(2):get(1)) --> 0.5",
    },
    {
      name = "dtype", arguments = {}, returns = { { "vise.Dtype", "dtype" } },
      text = "The type of the elements.",
      example = "print(t:dtype()) --> f32",
    },
    {
      name = "fold",
      arguments = {
        { "what", "string", "of each channel", choices = { "sum", "mean", "min", "max", "norm" } }, OUT,
      },
      returns = { { "vise.Tensor", "channels" } },
      text = "One number for each place of the last dimension, over all the others: [..., n] becomes [n].",
      example = [[
local sums = t:fold "sum"
print(table.concat(sums:totable(), " ")) --> 5.0 7.0 9.0]],
    },
    {
      name = "get",
      arguments = { { "index", "integer", "in row-major order", range = "from 1 to t:count()" } },
      returns = { { "number", "element" } },
      text = "One element. Slow: for tests and the prompt.",
      example = "print(t:get(4)) --> 4.0",
    },
    {
      name = "histogram",
      arguments = {
        { "lo", "number", "the lower end", range = "finite" },
        { "hi", "number", "the upper end", range = "finite, above lo" },
        { "bins", "integer", "how many equal intervals", min = 1, max = 256, default = 32 },
      },
      returns = { { "integer[]", "counts" } },
      text = "Counts the finite elements in each interval of [lo, hi]; those outside are not counted.",
      example = [[
local counts = t:histogram(0, 8, 4)
print(table.concat(counts, " ")) --> 1 2 2 1]],
    },
    {
      name = "max", arguments = {}, returns = { { "number", "largest" } },
      text = "The largest element; NaN if any is.",
      example = "print(t:max()) --> 6.0",
    },
    {
      name = "mean", arguments = {}, returns = { { "number", "mean" } },
      text = "The mean.",
      example = "print(t:mean()) --> 3.5",
    },
    {
      name = "min", arguments = {}, returns = { { "number", "smallest" } },
      text = "The smallest element; NaN if any is.",
      example = "print(t:min()) --> 1.0",
    },
    {
      name = "mul", arguments = { B, OUT }, returns = { { "vise.Tensor", "product" } },
      text = "t * b by elements.",
      example = [[
local row = vise.tensor_of("f32", { 3 }, { 1, 0, -1 })
print(t:mul(row):get(6)) --> -6.0]],
    },
    {
      name = "nonfinite", arguments = {}, returns = { { "integer?", "index" } },
      text = "The index of the first element that is NaN or infinite; nil if all are finite.",
      example = [[
print(t:nonfinite()) --> nil
t:set(3, math.huge)
print(t:nonfinite()) --> 3]],
    },
    {
      name = "norm", arguments = {}, returns = { { "number", "norm" } },
      text = "The root of the sum of squares.",
      example = 'print(vise.tensor_of("f32", { 2 }, { 3, 4 }):norm()) --> 5.0',
    },
    {
      name = "power",
      arguments = { { "exponent", "number", "any" }, OUT },
      returns = { { "vise.Tensor", "powers" } },
      text = "t ^ exponent by elements, computed in double and rounded once.",
      example = "print(t:power(2):get(3)) --> 9.0",
    },
    {
      name = "put",
      arguments = {
        { "x", "vise.Tensor", "[..., width]" },
        { "options", "table", "where it goes", optional = true, fields = {
          { "position", "integer", "where the first row of x goes, from 0", min = 0, default = 0 },
        } },
      },
      returns = { { "vise.Tensor", "t" } },
      text = "Copies the rows of x into those of t [rows, width], converted, and returns t.",
      example = [[
local keys = vise.tensor("f16", { 4, 3 })
keys:put(t, { position = 2 })
print(keys:get(7)) --> 1.0]],
    },
    {
      name = "reshape",
      arguments = { { "shape", "integer[]", "the new sizes", range = "at most one may be -1: whatever is left" } },
      returns = { { "vise.Tensor", "view" } },
      text = "The same elements in another shape: a view.",
      example = "print(t:reshape { 3, -1 }:shape()) --> 3 2",
    },
    {
      name = "round", arguments = { OUT }, returns = { { "vise.Tensor", "rounded" } },
      text = "The nearest integers, ties to even, by elements.",
      example = "print(t:mul(0.5):round():get(3)) --> 2.0",
    },
    {
      name = "rows",
      arguments = {
        { "first", "integer", "the first row", min = 1 },
        { "last", "integer", "the last row", otherwise = "first" },
      },
      returns = { { "vise.Tensor", "view" } },
      text = "A view of rows along the first dimension.",
      example = [[
local second = t:rows(2)
print(second:shape()) --> 1 3
print(second:get(1)) --> 4.0]],
    },
    {
      name = "set",
      arguments = {
        { "index", "integer", "in row-major order", range = "from 1 to t:count()" },
        { "value", "number", "rounded to the dtype" },
      },
      text = "Changes one element. Slow: for tests and the prompt.",
      example = [[
t:set(1, 0.5)
print(t:get(1)) --> 0.5]],
    },
    {
      name = "shape", arguments = {}, returns = { { "integer", "..." } },
      text = "The size of every dimension, as results of their own.",
      example = [[
local rows, columns = t:shape()
print(rows, columns) --> 2 3]],
    },
    {
      name = "sign", arguments = { OUT }, returns = { { "vise.Tensor", "signs" } },
      text = "-1, 0 or 1 by elements; NaN stays NaN.",
      example = "print(t:sub(2):sign():get(1)) --> -1.0",
    },
    {
      name = "statistics", arguments = {},
      returns = {
        { "table", "statistics", "of all elements", fields = {
          { "count", "integer", "elements" },
          { "finite", "integer", "of them neither NaN nor infinite" },
          { "nans", "integer", "of them NaN" },
          { "infinities", "integer", "of them infinite" },
          { "zeros", "integer", "of them 0" },
          { "min", "number", "of the finite ones" },
          { "max", "number", "of the finite ones" },
          { "mean", "number", "of the finite ones" },
          { "std", "number", "of the finite ones" },
        } },
      },
      text = "Looks at every element once.",
      example = [[
local s = t:statistics()
print(s.count, s.mean, s.zeros) --> 6 3.5 0]],
      source = "Chan, Golub, LeVeque 1979, for joining partial variances",
    },
    {
      name = "sub", arguments = { B, OUT }, returns = { { "vise.Tensor", "difference" } },
      text = "t - b by elements.",
      example = "print(t:sub(t):norm()) --> 0.0",
    },
    {
      name = "sum", arguments = {}, returns = { { "number", "sum" } },
      text = "The sum.",
      example = "print(t:sum()) --> 21.0",
    },
    {
      name = "to",
      arguments = { DTYPE, OUT },
      returns = { { "vise.Tensor", "converted" } },
      text = "A converted copy. Floats round to nearest, ties to even; integers saturate, NaN becomes 0.",
      example = [[
print(t:to "f16":bytes()) --> 12
print(vise.tensor_of("f32", { 1 }, { 300 }):to "i8":get(1)) --> 127]],
    },
    {
      name = "tobytes", arguments = {}, returns = { { "string", "bytes" } },
      text = "The elements as they lie in memory, little-endian.",
      example = [[
local first = ("<f"):unpack(t:tobytes())
print(first) --> 1.0]],
    },
    {
      name = "totable", arguments = {}, returns = { { "number[]", "elements" } },
      text = "Every element in row-major order.",
      example = [[
local values = t:totable()
print(#values, values[6]) --> 6 6.0]],
    },
    {
      name = "transpose", arguments = { OUT }, returns = { { "vise.Tensor", "transposed" } },
      text = "The transpose of a matrix, of any dtype: rows become columns.",
      example = [[
local turned = t:transpose()
print(turned:shape()) --> 3 2
print(turned:get(2)) --> 4.0]],
    },
  },
}
