--- The public module.

return {
  name = "vise",
  kind = "module",
  summary = "the verbs, and tensors",
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder" },
        { "options", "table", "variant = \"fp16\" picks that variant of a diffusers folder", optional = true },
      },
      returns = { { "vise.Model" } }, fails = true,
      text = "Opens a model. Weights are mapped from the file and not copied; the family comes from "
        .. "config.json. A family that is not known, or a file alone, opens as bare weights: every 2-D float tensor "
        .. "NAME.weight is a layer, and there is no forward. model.notes says what was odd.",
      example = 'local model = assert(vise.open("models/dit", { variant = "fp16" }))',
    },
    {
      name = "compile",
      arguments = {
        { "model", "vise.Model", "an open model, quantized or not; or a part of one" },
        { "...", "any", "what its forward takes: of the shapes and dtypes that it is to be compiled for" },
      },
      returns = { { "vise.Compiled" } }, fails = true,
      text = "Compiles a model for one set of shapes: runs its forward once while every operator is recorded, drops "
        .. "what is unused, done twice or the same for all inputs, joins what can be computed together, and gives "
        .. "every value a place in memory. compiled:forward(...) takes inputs of these shapes and answers with the "
        .. "same bits as the model's forward, without allocating; the answer is valid until the next forward, "
        .. "copy() it to keep it. compiled:describe() has the operators traced, replayed, constant, shared and "
        .. "fused, and values, buffers, value_bytes, arena_bytes, workspace_bytes, rows_bytes, constant_bytes and "
        .. "weight_bytes; tostring() of it is a summary. compiled:close() frees its memory. The model stays as it is "
        .. "and has to stay open; after a hook, vise.quantize or vise.load a forward raises E-CP-04. With "
        .. "{ cache = ... } among the arguments a Llama continues that cache by as many ids as it was compiled for.",
      example = "local fast <close> = assert(vise.compile(model, sample, timestep, class))",
    },
    {
      name = "config",
      arguments = {
        { "fields", "table", "quant_type, the only one required; regions: \"blocks\", \"all\" or patterns; exclude: "
          .. "patterns; filter: a function (layer, name) that is asked for each layer left by those two, false leaves "
          .. "it float; method: how layers are made, a name or a method of your own (vise.algorithms.register); plan: "
          .. "a list of { pattern, quant type, method }, the first that matches a layer wins; fallback: "
          .. "\"skip\" or the type of layers whose shape the type cannot take; calibrate: a function (model, about) "
          .. "that runs the model; calibration: how observers are fed, { flush_count, flush_bytes, buffered }; "
          .. "statistics: a file that stands in for calibrate; save_to: a folder; svdq: options of svdq types "
          .. "(`vise help algorithms`); components: the models of a pipeline, a list of names or { name = fields }; "
          .. "verbose; from: a config, a table, JSON text or the path of a JSON file, below the other fields" },
      },
      returns = { { "vise.Config" } }, fails = true,
      text = "Checks a configuration and completes it with the defaults. Whatever can be wrong without "
        .. "knowing the model raises here: an unknown field or type, a wrong value, a calibration that is "
        .. "missing or of no use. A config cannot be changed: vise.config { from = cfg, exclude = {} } makes another. "
        .. "cfg:plain() gives its fields as data, cfg:json() as text; functions have no such form and are given "
        .. "again.",
      example = 'local cfg = vise.config { quant_type = "int8_per_row", exclude = { "*.to_out.0" } }',
    },
    {
      name = "plan",
      arguments = {
        { "model", "vise.Model|table<string, vise.Model>", "an open float model, or { name = model, ... }" },
        { "config", "vise.Config|table", "what vise.config takes or returns" },
      },
      returns = { { "vise.Plan" } }, fails = true,
      text = "What vise.quantize would do, without doing it: the type of every layer or the reason it stays float, "
        .. "exact sizes on disk (file_bytes is the artefact's file) and in memory, what each pattern matched and "
        .. "where two of them meet (overlaps). plan:reasons() counts the reasons, plan:plain() is data. "
        .. "plan:estimate() makes some layers, or their first rows, for two seconds and gives seconds, "
        .. "calibration_seconds (nil: the calibration is no workload's) and peak_bytes; plan:seconds() is the "
        .. "first of these. A layer that its type cannot take is skipped with a "
        .. "reason, or gets the fallback; one that a rule asks for raises, as does a pattern that matches nothing.",
      example = 'print(vise.plan(model, { quant_type = "int8_per_row" }).bits_per_weight)',
    },
    {
      name = "quantize",
      arguments = {
        { "model", "vise.Model|table<string, vise.Model>", "an open float model, or { name = model, ... }" },
        { "config", "vise.Config|table", "what vise.config takes or returns" },
      },
      returns = { { "vise.QuantizeReport" } }, fails = true,
      text = "Quantizes the model, or all models of a pipeline, in place: all of the planned layers, or none when "
        .. "anything fails. The report has linear, candidates, quantized, skipped, observed, disk_bytes, file_bytes, "
        .. "memory_bytes, bits_per_weight, seconds, peak_bytes and layers, each with weight_error and output_error "
        .. "(relative L2; output_of says on which rows). report:text() is a summary, report:worst(by) lists layers "
        .. "with the largest error first, report:layer_table(by, count) shows them, report:json() is data. With "
        .. "svdq.smooth_strategy = \"few_shot\" the model is armed instead: what comes back has state, forwards, "
        .. "after(f), disarm() and, once the model has quantized itself, report.",
      example = 'print(assert(vise.quantize(model, { quant_type = "svdq_int4_r8_dq" })):text())',
      source = "svdq types: arXiv 2411.05007, section 4",
    },
    {
      name = "save",
      arguments = {
        { "model", "vise.Model", "a quantized model" },
        { "folder", "string", "where the artefact goes" },
        { "options", "table", "layout = \"cache-dit\" writes what cache-dit loads; \"vise\" is the default",
          optional = true },
      },
      returns = { { "table" } }, fails = true,
      text = "Writes the quantized layers and a manifest. The folder appears, or replaces an older "
        .. "artefact, in one step; one that holds anything else is refused. The same model gives the same "
        .. "bytes. The layout of cache-dit holds svdq types of one precision and rank; vise.load reads it too.",
      example = 'assert(vise.save(model, "out/dit-int8"))',
    },
    {
      name = "load",
      arguments = {
        { "model", "vise.Model", "the float model that the artefact was made from" },
        { "source", "string|vise.Config", "an artefact folder, its .safetensors file, or a config with save_to" },
      },
      returns = { { "vise.Model" } }, fails = true,
      text = "Puts a saved artefact, ours or a cache-dit checkpoint, onto a float model. Manifest, "
        .. "hashes, base model, names, shapes and dtypes are checked before the first layer changes.",
      example = 'local model = assert(vise.load(vise.open "models/dit", "out/dit-int8"))',
    },
    {
      name = "restore",
      arguments = { { "model", "model", "an open model, quantized or not" } },
      returns = "model",
      text = "Takes the quantized layers off a model and frees them: it is float again, with the weights it was opened "
        .. "with. A search over types opens its model once.",
      example = "vise.restore(model)",
    },
    {
      name = "pattern",
      arguments = { { "text", "string", "a Lua pattern over full layer names" } },
      returns = { { "vise.Pattern" } },
      text = "A Lua pattern for the places that take patterns; plain strings there are globs, in which "
        .. "* crosses dots. { glob, optional = true } may match nothing. As one string: \"lua:PATTERN\", "
        .. "\"optional:GLOB\".",
      example = 'vise.config { quant_type = "int8_per_row", exclude = { vise.pattern "blocks%.[01]%." } }',
    },
    {
      name = "tensor",
      arguments = {
        { "dtype", "string", "f64, f32, f16, bf16, f8e4m3, f8e5m2, i8, u8, i32 or i64" },
        { "shape", "integer[]", "the size of each dimension", range = "0 to 8 of them, each >= 0" },
      },
      returns = { { "vise.Tensor" } },
      text = "A new tensor of zeros.",
      example = 'local t = vise.tensor("f32", { 2, 3 })',
    },
    {
      name = "tensor_of",
      arguments = {
        { "dtype", "string", "f64, f32, f16, bf16, f8e4m3, f8e5m2, i8, u8, i32 or i64" },
        { "shape", "integer[]", "the size of each dimension", range = "0 to 8 of them, each >= 0" },
        { "values", "number[]|string", "the elements in row-major order, or their bytes" },
      },
      returns = { { "vise.Tensor" } },
      text = "A new tensor with the values given. Numbers are rounded to the dtype: to nearest, ties to "
        .. "even.",
      example = 'local t = vise.tensor_of("f32", { 2, 2 }, { 1, 2, 3, 4 })',
    },
    {
      name = "random",
      arguments = { { "seed", "integer", "decides every number", range = "from 0 to 4294967295" } },
      returns = { { "vise.Generator" } },
      text = "A generator of random numbers.",
      example = "local g = vise.random(11)",
    },
    {
      name = "scheme",
      arguments = {
        { "fields", "table", "element (int, f8e4m3 or f4e2m1); bits (4 or 8, of int); granularity (tensor, row, "
          .. "token, group or block); group, inputs a group; block, { rows, columns }; convention (amax, "
          .. "amax_half_step, amax_reciprocal, minmax_float_zero, minmax_int_zero, nvfp4, svdq_nvfp4, "
          .. "svdq_nvfp4_low or svdq_nvfp4_stored); symmetric, zero (none, int or float) and second (none, tensor "
          .. "or row) follow from it; scale_dtype (f32, f16, bf16 or f8e4m3); second_dtype (f32, f16 or bf16)" },
      },
      returns = { { "vise.Scheme" } },
      text = "One description of a numeric format: how ranges become scales, how values become codes, what is "
        .. "stored. Raises for fields that contradict each other.",
      example = 'local s = vise.scheme { bits = 4, granularity = "group", group = 64, convention = "amax" }',
    },
    {
      name = "xxh3",
      arguments = { { "data", "vise.Tensor|string", "what to hash" } },
      returns = { { "string" } },
      text = "The XXH3 hash of the bytes: 32 hexadecimal digits.",
      example = 'print(vise.xxh3 "text")',
      source = "github.com/Cyan4973/xxHash",
    },
  },
}
