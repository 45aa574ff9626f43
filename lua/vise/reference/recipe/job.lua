--- The job of a recipe.

local MODEL = { "model", "vise.Model|table<string, vise.Model>", "an open float model, or { name = model, ... }" }
local CONFIG = { "config", "vise.Config|vise.ConfigFields", "what vise.config takes or returns" }
local FORMAT = { "format", "string", "as string.format takes it" }
local VALUES = { "...", "any", "its values" }

return {
  name = "job",
  kind = "class",
  class = "vise.Job",
  summary = "what the body of a recipe is given",
  text = "A recipe.lua is `return function(job) ... end`. Failures raise: the run ends with the message and its exit "
    .. "status, and models that the job opened are closed on every way out.",
  job = true,
  records = {
    {
      "vise.Metric", "a measured value",
      fields = {
        { "name", "string", "of the measure" },
        { "value", "number", "that was measured" },
        { "unit", "string", "of the value", optional = true },
        { "better", "string", "which values are good", choices = { "higher", "lower" }, optional = true },
        { "stderr", "number", "the standard error", optional = true },
        { "step", "integer", "of a value that is measured again and again", optional = true },
        { "target", "number", "what it should reach", optional = true },
      },
    },
  },
  fields = {
    { "params", "table<string, any>", "the recipe's parameters, typed and complete" },
    { "model", "vise.Model", "opened when first asked for, from --model" },
    { "data", "string[]", "the files given with --data" },
    { "folder", "string", "the recipe's own folder: what it ships lies there" },
    { "out", "string", "the folder given with --out", optional = true },
    { "expects", "table[]", "the header's expected results" },
    { "dry_run", "boolean", "plan only; job:quantize ends the run" },
    { "results", "table[]", "what was reported, in order" },
    { "metrics", "vise.Metric[]", "what was measured, in order" },
    { "failed", "integer", "how many expectations were not met" },
  },
  functions = {
    {
      name = "expect",
      arguments = {
        { "what", "string", "the name of the result" }, { "value", "number", "that was measured" },
        { "bounds", "table", "one of them at least", fields = {
          { "at_least", "number", "the least that will do", optional = true },
          { "at_most", "number", "the most that will do", optional = true },
        }, open = true },
      },
      returns = { { "boolean", "met" } },
      text = "Holds a result against a bound. A run with unmet expectations exits with 1.",
      example = [[
local met = job:expect("bits a weight", 4.5, { at_most = 5 })
assert(met and job.failed == 0)]],
    },
    {
      name = "image",
      arguments = {
        { "name", "string", "above it" },
        { "images", "vise.Tensor", "a batch f32 [n, 1, H, W] in [-1, 1], or pixels, u8 [H, W] or [H, W, 3]" },
      },
      text = "Keeps a picture for the report.",
      example = 'job:image("noise", vise.random(1):normal { 4, 1, 28, 28 })',
    },
    {
      name = "is_usual",
      arguments = {
        { "naming", "string[]", "parameters that may have others: the quant type's name says them", optional = true },
      },
      returns = { { "boolean", "usual" } },
      text = "Whether all parameters have the values that the header gives them, so that its expectations hold.",
      example = 'if job:is_usual { "rank" } then job:expect("rank", job.params.rank, { at_most = 64 }) end',
    },
    {
      name = "log", arguments = { FORMAT, VALUES },
      text = "Says on stderr what is going on.",
      example = 'job:log("%d layers to go", #job.model:layers())',
    },
    {
      name = "measure",
      arguments = {
        { "model", "vise.Model", "quantized" },
        { "work", "vise.Workload", "that knows the float model" },
        { "quant_type", "string", "of the model, for the line" },
        { "usual", "boolean", "whether the header's expectations hold for this run" },
      },
      text = "Measures a quantized model on its workload and prints the result.",
      example = [[
local work = assert(vise.workload.of(job.model, { images = 2, steps = 2 }))
job:quantize(job.model, { quant_type = "int8_per_row" }, work)
job:measure(job.model, work, "int8_per_row", false)]],
    },
    {
      name = "metric",
      arguments = {
        { "name", "string", "of the measure; the first of a run is its main one" },
        { "value", "number", "that was measured" },
        { "about", "table", "the rest", optional = true, fields = {
          { "unit", "string", "of the value", optional = true },
          { "better", "string", "which values are good", choices = { "higher", "lower" }, optional = true },
          { "stderr", "number", "the standard error", optional = true },
          { "step", "integer", "of a value that is measured again and again", optional = true },
          { "target", "number", "what it should reach", optional = true },
        } },
      },
      text = "Notes a measured value, for the log of the run and the report.",
      example = [[
job:metric("psnr", 31.4, { unit = "dB", better = "higher", target = 30 })
print(job.metrics[1].value) --> 31.4]],
    },
    {
      name = "open",
      arguments = {
        { "path", "string", "a model folder, or a .safetensors file" },
        { "options", "vise.OpenOptions", "which files", optional = true },
      },
      returns = { { "vise.Model", "model" } },
      text = "Opens another model than that of --model, and says on stderr what is odd about it.",
      example = [[
local teacher = job:open "models/stories"
print(teacher.family) --> llama]],
    },
    {
      name = "path",
      arguments = { { "name", "string", "inside the folder of --out; may have folders of its own" } },
      returns = { { "string", "path" } },
      text = "A path in the output folder, whose folders are made. Raises for one that leads out of it.",
      example = 'print(job:path "plots/error.png") --> out/plots/error.png',
    },
    {
      name = "plan", arguments = { MODEL, CONFIG }, returns = { { "vise.Plan", "plan" } },
      text = "Makes and prints the plan of a configuration; nothing is touched.",
      example = [[
local plan = job:plan(job.model, { quant_type = "int8_per_row" })
print(plan.quantized) --> 36]],
    },
    {
      name = "print", arguments = { FORMAT, VALUES },
      text = "Prints a line of the result, on stdout.",
      example = 'job:print("%.2f bits a weight", 4.5)',
    },
    {
      name = "progress",
      arguments = {
        { "label", "string", "what is done" }, { "total", "number", "of units", otherwise = "nobody knows" },
        { "unit", "string", "its name in the plural", optional = true },
      },
      returns = { { "table", "bar", "step(n) says that n more are done, close() ends it", open = true, fields = {
        { "step", "fun(self: table, n?: number)", "says that n more are done, 1 if not given" },
        { "close", "fun(self: table)", "ends the line" },
      } } },
      text = "The progress of some work, on stderr.",
      example = [[
local bar <close> = job:progress("layers", 3, "layers")
for _ = 1, 3 do bar:step() end]],
    },
    {
      name = "quantize",
      arguments = {
        MODEL, CONFIG,
        { "work", "vise.Workload", "remembers what the float model does, to be asked for the quality later",
          optional = true },
      },
      returns = { { "vise.QuantizeReport", "report" } },
      text = "Prints the plan, quantizes and prints the summary. A dry run ends after the plan.",
      example = [[
local report = job:quantize(job.model, { quant_type = "int8_per_row", exclude = { "*.to_out.0" } })
print(report.quantized) --> 30]],
    },
    {
      name = "report", arguments = { { "name", "string", "of the result" }, { "data", "any", "plain data" } },
      text = "Adds a result: to --json, and to the log of the run.",
      example = [[
job:report("sizes", { layers = 36, bits = 8.2 })
print(job.results[1].name) --> sizes]],
    },
    {
      name = "save",
      arguments = {
        { "model", "vise.Model", "quantized" },
        { "name", "string", "the artefact's folder in that of --out", default = "artefact" },
      },
      returns = {
        { "table", "saved", "the file", open = true, fields = {
          { "file", "string", "its path" }, { "bytes", "integer", "its length", unit = "bytes" },
        } },
      },
      text = "Saves a quantized model with the recipe that made it: `vise run OUT/artefact/recipe --locked` makes the "
        .. "same bytes again.",
      example = [[
job:quantize(job.model, { quant_type = "int8_per_row" })
print(job:save(job.model).file) --> out/artefact/int8_per_row.safetensors]],
    },
    {
      name = "sensitivity",
      arguments = {
        { "rows", "table[]", "one for each layer and type", fields = {
          { "layer", "string", "the full name" }, { "type", "string", "that it was given" },
          { "value", "number", "what that cost" }, { "unit", "string", "of the value", optional = true },
        } },
      },
      text = "Keeps how much each layer costs when it alone is quantized, for the report.",
      example = 'job:sensitivity { { layer = "blocks.0.to_q", type = "int4_weight_only", value = 0.02 } }',
    },
    {
      name = "standard",
      arguments = {
        { "config", "vise.ConfigFields", "`calibrate` is the workload's if a type needs one" },
        { "naming", "string[]", "parameters that the quant type's name says", optional = true },
        { "change", "fun(model)", "what is done to the float model first, such as a transform", optional = true },
      },
      returns = { { "vise.QuantizeReport", "report" } },
      text = "Does a whole run: quantizes the job's model, saves it to the output folder, measures it on its workload "
        .. "and, if the other parameters are the header's, holds the result against what the header expects. What "
        .. "is measured is the distance to the model before `change`.",
      example = [[
local quant_type = ("svdq_int4_r%d_dq"):format(job.params.rank)
local report = job:standard({ quant_type = quant_type, regions = { "*.0.attn1.*" } }, { "rank" })
print(job.metrics[1].name, report.quantized) --> psnr 4]],
    },
    {
      name = "table", arguments = { { "rows", "(string|number)[][]", "the first may be a heading" } },
      text = "Prints a table with aligned columns, on stdout; numbers go to the right.",
      example = 'job:table { { "type", "bits" }, { "int8_per_row", 8.28 } }',
    },
    {
      name = "text",
      arguments = { { "name", "string", "above it" }, { "words", "string", "such as what a model wrote" } },
      text = "Keeps a text for the report.",
      example = 'job:text("a story", "Once upon a time, there was a little girl.")',
    },
    {
      name = "workload", arguments = {}, returns = { { "vise.Workload?", "work" } },
      text = "The workload of the job's model: by the parameters steps, images and calibration where the recipe has "
        .. "them, on the texts of --data where there are any; nil if the model's family has none.",
      example = "print(job:workload().metric) --> psnr",
    },
    {
      name = "write",
      arguments = { { "name", "string", "inside the folder of --out" }, { "bytes", "string", "of the file" } },
      returns = { { "string", "path" } },
      text = "Writes a file into the output folder.",
      example = 'print(job:write("notes.txt", "done\\n")) --> out/notes.txt',
    },
  },
}
