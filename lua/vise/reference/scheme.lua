--- Schemes: the description of a numeric format.

return {
  name = "scheme",
  kind = "class",
  summary = "one immutable description of a numeric format; made by vise.scheme",
  functions = {
    {
      name = "describe", arguments = {}, returns = { { "table" } },
      text = "Every field, and what follows from them: signed, lo, hi, formula, source, text.",
      example = "print(scheme:describe().formula)",
    },
    {
      name = "fields", arguments = {}, returns = { { "table" } },
      text = "The fields as vise.scheme takes them.",
      example = "local same = vise.scheme(scheme:fields())",
    },
    {
      name = "layout",
      arguments = { { "shape", "integer[]", "{ rows, columns }" } },
      returns = { { "table[]" }, { "integer" } },
      text = "What a coded matrix of that shape is stored as: name, dtype, shape and bytes of each tensor; and "
        .. "the bytes of all.",
      example = "local parts, bytes = scheme:layout { 4096, 4096 }",
    },
  },
}
