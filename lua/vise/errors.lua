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
  ["E-TN-08"] = { title = "shapes do not fit together", next = "Print the shapes of the arguments." },
  ["E-TN-09"] = { title = "nothing to work on", next = "Pass a tensor with at least one element." },
  ["E-TN-10"] = {
    title = "option does not fit the shape",
    next = "Compare the sizes named with the model's config.",
  },
  ["E-TN-11"] = {
    title = "id outside the table",
    next = "Check that tokenizer and model belong together.",
  },
  ["E-TN-12"] = {
    title = "output overlaps an input",
    next = "Leave `out` away, or give it storage of its own.",
  },

  -- NU: numbers
  ["E-NU-01"] = {
    title = "a number is not finite",
    next = "Find where it comes from: `vise inspect` counts NaN and infinity in each tensor.",
  },
  ["E-NU-02"] = {
    title = "decomposition did not converge",
    next = "Look for extreme values, or convert to f64.",
  },
  ["E-NU-03"] = {
    title = "rank out of range",
    next = "Take a rank up to the smaller side of the matrix.",
  },
  ["E-NU-04"] = { title = "matrix too large to decompose", next = "Use method = \"randomized\"." },

  -- RN: runs
  ["E-RN-01"] = { title = "interrupted", next = "Run it again; nothing was half written." },
}
