--- Every error id: what it means and what to do next.  The C code and the Lua modules fail
--- with these ids; the command line prints `next` below the message.
---
--- Prefixes: ST safetensors, HF model folders, FS files and disks, JS JSON, TN tensors and shapes,
--- MM memory, HW machine, NU numbers, SC schemes and coded tensors, OB observers, CF configuration,
--- PL plans and patterns, AR artefacts, CP compiled models, MD models, TK tokenizers, DT data, RC recipes,
--- RN runs, US usage.

---@class vise.ErrorEntry
---@field title string  What the id means, in a few words.
---@field next string   What the person can do, one sentence.
---@field exit? integer  The exit status, where it is not the one of the prefix (lua/vise/cli/failure.lua).

---@type table<string, vise.ErrorEntry>
return {
  -- DT: data, sampling and measures
  ["E-DT-01"] = { title = "data file cannot be read", next = "Check the path and its permissions.", exit = 66 },
  ["E-DT-02"] = { title = "no text", next = "Give a text file; stories end with <|endoftext|>." },
  ["E-DT-03"] = { title = "not an IDX file", next = "Give an unpacked IDX file of unsigned bytes." },
  ["E-DT-04"] = { title = "IDX file cut short or too long", next = "Download or copy the file again." },
  ["E-DT-05"] = { title = "IDX file of other data", next = "Give images with three dimensions, labels with one." },
  ["E-DT-06"] = { title = "nothing to predict", next = "Give texts of at least one id after the first." },
  ["E-DT-07"] = { title = "no such batches", next = "Give columns of one length, and a batch size from 1." },
  ["E-DT-08"] = { title = "wrong option of a sampler or loss", next = "Correct the option that the message names." },
  ["E-DT-09"] = { title = "workload used wrongly", next = "`vise help workload` says what it takes, and in which order." },
  ["E-DT-10"] = { title = "model without a workload", next = "Use a type that needs no calibration, or statistics = FILE." },

  -- CP: compiled models
  ["E-CP-01"] = { title = "a forward does what cannot be compiled", next = "Leave it out of the forward, or run the model itself." },
  ["E-CP-02"] = { title = "a forward writes into a tensor that outlives it", next = "Write to a copy: t:copy()." },
  ["E-CP-03"] = { title = "a forward gives no tensor, or more", next = "Compile a model or a module whose forward returns one tensor." },
  ["E-CP-04"] = { title = "compiled model and its layers disagree", next = "Take hooks off, keep the model open; compile again if layers changed." },
  ["E-CP-05"] = { title = "input does not fit the compiled model", next = "Give it what it was compiled for, or compile for these inputs, too." },
  ["E-CP-06"] = { title = "compiled model is closed", next = "Keep it open while it runs, or compile again." },

  -- MD: models
  ["E-MD-01"] = { title = "no config.json", next = "Give the model's folder, with config.json beside the weights; bare weights have no forward." },
  ["E-MD-02"] = { title = "unknown model family", next = "Use types without calibration, or statistics = FILE: only the families listed can run." },
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
  ["E-MD-14"] = { title = "model is quantized already", next = "Open the float model that it was made from." },
  ["E-MD-19"] = { title = "no layers in a checkpoint", next = "Give a model folder, or a file with 2-D float tensors NAME.weight." },
  ["E-MD-16"] = { title = "bare weights have no forward", next = "Use a type that needs no calibration, or statistics = FILE." },
  ["E-MD-17"] = { title = "model brings code of its own", next = "Nothing to do: the code is not run." },
  ["E-MD-18"] = { title = "unknown torch_dtype", next = "Nothing to do: the types of the tensors count." },
  ["E-MD-15"] = {
    title = "no model, or a model of another kind",
    next = "Give what vise.open returned, inside assert(): a failed open returns nil and says why.",
    exit = 64,
  },
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
  ["E-FS-03"] = { title = "permission denied", next = "Choose a folder that you may write to.", exit = 77 },
  ["E-FS-05"] = { title = "name is taken", next = "Choose another name or remove what is there." },
  ["E-FS-08"] = {
    title = "disk error",
    next = "Do not trust what was written; check the disk and save elsewhere.",
  },
  ["E-FS-13"] = { title = "too many open files", next = "Raise the limit with `ulimit -n`." },
  ["E-FS-15"] = { title = "no such file or folder", next = "Check the path.", exit = 66 },
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
    next = "Use ref, avx2, avxvnni or avx512, or unset VISE_BACKEND to take the best one.",
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
  ["E-HW-05"] = {
    title = "a kernel differs from the reference",
    next = "Set VISE_BACKEND=ref and report it with the output of `vise doctor`.",
  },
  ["E-HW-06"] = {
    title = "libcrypto refuses SHA-256",
    next = "Check the OpenSSL configuration of this machine (OPENSSL_CONF).",
  },
  ["E-HW-07"] = { title = "VISE_BLAS is neither 0 nor 1", next = "Set it to 0 or 1, or leave it unset." },
  ["E-HW-08"] = {
    title = "a size to be timed that no kernel takes",
    next = "Give --inputs as a multiple of --group, and --group as a multiple of 8.",
  },
  ["E-HW-09"] = {
    title = "a library to compare with is missing",
    next = "Install libdnnl2 (oneDNN 2) if you want it timed; vise needs it for nothing else.",
  },

  -- TK: tokenizers
  ["E-TK-01"] = { title = "tokenizer cut short", next = "Copy the tokenizer file again." },
  ["E-TK-02"] = { title = "impossible length of a piece", next = "Give a tokenizer file of llama2.c, such as tok512.bin." },
  ["E-TK-03"] = { title = "score that is not finite", next = "The file is damaged; copy it again." },
  ["E-TK-04"] = { title = "tokenizer too large", next = "Give a tokenizer file of llama2.c, such as tok512.bin." },
  ["E-TK-05"] = { title = "byte pieces missing", next = "Give a tokenizer with byte fallback, as llama2.c makes them." },
  ["E-TK-06"] = { title = "text too long", next = "Encode the text in parts, one story or page at a time." },
  ["E-TK-07"] = { title = "no such token id", next = "Decode with the tokenizer that the model was trained with." },

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
  ["E-TN-13"] = { title = "wrong option of a picture", next = "`vise help picture.grid` lists the options." },

  -- NU: numbers
  ["E-NU-01"] = {
    title = "a number is not finite",
    next = "Find where it comes from: `t:nonfinite()` gives the first place in a tensor.",
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

  -- OB: observers on layers
  ["E-OB-09"] = { title = "layer is not observed", next = "Attach an observer to the layer, by a pattern in a list." },
  ["E-OB-10"] = {
    title = "calibration did not reach every layer",
    next = "Let the calibrate function run the whole model, or exclude the layers named.",
  },

  ["E-OB-11"] = {
    title = "calibration gave values that are not finite",
    next = "Look at the calibration data and at the layers before the one named.",
  },
  ["E-OB-15"] = { title = "statistics lack a layer", next = "Capture the layer, or exclude it." },
  ["E-OB-13"] = { title = "statistics of a wrong shape or value", next = "Capture them again from this model." },
  ["E-OB-16"] = { title = "model is armed", next = "Run its forwards, or call disarm() on what quantize returned." },
  ["E-OB-17"] = { title = "callback refused", next = "Register a function while the model is armed." },
  ["E-OB-18"] = {
    title = "smoothing needs rows of input",
    next = 'Capture samples as well, or take smooth_strategy = "activation".',
  },
  ["E-OB-14"] = { title = "wrong option of an observer", next = "`vise help observe.attach` lists the options." },
  ["E-OB-12"] = {
    title = "the calibrate function failed",
    next = "Correct what the message names; nothing was changed.",
  },

  -- CF: configuration
  ["E-CF-01"] = { title = "a field is missing", next = "Add the field; `vise help config` lists them." },
  ["E-CF-02"] = { title = "unknown field", next = "Use one of the fields listed; `vise help config` explains them." },
  ["E-CF-03"] = { title = "wrong type of value", next = "Give a value of the type named." },
  ["E-CF-04"] = { title = "unknown quant type", next = "Use one of the forms listed; `vise help quant_types` explains them." },
  ["E-CF-05"] = { title = "value outside its range", next = "Use one of the values listed." },
  ["E-CF-06"] = { title = "fields that contradict each other", next = "Change one of the two, as the message says." },
  ["E-CF-07"] = { title = "a config was changed", next = "Make another: vise.config { from = cfg, field = value }." },

  -- PL: plans and patterns
  ["E-PL-01"] = {
    title = "pattern matches nothing",
    next = "Correct the pattern, or write { pattern, optional = true }; `vise inspect MODEL` lists the names.",
  },
  ["E-PL-02"] = { title = "malformed pattern", next = "Use a glob such as \"*.attn1.*\", or a valid Lua pattern." },
  ["E-PL-03"] = { title = "shape the type cannot take", next = "Exclude the layer or give it another type in `plan`." },
  ["E-PL-04"] = { title = "model is already quantized", next = "Open the model again." },
  ["E-PL-05"] = { title = "nothing to quantize", next = "Loosen `exclude` or `regions`, or choose a type that the shapes allow." },
  ["E-PL-06"] = { title = "filter gave no boolean", next = "Return true for a layer to quantize, false for one to leave float." },
  ["E-PL-07"] = { title = "no such component", next = "Name the models of the pipeline as the config does." },
  ["E-PL-08"] = { title = "few_shot in a pipeline", next = "Quantize the component by itself, or choose another smooth_strategy." },

  -- AR: artefacts
  ["E-AR-01"] = { title = "no manifest", next = "Check the path; if a save was interrupted, save again.", exit = 66 },
  ["E-AR-02"] = { title = "manifest or metadata of another format", next = "Give an artefact written by this version of vise." },
  ["E-AR-03"] = { title = "malformed field in a manifest", next = "Save the artefact again; manifests are not edited by hand." },
  ["E-AR-04"] = { title = "file name in a manifest refused", next = "An artefact's files lie in its own folder; save it again." },
  ["E-AR-05"] = { title = "checkpoint missing", next = "Copy the whole artefact folder again.", exit = 66 },
  ["E-AR-06"] = { title = "not an artefact", next = "Give the folder or file that `save` wrote." },
  ["E-AR-07"] = { title = "unreadable metadata", next = "The file is damaged; save the artefact again." },
  ["E-AR-08"] = { title = "artefact and request disagree", next = "Load with the quant type that the artefact holds." },
  ["E-AR-09"] = { title = "artefact does not fit the model", next = "Open the model that the artefact was made from." },
  ["E-AR-10"] = { title = "tensors of the artefact are wrong", next = "The file is incomplete or edited; save the artefact again." },
  ["E-AR-11"] = { title = "damaged tensor", next = "Copy or save the artefact again." },
  ["E-AR-12"] = { title = "another base model", next = "Open the base model that the artefact was made from." },
  ["E-AR-13"] = { title = "folder cannot be saved into", next = "Choose a new folder, or one that holds an artefact.", exit = 73 },
  ["E-AR-14"] = { title = "nothing to save", next = "Quantize the model first, and give save a folder.", exit = 64 },
  ["E-AR-16"] = {
    title = "another layout cannot hold this",
    next = "Export an artefact of types the layout has, or quantize with `exclude` for the layer named.",
  },
  ["E-AR-17"] = { title = "no such layout", next = "Use one of the layouts listed.", exit = 64 },
  ["E-AR-18"] = { title = "checkpoint of another size", next = "The copy was cut short; copy the whole artefact folder again." },
  ["E-AR-19"] = { title = "file is not the one that was written", next = "Copy the artefact again, or save it again." },
  ["E-AR-15"] = { title = "nothing to load", next = "Give load a folder, a file, or a config with save_to.", exit = 64 },

  -- NU: numbers
  ["E-NU-09"] = { title = "impossible histogram", next = "Give a range with lo < hi, both finite, and 1 to 256 bins.", exit = 64 },

  -- LY: layouts of other programs
  ["E-LY-01"] = { title = "digits that do not describe a layout", next = "Each digit of an axis begins where the one before ends." },
  ["E-LY-02"] = { title = "tensor of the wrong size for a layout", next = "Pass the matrix and its padded size." },
  ["E-LY-03"] = { title = "padding with something in it", next = "The file is damaged, or its layers have other sizes." },

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
    title = "no product for these schemes",
    next = "Choose schemes the message lists, or leave the activations in float.",
  },
  ["E-SC-09"] = {
    title = "too many inputs for an integer kernel",
    next = "Leave the layer, or its activations, in float.",
  },
  ["E-SC-10"] = { title = "shapes do not go together", next = "Check the input against the layer's sizes." },
  ["E-SC-11"] = { title = "no scale to search", next = "Leave `search` away, or take a scheme the message lists." },
  ["E-SC-12"] = { title = "scale of activations refused", next = "Give a positive scale, and a scheme per tensor." },

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
  ["E-US-11"] = { title = "unknown tensor", next = "`vise inspect FILE` lists the tensors." },
  ["E-US-12"] = { title = "two files cannot be compared", next = "`vise inspect` shows the tensors of each.", exit = 65 },
  ["E-US-13"] = { title = "unknown name of the public module", next = "`vise help vise` lists the names." },
  ["E-US-10"] = { title = "a bug in vise", next = "Report it with the lines below and the command that led here.", exit = 70 },
}
