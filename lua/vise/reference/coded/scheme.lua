--- Schemes: the description of a numeric format.

return {
  name = "scheme",
  kind = "class",
  class = "vise.Scheme",
  summary = "one immutable description of a numeric format; made by vise.scheme",
  prelude = 'local scheme = vise.scheme { bits = 4, granularity = "group", group = 64, convention = "amax" }',
  records = {
    {
      "vise.SchemeFields", "what vise.scheme takes",
      fields = {
        { "element", "string", "what a code is: an integer or a small float", choices = { "int", "f8e4m3", "f4e2m1" },
          default = "int" },
        { "bits", "integer", "of an integer", range = "2, 3, 4 or 8", optional = true },
        { "granularity", "string", "what shares one scale", choices = { "tensor", "row", "token", "group", "block" } },
        { "group", "integer", "inputs of a group, of granularity \"group\"", min = 1, optional = true },
        { "block", "integer[]", "{ rows, columns }, of granularity \"block\"", optional = true },
        { "convention", "string", "how a range becomes a scale", choices = { "amax", "amax_half_step",
          "amax_reciprocal", "minmax_float_zero", "minmax_int_zero", "nvfp4", "svdq_nvfp4", "svdq_nvfp4_low",
          "svdq_nvfp4_stored", "ct_sym", "ct_asym", "gptq_sym", "gptq_asym", "amax_floor", "awq_asym", "amax_narrow",
          "autoround_sym", "autoround_asym", "nc_sym", "nc_full", "gguf_q4_0", "gguf_q4_1", "gguf_q8_0",
          "quanto_asym" } },
        { "symmetric", "boolean", "whether 0 lies in the middle", otherwise = "the convention's" },
        { "zero", "string", "the zero point", choices = { "none", "int", "float" }, otherwise = "the convention's" },
        { "second", "string", "the second level of scales", choices = { "none", "tensor", "row" },
          otherwise = "the convention's" },
        { "scale_dtype", "string", "of the scales", choices = { "f32", "f16", "bf16", "f8e4m3" }, default = "f32" },
        { "second_dtype", "string", "of the second level", choices = { "f32", "f16", "bf16" }, optional = true },
      },
    },
  },
  functions = {
    {
      name = "describe", arguments = {},
      returns = {
        { "table", "facts", "every field of the scheme, and what follows from them", open = true, fields = {
          { "signed", "boolean", "whether codes have a sign" },
          { "lo", "number", "the least code" },
          { "hi", "number", "the largest code" },
          { "formula", "string", "how codes are made" },
          { "source", "string", "where the convention comes from" },
          { "text", "string", "the scheme in a few words" },
        } },
      },
      text = "Every field, and what follows from them.",
      example = [[
local facts = scheme:describe()
print(facts.lo, facts.hi) --> -8 7
print(facts.text) --> int4 group 64, amax, f32 scales]],
    },
    {
      name = "fields", arguments = {}, returns = { { "vise.SchemeFields", "fields" } },
      text = "The fields as vise.scheme takes them.",
      example = [[
local fields = scheme:fields()
fields.group = 32
print(vise.scheme(fields)) --> scheme int4 group 32, amax, f32 scales]],
    },
    {
      name = "layout",
      arguments = { { "shape", "integer[]", "{ rows, columns }" } },
      returns = {
        { "table[]", "parts", "one for each tensor", fields = {
          { "name", "string", "codes, scale, zero or second" },
          { "dtype", "string", "of its elements" },
          { "shape", "integer[]", "of the tensor" },
          { "bytes", "integer", "of its elements" },
        } },
        { "integer", "bytes", "of all" },
      },
      text = "What a coded matrix of that shape is stored as.",
      example = [[
local parts, bytes = scheme:layout { 256, 256 }
print(parts[1].name, parts[1].bytes) --> codes 32768
print(bytes) --> 36864]],
    },
  },
}
