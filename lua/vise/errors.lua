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
---@field exit? integer  The exit status, where it is not the one of the prefix (lua/vise/cli/failure.lua).

---@type table<string, vise.ErrorEntry>
return {
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

  -- US: usage
  ["E-US-01"] = { title = "unknown command", next = "`vise help` lists the commands." },
  ["E-US-02"] = { title = "unknown option", next = "`vise COMMAND -h` lists the options." },
  ["E-US-03"] = { title = "an option lacks its value, or takes none", next = "Write --option VALUE or --option=VALUE." },
  ["E-US-04"] = { title = "a value of the wrong type", next = "`vise COMMAND --help` says what each value may be." },
  ["E-US-05"] = { title = "an argument is missing, or one too many", next = "`vise COMMAND --help` shows the usage." },
  ["E-US-06"] = { title = "no such file or folder", next = "Check the path; it is relative to the current folder.", exit = 66 },
  ["E-US-07"] = { title = "a file may not be read", next = "Check the permissions of the file.", exit = 77 },
  ["E-US-08"] = { title = "unknown help topic", next = "`vise help` lists the topics." },
  ["E-US-09"] = { title = "a script does not compile", next = "Correct the line that the message names.", exit = 65 },
  ["E-US-10"] = { title = "a bug in vise", next = "Report it with the lines below and the command that led here.", exit = 70 },
}
