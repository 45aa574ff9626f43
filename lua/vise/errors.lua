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

  -- SC: schemes and coded tensors
  ["E-SC-01"] = { title = "scheme field not allowed", next = "Use one of the values the message lists." },
  ["E-SC-02"] = { title = "scheme fields contradict", next = "Leave the field out: the convention implies it." },
  ["E-SC-03"] = { title = "group wider than the row", next = "Take a smaller group, or skip this layer." },
  ["E-SC-04"] = {
    title = "NaN or infinity in what is encoded",
    next = "Look at the weight or activation named; exclude the layer if its weight is broken.",
  },
  ["E-SC-05"] = { title = "step does not fit the scale dtype", next = 'Use scale_dtype "bf16" or "f32".' },
  ["E-SC-06"] = {
    title = "coded tensor with wrong parts",
    next = "The artefact does not belong to this scheme or model; make it again.",
  },
  ["E-SC-07"] = { title = "coded tensor with broken values", next = "The file is damaged; make it again." },
  ["E-SC-08"] = {
    title = "no integer kernel for these schemes",
    next = "Choose schemes the message lists, or multiply with decoded_linear.",
  },
  ["E-SC-09"] = {
    title = "too many inputs for an integer kernel",
    next = "Leave the layer in float, or multiply with decoded_linear.",
  },
  ["E-SC-10"] = { title = "shapes do not go together", next = "Check the input against the layer's sizes." },

  -- OB: observers
  ["E-OB-01"] = { title = "no such observer", next = "Use range or channel_span, with { channels = n }." },
  ["E-OB-02"] = { title = "observed shapes differ", next = "Give each layer its own observer." },
  ["E-OB-03"] = {
    title = "observer has seen nothing",
    next = "Run the calibration through this layer, or exclude it.",
  },

  -- RN: runs
  ["E-RN-01"] = { title = "interrupted", next = "Run it again; nothing was half written." },
}
