--- The public module.

local MODEL = { "model", "vise.Model|table<string, vise.Model>", "an open float model, or { name = model, ... }" }
local CONFIG = { "config", "vise.Config|vise.ConfigFields", "what vise.config takes or returns" }
local DTYPE = { "dtype", "vise.Dtype", "of the elements" }
local SHAPE = { "shape", "integer[]", "the size of each dimension", range = "0 to 8 of them, each >= 0" }

return {
  name = "vise",
  kind = "module",
  summary = "the verbs, and tensors",
  text = "Recipes and the prompt of `vise repl` have `vise` as a global; a script begins with "
    .. '`local vise = require "vise"`. A function that says `nil, message, id` gives these where a file or the data '
    .. "is at fault; wrong arguments raise.",
  prelude = 'local model = assert(vise.open("models/dit", { variant = "fp16" }))',
  fields = {
    { "version", "string", "of this program, such as 1.0.0" },
  },
  functions = {
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder, or a .safetensors file" },
        { "options", "vise.OpenOptions", "which files", optional = true },
      },
      returns = { { "vise.Model", "model" } }, fails = true,
      text = "Opens a model. Weights are mapped from the file and not copied; the family comes from config.json. A "
        .. "family that is not known, or a file alone, opens as bare weights: every 2-D float tensor NAME.weight is a "
        .. "layer, and there is no forward. model.notes says what was odd.",
      example = [[
local model = assert(vise.open("models/dit", { variant = "fp16" }))
print(model.family, #model:layers()) --> dit 56]],
    },
    {
      name = "config",
      arguments = { { "fields", "vise.ConfigFields|vise.Config", "quant_type is the only one required" } },
      returns = { { "vise.Config", "config" } }, fails = true,
      text = "Checks a configuration and completes it with the defaults. Whatever can be wrong without knowing the "
        .. "model raises here: an unknown field or type, a wrong value, a calibration that is missing or of no use.",
      example = [[
local cfg = vise.config { quant_type = "int8_per_row", exclude = { "*.to_out.0" } }
local other = vise.config { from = cfg, quant_type = "svdq_int4_r16_dq", svdq = { refine_iters = 2 } }
print(other.quant_type, #other.exclude) --> svdq_int4_r16_dq 1]],
    },
    {
      name = "pattern",
      arguments = { { "text", "string", "a Lua pattern over full layer names" } },
      returns = { { "vise.Pattern", "pattern" } },
      text = "A Lua pattern for the places that take patterns; plain strings there are globs.",
      example = [[
local early = vise.pattern "blocks%.[01]%."
local plan = assert(vise.plan(model, { quant_type = "int8_per_row", exclude = { early } }))
print(plan.quantized) --> 24]],
    },
    {
      name = "plan",
      arguments = { MODEL, CONFIG },
      returns = { { "vise.Plan", "plan" } }, fails = true,
      text = "What vise.quantize would do, without doing it: the type of every layer or the reason it stays float, "
        .. "exact sizes on disk and in memory, what each pattern matched and where two of them meet. A layer that its "
        .. "type cannot take is skipped with a reason, or gets the fallback; one that a rule asks for raises, as does "
        .. "a pattern that matches nothing.",
      example = [[
local plan = assert(vise.plan(model, { quant_type = "int8_per_row" }))
print(plan.quantized, ("%.2f"):format(plan.bits_per_weight)) --> 36 8.28]],
    },
    {
      name = "quantize",
      arguments = { MODEL, CONFIG, { "options", "table", "of a calibration block by block", optional = true, fields = {
        { "resume", "boolean", "go on from the journal that a run left which did not end", default = false },
        { "work", "string", "the folder of the journal, which is left there", otherwise = "that of the config" },
      } } },
      returns = { { "vise.QuantizeReport|vise.Armed", "report" } }, fails = true,
      text = "Quantizes the model, or all models of a pipeline, in place: all of the planned layers, or none when "
        .. "anything fails. With svdq.smooth_strategy = \"few_shot\" the model is armed instead, and quantizes itself "
        .. "after its first forwards.",
      example = [[
local report = assert(vise.quantize(model, { quant_type = "svdq_int4_r8_dq", regions = { "*.attn1.*" } }))
print(report.quantized, report.skipped) --> 24 32
print(report) -- a summary]],
      source = "svdq types: arXiv 2411.05007, section 4",
    },
    {
      name = "save",
      arguments = {
        { "model", "vise.Model", "a quantized model" },
        { "folder", "string", "where the artefact goes" },
        { "options", "table", "how it is laid out", optional = true, fields = {
          { "layout", "string", "ours, or what cache-dit loads: svdq types of one precision and rank",
            choices = { "vise", "cache-dit" }, default = "vise" },
        } },
      },
      returns = {
        { "table", "saved", "the file", open = true, fields = {
          { "file", "string", "its path" }, { "bytes", "integer", "its length", unit = "bytes" },
        } },
      },
      fails = true,
      text = "Writes the quantized layers and a manifest. The folder appears, or replaces an older artefact, in one "
        .. "step; one that holds anything else is refused. The same model gives the same bytes.",
      example = [[
assert(vise.quantize(model, { quant_type = "int8_per_row" }))
local saved = assert(vise.save(model, "out/dit-int8"))
print(saved.file) --> out/dit-int8/int8_per_row.safetensors]],
    },
    {
      name = "load",
      arguments = {
        { "model", "vise.Model", "the float model that the artefact was made from" },
        { "source", "string|vise.Config", "an artefact folder, its .safetensors file, or a config with save_to" },
      },
      returns = { { "vise.Model", "model" } }, fails = true,
      text = "Puts a saved artefact, ours or a cache-dit checkpoint, onto a float model. Manifest, hashes, base model, "
        .. "names, shapes and dtypes are checked before the first layer changes.",
      example = [[
local cfg = vise.config { quant_type = "int8_per_row", save_to = "out/dit" }
assert(vise.quantize(model, cfg))
local fresh = assert(vise.open("models/dit", { variant = "fp16" }))
assert(vise.load(fresh, cfg))
print(fresh:layers()[5].quantized.type.name) --> int8_per_row]],
    },
    {
      name = "restore",
      arguments = {
        { "model", "vise.Model", "an open model, quantized or not" },
        { "options", "table", "what stays", optional = true, fields = {
          { "keep_transforms", "boolean", "the weights as transforms left them", default = false },
        } },
      },
      returns = { { "vise.Model", "model", "itself" } }, fails = true,
      text = "Takes the quantized layers off a model and frees them, and takes its transforms back: it is float again, "
        .. "with the weights it was opened with. A search over types opens its model once, and keeps what it "
        .. "transformed; of an artefact that was loaded transforms cannot be kept.",
      example = [[
for _, name in ipairs { "int8_per_row", "int4_weight_only" } do
  local report = assert(vise.quantize(model, { quant_type = name, regions = { "*.0.attn1.*" } }))
  print(name, report.bits_per_weight)
  vise.restore(model)
end]],
    },
    {
      name = "transform",
      arguments = {
        { "model", "vise.Model", "float, of a family that says who writes and reads its residual stream" },
        { "name", "string", "rotate, fold, or one that vise.transforms.register added" },
        { "options", "table<string, any>", "of the transform", optional = true },
      },
      returns = { { "vise.Model", "model", "itself" } }, fails = true,
      text = "Changes the weights of a whole model so that it answers as before and is easier to quantize: all of it, "
        .. "or nothing when anything fails. Changes of a tensor are made in f64 and rounded once. model.transforms "
        .. "lists what was done; it goes into an artefact with the tensors that changed, and vise.load does the same "
        .. "to a float model. See vise.transforms.",
      example = [[
local stories <close> = assert(vise.open "models/stories")
local before = assert(stories:forward { 1, 403, 407 })
assert(vise.transform(stories, "rotate", { seed = 1 }))
local after = assert(stories:forward { 1, 403, 407 })
assert(vise.ops.compare(after, before).rel_l2 < 1e-5)
print(stories.transforms[1].name, stories.settings.tie_word_embeddings) --> rotate false]],
      source = "rotate: arXiv 2404.00456",
    },
    {
      name = "compile",
      arguments = {
        { "model", "vise.Model|vise.nn.Module", "an open model, quantized or not; or a part of one" },
        { "...", "any", "what its forward takes: of the shapes and dtypes that it is to be compiled for" },
      },
      returns = { { "vise.Compiled", "compiled" } }, fails = true,
      text = "Compiles a model for one set of shapes: runs its forward once while every operator is recorded, drops "
        .. "what is unused, done twice or the same for all inputs, joins what can be computed together, and gives "
        .. "every value a place in memory. With { cache = ... } among the arguments a Llama continues that cache by as "
        .. "many ids as it was compiled for.",
      example = [[
local noise = vise.random(3):normal { 1, 1, 28, 28 }
local fast <close> = assert(vise.compile(model, noise, 500, 3))
local y = assert(fast:forward(noise, 250, 7)) -- the model's bits, nothing allocated
print(y:shape()) --> 1 1 28 28]],
    },
    {
      name = "tensor",
      arguments = { DTYPE, SHAPE },
      returns = { { "vise.Tensor", "t" } },
      text = "A new tensor of zeros.",
      example = 'print(vise.tensor("f32", { 2, 3 })) --> tensor f32 2x3',
    },
    {
      name = "tensor_of",
      arguments = { DTYPE, SHAPE, { "values", "number[]|string", "the elements in row-major order, or their bytes" } },
      returns = { { "vise.Tensor", "t" } },
      text = "A new tensor with the values given. Numbers are rounded to the dtype: to nearest, ties to even.",
      example = 'print(vise.tensor_of("f16", { 2 }, { 1, 0.1 }):get(2)) --> 0.0999755859375',
    },
    {
      name = "random",
      arguments = { { "seed", "integer", "decides every number", min = 0, max = 4294967295 } },
      returns = { { "vise.Generator", "g" } },
      text = "A generator of random numbers.",
      example = "assert(vise.random(11):u32() == vise.random(11):u32())",
    },
    {
      name = "scheme",
      arguments = { { "fields", "vise.SchemeFields", "of the format" } },
      returns = { { "vise.Scheme", "scheme" } },
      text = "One description of a numeric format: how ranges become scales, how values become codes, what is stored. "
        .. "Raises for fields that contradict each other.",
      example = [[
local scheme = vise.scheme { bits = 4, granularity = "group", group = 64, convention = "amax" }
print(scheme) --> scheme int4 group 64, amax, f32 scales]],
    },
    {
      name = "xxh3",
      arguments = { { "data", "vise.Tensor|string", "what to hash" } },
      returns = { { "string", "hash" } },
      text = "The XXH3 hash of the bytes: 32 hexadecimal digits.",
      example = 'print(vise.xxh3 "") --> 99aa06d3014798d86001c324468d497f',
      source = "github.com/Cyan4973/xxHash",
    },
  },
}
