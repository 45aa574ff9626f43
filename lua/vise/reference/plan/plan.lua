--- Plans.

return {
  name = "plan",
  kind = "class",
  class = "vise.Plan",
  summary = "what vise.quantize would do; made by vise.plan",
  text = "Sizes are exact; of a pipeline they are sums, and each model's own plan is in components.",
  prelude = [[
local model <close> = assert(vise.open("models/dit", { variant = "fp16" }))
local plan = assert(vise.plan(model, { quant_type = "int8_per_row_static", exclude = { "*.to_out.0" },
  calibrate = function() end }))]],
  records = {
    {
      "vise.PlannedLayer", "what a plan says of one layer",
      fields = {
        { "name", "string", "the full name" },
        { "shape", "integer[]", "{ outputs, inputs }" },
        { "type", "vise.QuantType", "what it becomes", otherwise = "it stays float" },
        { "reason", "string", "why it stays float", optional = true },
        { "candidate", "boolean", "whether it was asked for", optional = true },
        { "fallback", "string", "why it has the fallback's type", optional = true },
        { "storage", "string", "the 16-bit type of its scales and factors" },
        { "tensors", "table[]", "what is saved: param, dtype, shape, bytes" },
        { "disk_bytes", "integer", "of those tensors", unit = "bytes" },
        { "memory_bytes", "integer", "that the quantized layer keeps", unit = "bytes" },
        { "copied_bytes", "integer", "of its float weight, where that is no part of a file", unit = "bytes" },
        { "source_bytes", "integer", "of the float weight and bias", unit = "bytes" },
      },
    },
  },
  fields = {
    { "layers", "vise.PlannedLayer[]", "every linear layer, in the model's order" },
    { "quantized", "integer", "layers that get a type" },
    { "candidates", "integer", "layers that were asked for" },
    { "skipped", "integer", "layers that stay float" },
    { "patterns", "{ where: string, pattern: string, matched: integer }[]", "what each pattern matched" },
    { "overlaps", "{ winner: string, loser: string, layers: integer, example: string }[]", "where two patterns meet" },
    { "disk_bytes", "integer", "of the tensors to save", unit = "bytes" },
    { "file_bytes", "integer", "of the artefact's .safetensors file", unit = "bytes" },
    { "changed_bytes", "integer", "of it: tensors that transforms changed, beside the layers", unit = "bytes" },
    { "memory_bytes", "integer", "that the quantized layers keep", unit = "bytes" },
    { "source_bytes", "integer", "of the float layers", unit = "bytes" },
    { "mode", '"whole"|"sequential"|"true_sequential"', "how it is calibrated; of one model", optional = true },
    { "statistics_bytes", "integer", "bound on what calibration holds at one time: of all layers, or of one block",
      unit = "bytes" },
    { "workspace_bytes", "integer", "bound on what quantizing needs beside its result", unit = "bytes" },
    { "weights", "integer", "numbers in the weights of these layers" },
    { "bits_per_weight", "number", "of the quantized layers on disk, everything counted", unit = "bits" },
    { "components", "table<string, vise.Plan>", "of a pipeline", optional = true },
    { "cfg", "vise.Config", "of one model", optional = true },
  },
  functions = {
    {
      name = "calibrated", arguments = {},
      returns = {
        { "table[]", "layers", "in the model's order", fields = {
          { "name", "string", "the full name" },
          { "kinds", "string[]", "what is needed: span, range or both" },
        } },
      },
      text = "The layers that need statistics of their inputs.",
      example = "print(#plan:calibrated(), plan:calibrated()[1].kinds[1]) --> 30 range",
    },
    {
      name = "estimate", arguments = {},
      returns = { { "table", "estimate", "what it will take", fields = {
        { "seconds", "number", "of it all", unit = "seconds" },
        { "calibration_seconds", "number", "of them calibration; nil if it is no workload's and not in `seconds`",
          optional = true, unit = "seconds" },
        { "peak_bytes", "integer", "the most memory on the way, the quantized layers with it", unit = "bytes" },
      } } },
      text = "What quantizing will take on this machine: some layers, or their first rows, are made now, and a part "
        .. "of the calibration is run, for two seconds at most.",
      example = "print(plan:estimate().peak_bytes > plan.memory_bytes) --> true",
    },
    {
      name = "few_shot", arguments = {}, returns = { { "string[]", "names" } },
      text = "The layers that wait for what the model's first forwards show.",
      example = "print(#plan:few_shot()) --> 0",
    },
    {
      name = "plain", arguments = {}, returns = { { "table", "plan" } },
      text = "The plan as plain data, for JSON.",
      example = "print(vise.json.encode(plan:plain().patterns)) --> "
        .. '[{"matched":6,"pattern":"*.to_out.0","where":"exclude[1]"}]',
    },
    {
      name = "reasons", arguments = {},
      returns = {
        { "table[]", "reasons", "the most frequent first", fields = {
          { "reason", "string", "why layers stay float" }, { "layers", "integer", "how many" },
        } },
      },
      text = "Why layers stay float, and how many each.",
      example = "for _, r in ipairs(plan:reasons()) do print(r.layers, r.reason) end",
    },
    {
      name = "sample_rows",
      arguments = { { "cfg", "vise.Config", "the plan's" } },
      returns = { { "integer", "rows" } },
      text = "How many rows of each calibrated layer's input are kept.",
      example = "print(plan:sample_rows(plan.cfg)) --> 64",
    },
    {
      name = "seconds", arguments = {}, returns = { { "number", "seconds" } },
      text = "The seconds of plan:estimate().",
      example = "assert(plan:seconds() > 0)",
    },
  },
}
