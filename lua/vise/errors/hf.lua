--- HF: model folders.

---@type table<string, vise.ErrorEntry>
return {
  ["E-HF-01"] = {
    title = "the index names something outside the folder",
    next = "Do not use this folder: its index points elsewhere.",
    explain = "The shard index of a model names the files of its tensors. A name with a slash, an absolute "
      .. "path or nothing at all would lead out of the folder. Indexes come from strangers; such a "
      .. "one is not trusted.",
  },
  ["E-HF-02"] = {
    title = "shards are missing",
    next = "Download the missing shards.",
    explain = "The index names shards that are not in the folder. The download was partial.",
  },
  ["E-HF-03"] = {
    title = "a tensor is not in the shard named",
    next = "Download index and shards again, from one revision.",
    explain = "Index and shards disagree: a tensor is not in the file that should hold it. They come from "
      .. "different revisions of the model.",
  },
  ["E-HF-04"] = {
    title = "a tensor is in two shards",
    next = "Download index and shards again, from one revision.",
    explain = "A tensor that is in two files has two values. Which of them counts cannot be known.",
  },
  ["E-HF-05"] = {
    title = "the index states another total size",
    next = "Nothing, if the tensors load; else download again.",
    explain = "The index states a size or lists tensors that differ from what the shards hold. The tensors "
      .. "themselves are sound; this is a note, not a failure.",
  },
  ["E-HF-06"] = {
    title = "single file and index are both there",
    next = "Pass weights = NAME to choose the other.",
    explain = "The folder holds the model twice: as one file and in shards. The index is taken.",
  },
  ["E-HF-07"] = {
    title = "Git-LFS pointer",
    next = "Run `git lfs pull` in the repository, or download the file itself.",
    explain = "The repository was cloned without its large files. What lies there is a small text that "
      .. "names the real one.",
  },
  ["E-HF-08"] = {
    title = "a web page or JSON, not weights",
    next = "Download again; check address and login.",
    explain = "The first bytes are those of a web page or of JSON: an error page was saved in place of the "
      .. "weights.",
  },
  ["E-HF-09"] = {
    title = "pickle checkpoint",
    next = "Convert it to safetensors in a sandbox; pickle can run code.",
    explain = "Pickle files are programs; loading one runs its code. vise reads safetensors only.",
  },
  ["E-HF-10"] = {
    title = "not a regular file",
    next = "Pass a .safetensors file or a model folder.",
    explain = "A folder, pipe, socket or device was given where a regular file is needed. Reading from "
      .. "such could block for ever.",
  },
  ["E-HF-11"] = {
    title = "a link leads nowhere",
    next = "Repair the link or download what it points to.",
    explain = "The path is a symbolic link whose target does not exist, or links that lead in a circle. "
      .. "Download caches leave such links when their files are removed.",
  },
  ["E-HF-12"] = {
    title = "file changed while being read",
    next = "Wait until nothing writes to it, then start again.",
    explain = "Weights are mapped from the file while they are used. Another program wrote to it or cut "
      .. "it, so what was read may be a mixture of two versions.",
  },
  ["E-HF-13"] = {
    title = "no weights in the folder",
    next = "Pass a folder with .safetensors files.",
    explain = "No file in the folder is a safetensors file that vise knows how to choose: none at all, or "
      .. "several without an index.",
  },
  ["E-HF-14"] = {
    title = "no such variant",
    next = "Choose one of the variants named, or none.",
    explain = "A folder may hold the same model in several variants, such as fp16, in files "
      .. "NAME.VARIANT.safetensors. The one asked for is not there, or there is no plain one and none "
      .. "was asked for.",
  },
  ["E-HF-15"] = {
    title = "bad shard index",
    next = "Download the index again.",
    explain = "model.safetensors.index.json has no weight_map, or it is not an object of names.",
  },
  ["E-HF-16"] = {
    title = "no such weights file",
    next = "Choose a file that is in the folder.",
    explain = "weights = NAME chooses a file of the folder; there is none of that name.",
  },
  ["E-HF-17"] = {
    title = "no such tensor",
    next = "Print the names that there are with :names().",
    explain = "A tensor was asked for by a name that the checkpoint does not have.",
  },
  ["E-HF-18"] = {
    title = "wrong argument of open",
    next = "`vise help open` lists the options.",
    explain = "open takes the path of a folder or file, and options that are strings: variant, weights. The nearest "
      .. "one is in the message.",
    exit = 64,
  },
}
