--- TK: tokenizers.

---@type table<string, vise.ErrorEntry>
return {
  ["E-TK-01"] = {
    title = "tokenizer cut short",
    next = "Copy the tokenizer file again.",
  },
  ["E-TK-02"] = {
    title = "impossible length of a piece",
    next = "Give a tokenizer file of llama2.c, such as tok512.bin.",
  },
  ["E-TK-03"] = {
    title = "score that is not finite",
    next = "The file is damaged; copy it again.",
  },
  ["E-TK-04"] = {
    title = "tokenizer too large",
    next = "Give a tokenizer file of llama2.c, such as tok512.bin.",
  },
  ["E-TK-05"] = {
    title = "byte pieces missing",
    next = "Give a tokenizer with byte fallback, as llama2.c makes them.",
  },
  ["E-TK-06"] = {
    title = "text too long",
    next = "Encode the text in parts, one story or page at a time.",
  },
  ["E-TK-07"] = {
    title = "no such token id",
    next = "Decode with the tokenizer that the model was trained with.",
  },
}
