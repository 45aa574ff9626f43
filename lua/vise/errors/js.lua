--- JS: JSON.

---@type table<string, vise.ErrorEntry>
return {
  ["E-JS-01"] = {
    title = "JSON syntax error",
    next = "Correct the document at the place named.",
  },
  ["E-JS-02"] = {
    title = "JSON ends too early",
    next = "Download or write the document again.",
  },
  ["E-JS-03"] = {
    title = "JSON is not UTF-8",
    next = "Save the document as UTF-8.",
  },
  ["E-JS-04"] = {
    title = "bad string in JSON",
    next = "Correct the string at the place named.",
  },
  ["E-JS-05"] = {
    title = "NUL in a JSON string",
    next = "Remove the NUL.",
  },
  ["E-JS-06"] = {
    title = "bad number in JSON",
    next = "Correct the number at the place named.",
  },
  ["E-JS-07"] = {
    title = "duplicate key in JSON",
    next = "Remove one of the two.",
  },
  ["E-JS-08"] = {
    title = "JSON nests too deeply",
    next = "Flatten the document; 64 levels are the limit.",
  },
  ["E-JS-09"] = {
    title = "something follows the JSON value",
    next = "Remove what follows, or split the document.",
  },
  ["E-JS-10"] = {
    title = "JSON document too large",
    next = "Documents are 64 MiB and 1,000,000 values at most.",
  },
  ["E-JS-11"] = {
    title = "NaN or infinity in JSON",
    next = "Replace it with null or a string.",
  },
  ["E-JS-12"] = {
    title = "string is not UTF-8",
    next = "Encode the bytes, as hex digits for example.",
  },
  ["E-JS-13"] = {
    title = "table is neither list nor object",
    next = "Use the keys 1, 2, ... or strings, not both.",
  },
  ["E-JS-14"] = {
    title = "value has no JSON form",
    next = "Remove it or turn it into a string.",
  },
  ["E-JS-15"] = {
    title = "document is not an object",
    next = "config.json holds one object: { ... }.",
  },
}
