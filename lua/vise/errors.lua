--- Every error id: what it means and what to do next.  The C code and the Lua modules fail
--- with these ids; the command line prints `next` below the message.
---
--- Prefixes: ST safetensors, HF model folders, FS files and disks, JS JSON, TN tensors and shapes,
--- MM memory, HW machine, NU numbers, SC schemes and coded tensors, OB observers, CF configuration,
--- PL plans and patterns, AR artefacts, MD models, TK tokenizers, DT data, RC recipes, RN runs,
--- US usage.

---@class vise.ErrorEntry
---@field title string  What the id means, in a few words.
---@field next string   What the person can do, one sentence.

---@type table<string, vise.ErrorEntry>
return {
  -- ST: safetensors
  ["E-ST-01"] = { title = "file is empty", next = "Download the file again; it is cut or damaged." },
  ["E-ST-02"] = {
    title = "file is too short for a header",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-03"] = {
    title = "header length is 0",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-04"] = {
    title = "header longer than the file",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-05"] = {
    title = "header over the limit of the format",
    next = "Split the checkpoint into several files.",
  },
  ["E-ST-06"] = {
    title = "header length is impossible",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-07"] = {
    title = "header is not UTF-8",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-08"] = {
    title = "header does not begin with {",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-09"] = {
    title = "header is not an object",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-10"] = {
    title = "header ends too early",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-11"] = {
    title = "something follows the header",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-12"] = {
    title = "header nests too deeply",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-13"] = {
    title = "a name appears twice",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-14"] = {
    title = "NUL in a name",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-15"] = {
    title = "a tensor's field is missing or wrong",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-16"] = { title = "unknown dtype", next = "Convert the tensor to a dtype the message lists." },
  ["E-ST-17"] = {
    title = "bad shape",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-18"] = {
    title = "element count too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-19"] = {
    title = "byte size too large",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-20"] = {
    title = "shape and offsets disagree",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-21"] = {
    title = "offsets run backwards",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-22"] = {
    title = "a tensor ends past the data",
    next = "Download the file again; it is cut or damaged.",
  },
  ["E-ST-23"] = {
    title = "tensors overlap",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-24"] = {
    title = "bytes that belong to no tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-25"] = {
    title = "a tensor is not whole bytes",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-26"] = {
    title = "metadata value is not a string",
    next = "Metadata maps strings to strings: convert the value with tostring.",
  },
  ["E-ST-27"] = { title = "too many tensors", next = "Raise max_tensors if you trust the file." },
  ["E-ST-28"] = { title = "tensor name too long", next = "Shorten the name to 4,096 bytes." },
  ["E-ST-29"] = {
    title = "header is not valid JSON",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },
  ["E-ST-30"] = {
    title = "unknown field of a tensor",
    next = "Write the file again with a safetensors library; this one breaks the format.",
  },

  -- HF: model folders
  ["E-HF-01"] = {
    title = "the index names something outside the folder",
    next = "Do not use this folder: its index points elsewhere.",
  },
  ["E-HF-02"] = { title = "shards are missing", next = "Download the missing shards." },
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
  ["E-HF-10"] = { title = "not a regular file", next = "Pass a .safetensors file or a model folder." },
  ["E-HF-11"] = {
    title = "a link leads nowhere",
    next = "Repair the link or download what it points to.",
  },
  ["E-HF-12"] = {
    title = "file changed while being read",
    next = "Wait until nothing writes to it, then start again.",
  },
  ["E-HF-13"] = { title = "no weights in the folder", next = "Pass a folder with .safetensors files." },
  ["E-HF-14"] = { title = "no such variant", next = "Choose one of the variants named, or none." },
  ["E-HF-15"] = { title = "bad shard index", next = "Download the index again." },
  ["E-HF-16"] = { title = "no such weights file", next = "Choose a file that is in the folder." },
  ["E-HF-17"] = { title = "no such tensor", next = "Print the names that there are with :names()." },

  -- FS: files and disks
  ["E-FS-01"] = { title = "disk full", next = "Free some space; nothing was replaced." },
  ["E-FS-02"] = {
    title = "file size limit reached",
    next = "Raise the limit (`ulimit -f`) or use another file system.",
  },
  ["E-FS-03"] = { title = "permission denied", next = "Choose a folder that you may write to." },
  ["E-FS-05"] = { title = "name is taken", next = "Choose another name or remove what is there." },
  ["E-FS-08"] = {
    title = "disk error",
    next = "Do not trust what was written; check the disk and save elsewhere.",
  },
  ["E-FS-13"] = { title = "too many open files", next = "Raise the limit with `ulimit -n`." },
  ["E-FS-15"] = { title = "no such file or folder", next = "Check the path." },
  ["E-FS-16"] = { title = "the operating system refused", next = "The message says why." },
  ["E-FS-17"] = {
    title = "names cannot be exchanged here",
    next = "Save to another folder, or remove the old one first.",
  },
  ["E-FS-18"] = { title = "file is too large", next = "Pass a smaller file." },

  -- JS: JSON
  ["E-JS-01"] = { title = "JSON syntax error", next = "Correct the document at the place named." },
  ["E-JS-02"] = { title = "JSON ends too early", next = "Download or write the document again." },
  ["E-JS-03"] = { title = "JSON is not UTF-8", next = "Save the document as UTF-8." },
  ["E-JS-04"] = { title = "bad string in JSON", next = "Correct the string at the place named." },
  ["E-JS-05"] = { title = "NUL in a JSON string", next = "Remove the NUL." },
  ["E-JS-06"] = { title = "bad number in JSON", next = "Correct the number at the place named." },
  ["E-JS-07"] = { title = "duplicate key in JSON", next = "Remove one of the two." },
  ["E-JS-08"] = {
    title = "JSON nests too deeply",
    next = "Flatten the document; 64 levels are the limit.",
  },
  ["E-JS-09"] = {
    title = "something follows the JSON value",
    next = "Remove what follows, or split the document.",
  },
  ["E-JS-10"] = { title = "JSON document too large", next = "Documents are 64 MiB and 1,000,000 values at most." },
  ["E-JS-11"] = { title = "NaN or infinity in JSON", next = "Replace it with null or a string." },
  ["E-JS-12"] = { title = "string is not UTF-8", next = "Encode the bytes, as hex digits for example." },
  ["E-JS-13"] = {
    title = "table is neither list nor object",
    next = "Use the keys 1, 2, ... or strings, not both.",
  },
  ["E-JS-14"] = { title = "value has no JSON form", next = "Remove it or turn it into a string." },
  ["E-JS-15"] = { title = "document is not an object", next = "config.json holds one object: { ... }." },

  -- MM: memory
  ["E-MM-01"] = {
    title = "not enough memory",
    next = "Close other programs, lower the batch size, or raise the memory limit.",
  },

  -- HW: the machine
  ["E-HW-01"] = {
    title = "unknown backend",
    next = "Use ref, avx2 or avx512, or unset VISE_BACKEND to take the best one.",
  },
  ["E-HW-02"] = {
    title = "backend not supported by this CPU",
    next = "Unset VISE_BACKEND; `vise doctor` lists what this CPU runs.",
  },
  ["E-HW-03"] = {
    title = "thread count out of range",
    next = "Set VISE_THREADS to a number from 1 to 256.",
  },
  ["E-HW-04"] = {
    title = "threads could not be started",
    next = "Set VISE_THREADS to a smaller number.",
  },

  -- TN: tensors and shapes
  ["E-TN-01"] = { title = "impossible shape", next = "Check the sizes you pass." },
  ["E-TN-02"] = { title = "range outside the tensor", next = "Rows and columns count from 1; print the shape." },
  ["E-TN-03"] = { title = "shape change impossible", next = "Keep the element count; copy a strided view first." },
  ["E-TN-04"] = { title = "wrong dtype", next = "Convert with :to(dtype)." },
  ["E-TN-05"] = { title = "tensor is read-only", next = "Copy the tensor with :copy() and write to the copy." },
  ["E-TN-06"] = { title = "tensor is strided", next = "Make it contiguous with :copy()." },
  ["E-TN-07"] = { title = "output has the wrong shape", next = "Leave `out` away, or give it the shape named." },

  -- RN: runs
  ["E-RN-01"] = { title = "interrupted", next = "Run it again; nothing was half written." },
}
