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
  -- MD: models
  ["E-MD-01"] = { title = "no config.json", next = "Give the model's folder, with config.json beside the weights." },
  ["E-MD-02"] = { title = "unknown model family", next = "Open one of the families that the message lists." },
  ["E-MD-03"] = { title = "field missing in config.json", next = "Take config.json from where the weights came from." },
  ["E-MD-04"] = { title = "wrong value in config.json", next = "Correct the field that the message names." },
  ["E-MD-05"] = { title = "variant of the family that is not computed", next = "Use a model of the plain architecture." },
  ["E-MD-06"] = { title = "tensors missing", next = "Copy the whole model folder; check that config.json belongs to it." },
  ["E-MD-07"] = { title = "tensor and config.json disagree on a shape", next = "Take both from the same model." },
  ["E-MD-08"] = { title = "weights of a type that is not computed", next = "Convert the weights to f32, f16 or bf16." },
  ["E-MD-09"] = { title = "more blocks in the file than in config.json", next = "Take both from the same model." },
  ["E-MD-10"] = { title = "sizes in config.json do not go together", next = "Take config.json from where the weights came from." },
  ["E-MD-11"] = { title = "cache cannot take these positions", next = "Make a larger cache, or clear it." },
  ["E-MD-12"] = { title = "input does not fit the model", next = "Give the forward the shape that the message names." },
  ["E-MD-13"] = { title = "wrong option of generate", next = "`vise help generate` lists the options." },

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
  ["E-TN-11"] = { title = "id outside the table", next = "Check that tokenizer and model belong together." },
  ["E-TN-12"] = { title = "output overlaps an input", next = "Leave `out` away, or give it storage of its own." },

  -- NU: numbers
  ["E-NU-01"] = {
    title = "a number is not finite",
    next = "Find where it comes from: `vise inspect` counts NaN and infinity in each tensor.",
  },
  ["E-NU-02"] = { title = "decomposition did not converge", next = "Look for extreme values, or convert to f64." },
  ["E-NU-03"] = { title = "rank out of range", next = "Take a rank up to the smaller side of the matrix." },
  ["E-NU-04"] = { title = "matrix too large to decompose", next = "Use method = \"randomized\"." },

  -- OB: observers on layers
  ["E-OB-09"] = { title = "layer is not observed", next = "Attach an observer to the layer first." },
  ["E-OB-10"] = {
    title = "calibration did not reach every layer",
    next = "Let the calibrate function run the whole model, or exclude the layers named.",
  },

  -- CF: configuration
  ["E-CF-01"] = { title = "a field is missing", next = "Add the field; `vise help config` lists them." },
  ["E-CF-02"] = { title = "unknown field", next = "Use one of the fields listed; `vise help config` explains them." },
  ["E-CF-03"] = { title = "wrong type of value", next = "Give a value of the type named." },
  ["E-CF-04"] = { title = "unknown quant type", next = "Use one of the forms listed; `vise help quant_types` explains them." },
  ["E-CF-05"] = { title = "value outside its range", next = "Use one of the values listed." },
  ["E-CF-06"] = { title = "fields that contradict each other", next = "Change one of the two, as the message says." },

  -- PL: plans and patterns
  ["E-PL-01"] = {
    title = "pattern matches nothing",
    next = "Correct the pattern, or write { pattern, optional = true }; `vise inspect MODEL` lists the names.",
  },
  ["E-PL-02"] = { title = "malformed pattern", next = "Use a glob such as \"*.attn1.*\", or a valid Lua pattern." },
  ["E-PL-03"] = { title = "shape the type cannot take", next = "Exclude the layer or give it another type in `plan`." },
  ["E-PL-04"] = { title = "model is already quantized", next = "Open the model again." },
  ["E-PL-05"] = { title = "nothing to quantize", next = "Loosen `exclude` or `regions`." },

  -- AR: artefacts
  ["E-AR-01"] = { title = "no manifest", next = "Check the path; if a save was interrupted, save again.", exit = 66 },
  ["E-AR-02"] = { title = "manifest or metadata of another format", next = "Give an artefact written by this version of vise." },
  ["E-AR-03"] = { title = "malformed field in a manifest", next = "Save the artefact again; manifests are not edited by hand." },
  ["E-AR-04"] = { title = "file name in a manifest refused", next = "An artefact's files lie in its own folder; save it again." },
  ["E-AR-05"] = { title = "checkpoint missing or truncated", next = "Copy the whole artefact folder again.", exit = 66 },
  ["E-AR-06"] = { title = "not an artefact", next = "Give the folder or file that `save` wrote." },
  ["E-AR-07"] = { title = "unreadable metadata", next = "The file is damaged; save the artefact again." },
  ["E-AR-08"] = { title = "artefact and request disagree", next = "Load with the quant type that the artefact holds." },
  ["E-AR-09"] = { title = "artefact does not fit the model", next = "Open the model that the artefact was made from." },
  ["E-AR-10"] = { title = "tensors of the artefact are wrong", next = "The file is incomplete or edited; save the artefact again." },
  ["E-AR-11"] = { title = "damaged tensor", next = "Copy or save the artefact again." },
  ["E-AR-12"] = { title = "another base model", next = "Open the base model that the artefact was made from." },
  ["E-AR-13"] = { title = "folder cannot be saved into", next = "Choose a new folder, or one that holds an artefact.", exit = 73 },
  ["E-AR-14"] = { title = "nothing to save", next = "Quantize the model first, and give save a folder.", exit = 64 },
  ["E-AR-15"] = { title = "nothing to load", next = "Give load a folder, a file, or a config with save_to.", exit = 64 },

  -- NU: numbers
  ["E-NU-02"] = { title = "calibration gave values that are not finite", next = "Look at the calibration data and at the layers before the one named." },

  -- RC: recipes
  ["E-RC-01"] = { title = "a recipe's file is missing", next = "A recipe's folder has header.lua and recipe.lua.", exit = 66 },
  ["E-RC-02"] = { title = "a header is not one table of literals", next = "Only strings, numbers, true, false, nil and tables may stand there." },
  ["E-RC-03"] = { title = "a header's field is wrong", next = "docs/recipes.md lists the fields." },
  ["E-RC-04"] = { title = "unknown parameter", next = "`vise run RECIPE --params` lists them.", exit = 64 },
  ["E-RC-05"] = { title = "a parameter's value does not fit", next = "`vise run RECIPE --params` says what each may be.", exit = 64 },
  ["E-RC-06"] = { title = "a recipe's code does not load", next = "recipe.lua returns function(job); docs/recipes.md shows one." },
  ["E-RC-07"] = { title = "a recipe's code failed", next = "Correct the line that the message names." },
  ["E-RC-08"] = { title = "a recipe needs a model", next = "Add --model DIR.", exit = 64 },
  ["E-RC-09"] = { title = "a recipe needs an output folder", next = "Add --out DIR.", exit = 64 },
  ["E-RC-10"] = { title = "a job's function was called wrongly", next = "docs/recipes.md describes the job." },

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
