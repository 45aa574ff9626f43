--- HF: model folders.

---@type table<string, vise.ErrorEntry>
return {
  ["E-HF-01"] = {
    title = "the index names something outside the folder",
    next = "Do not use this folder: its index points elsewhere.",
  },
  ["E-HF-02"] = {
    title = "shards are missing",
    next = "Download the missing shards.",
  },
  ["E-HF-03"] = {
    title = "a tensor is not in the shard named",
    next = "Download index and shards again, from one revision.",
  },
  ["E-HF-04"] = {
    title = "a tensor is in two shards",
    next = "Download index and shards again, from one revision.",
  },
  ["E-HF-05"] = {
    title = "the index states another total size",
    next = "Nothing, if the tensors load; else download again.",
  },
  ["E-HF-06"] = {
    title = "single file and index are both there",
    next = "Pass weights = NAME to choose the other.",
  },
  ["E-HF-07"] = {
    title = "Git-LFS pointer",
    next = "Run `git lfs pull` in the repository, or download the file itself.",
  },
  ["E-HF-08"] = {
    title = "a web page or JSON, not weights",
    next = "Download again; check address and login.",
  },
  ["E-HF-09"] = {
    title = "pickle checkpoint",
    next = "Convert it to safetensors in a sandbox; pickle can run code.",
  },
  ["E-HF-10"] = {
    title = "not a regular file",
    next = "Pass a .safetensors file or a model folder.",
  },
  ["E-HF-11"] = {
    title = "a link leads nowhere",
    next = "Repair the link or download what it points to.",
  },
  ["E-HF-12"] = {
    title = "file changed while being read",
    next = "Wait until nothing writes to it, then start again.",
  },
  ["E-HF-13"] = {
    title = "no weights in the folder",
    next = "Pass a folder with .safetensors files.",
  },
  ["E-HF-14"] = {
    title = "no such variant",
    next = "Choose one of the variants named, or none.",
  },
  ["E-HF-15"] = {
    title = "bad shard index",
    next = "Download the index again.",
  },
  ["E-HF-16"] = {
    title = "no such weights file",
    next = "Choose a file that is in the folder.",
  },
  ["E-HF-17"] = {
    title = "no such tensor",
    next = "Print the names that there are with :names().",
  },
}
