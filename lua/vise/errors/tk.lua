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
  ["E-TK-08"] = {
    title = "tokenizer of another kind",
    next = "Encode the texts with the tokenizer's own library, and give lists of ids (a .ids file).",
    explain = "Of tokenizer.json files the type WordLevel is read. BPE, Unigram and WordPiece, normalizers and "
      .. "pre-tokenizers other than white space are not: their ids would differ from those the model was trained with.",
  },
  ["E-TK-09"] = {
    title = "text without a piece",
    next = "Leave the text out, or give a tokenizer whose vocabulary has the piece or one for the unknown.",
    explain = "The vocabulary has no piece for a part of the text, and no piece that stands for the unknown.",
  },
  ["E-TK-10"] = {
    title = "tokenizer.json that is not well-formed",
    next = "Copy the file again from where the model came from.",
    explain = "Its vocabulary or its special pieces contradict each other, or what should be an object is none.",
  },
  ["E-TK-11"] = {
    title = "no tokenizer in this folder",
    next = "Copy the tokenizer's file into the model's folder, or name it with --tokenizer.",
    explain = "A model's folder has its tokenizer in tokenizer.json, or in tok512.bin or tokenizer.bin of llama2.c.",
  },
  ["E-TK-12"] = {
    title = "tokenizer used wrongly",
    next = "See vise help tokenizers and vise help tokenizer.",
    explain = "An option is unknown or has a wrong value, or what was to be encoded is no string.",
  },
}
