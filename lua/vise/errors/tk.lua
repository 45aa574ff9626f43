--- TK: tokenizers.

---@type table<string, vise.ErrorEntry>
return {
  ["E-TK-01"] = {
    title = "tokenizer cut short",
    next = "Copy the tokenizer file again.",
    explain = "A piece of the vocabulary reaches past the end of the file.",
  },
  ["E-TK-02"] = {
    title = "impossible length of a piece",
    next = "Give a tokenizer file of llama2.c, such as tok512.bin.",
    explain = "A piece states a length that is negative or larger than the longest piece.",
  },
  ["E-TK-03"] = {
    title = "score that is not finite",
    next = "The file is damaged; copy it again.",
    explain = "Scores order the merges and must be numbers. One is NaN or infinite.",
  },
  ["E-TK-04"] = {
    title = "tokenizer too large",
    next = "Give a tokenizer file of llama2.c, such as tok512.bin.",
    explain = "The file is larger, or has more pieces, than any tokenizer of this format.",
  },
  ["E-TK-05"] = {
    title = "byte pieces missing",
    next = "Give a tokenizer with byte fallback, as llama2.c makes them.",
    explain = "The pieces 3 to 258 stand for single bytes, so that every text can be encoded. They are "
      .. "missing or in another order.",
  },
  ["E-TK-06"] = {
    title = "text too long",
    next = "Encode the text in parts, one story or page at a time.",
    explain = "Encoding takes memory in proportion to the text, so one text is limited.",
  },
  ["E-TK-07"] = {
    title = "no such token id",
    next = "Decode with the tokenizer that the model was trained with.",
    explain = "The number is negative, or not below the number of pieces of this vocabulary.",
  },
}
