--- JS: JSON.

---@type table<string, vise.ErrorEntry>
return {
  ["E-JS-01"] = {
    title = "JSON syntax error",
    next = "Correct the document at the place named.",
    explain = "Something stands where JSON does not allow it; the message has line, column and what was "
      .. "expected.",
  },
  ["E-JS-02"] = {
    title = "JSON ends too early",
    next = "Download or write the document again.",
    explain = "The text ends inside a value. A file that is cut short looks like this.",
  },
  ["E-JS-03"] = {
    title = "JSON is not UTF-8",
    next = "Save the document as UTF-8.",
    explain = "JSON is UTF-8. A byte sequence is not; the file may be in Latin-1 or be binary.",
  },
  ["E-JS-04"] = {
    title = "bad string in JSON",
    next = "Correct the string at the place named.",
    explain = "A string holds a raw control character or an escape that JSON does not have.",
  },
  ["E-JS-05"] = {
    title = "NUL in a JSON string",
    next = "Remove the NUL.",
    explain = "\\u0000 in a string ends the text for many programs, and two different names become one. It "
      .. "is refused.",
  },
  ["E-JS-06"] = {
    title = "bad number in JSON",
    next = "Correct the number at the place named.",
    explain = "Numbers have no leading zeros, no plus sign, a digit on both sides of the point, and a "
      .. "value that fits a double.",
  },
  ["E-JS-07"] = {
    title = "duplicate key in JSON",
    next = "Remove one of the two.",
    explain = "An object names a key twice. Programs differ in which one counts, so neither does.",
  },
  ["E-JS-08"] = {
    title = "JSON nests too deeply",
    next = "Flatten the document; 64 levels are the limit.",
    explain = "The document nests deeper than 64 levels. Real ones do not; such a text is made to exhaust "
      .. "the reader.",
  },
  ["E-JS-09"] = {
    title = "something follows the JSON value",
    next = "Remove what follows, or split the document.",
    explain = "A second value or other text follows the document.",
  },
  ["E-JS-10"] = {
    title = "JSON document too large",
    next = "Documents are 64 MiB and 1,000,000 values at most.",
    explain = "The document is larger than is read into memory at once.",
  },
  ["E-JS-11"] = {
    title = "NaN or infinity in JSON",
    next = "Replace it with null or a string.",
    explain = "JSON has no NaN and no infinity; a Lua value to be written holds one.",
  },
  ["E-JS-12"] = {
    title = "string is not UTF-8",
    next = "Encode the bytes, as hex digits for example.",
    explain = "A Lua string to be written as JSON holds bytes that are not UTF-8.",
  },
  ["E-JS-13"] = {
    title = "table is neither list nor object",
    next = "Use the keys 1, 2, ... or strings, not both.",
    explain = "A Lua table with both numbered and named keys, or with holes, is neither a list nor an "
      .. "object.",
  },
  ["E-JS-14"] = {
    title = "value has no JSON form",
    next = "Remove it or turn it into a string.",
    explain = "Functions, userdata and other Lua values have no form in JSON.",
  },
  ["E-JS-15"] = {
    title = "document is not an object",
    next = "config.json holds one object: { ... }.",
    explain = "A document that should be an object of named fields is a list, a number or a text.",
  },
}
