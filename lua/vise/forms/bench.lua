--- vise bench --json.

local common = require "vise.forms.common"

local line = {
  { "name", "string", "what was timed", optional = true },
  { "seconds", "number", "of the best turn", optional = true },
  { "rate", "number", "in `unit`", optional = true },
  { "unit", "string", "of the rate", optional = true },
  { "threads", "integer", "that computed", optional = true },
  { "backend", "string", "that computed", optional = true },
  { "rows", "integer", "of the product", optional = true },
  { "group", "integer|string", "inputs a group of weights", optional = true },
  { "size", "string", "of the work", optional = true },
  { "state", "string", "of the cache: warm or cold", optional = true },
  { "limit", "string|number", "the machine's, that it is held against", optional = true },
  { "base", "string", "what it is compared with", optional = true },
  { "of_limit", "number", "the rate over the limit", optional = true },
  { "of_read", "number", "the bytes a second over those of reading", optional = true },
  { "read", "string", "where from: l2, l3 or dram", optional = true },
  { "gigabytes", "number", "read a second", optional = true },
  { "against", "number", "how many times as fast as the base", optional = true },
  { "scaling", "number", "how many times as fast as one thread", optional = true },
  { "us", "number", "microseconds of the best turn", optional = true },
  { "in_microseconds", "boolean", "the table shows microseconds, not a rate", optional = true },
  { "megabytes", "number", "of memory at the peak", optional = true },
  { "planned", "number", "megabytes that the plan says", optional = true },
  { "blocks", "integer", "of the model", optional = true },
  { "times", "number", "of the time of the bare products", optional = true },
  { "layers", "number", "of the time of the layers", optional = true },
  { "of_layers", "number", "the time of the layers in all", optional = true },
}

---@type vise.Form
return {
  fields = {
    common.schema,
    common.vise,
    { "about", "string", "the machine and the sizes in one line" },
    { "machine", "table", "what it ran on", fields = {
      { "cpu", "string", "its name" },
      { "cpus", "integer", "that this process may use" },
      { "backend", "string", "of the kernels" },
      { "gemm", "string", "who multiplies f32 matrices" },
    } },
    { "options", "table", "what was asked for", fields = {
      { "threads", "integer[]", "numbers of threads" },
      { "rows", "integer[]", "of the products" },
      { "group", "integer[]", "inputs a group" },
      { "inputs", "integer", "of the layer" },
      { "outputs", "integer", "of the layer" },
      { "repeats", "integer", "turns of each side" },
      { "cold", "integer", "bytes that cold weights go through" },
      { "width", "integer", "of generated models" },
      { "model", "string[]", "folders" },
      { "variant", "string", "of the model folders", optional = true },
      { "kernels", "table<string, boolean>", "the names chosen", optional = true },
    } },
    { "sections", "table[]", "one for each thing measured", fields = {
      { "what", "string", "its name on the command line" },
      { "title", "string", "of its table" },
      { "columns", "string[]", "of its table: keys of the lines" },
      { "lines", "table[]", "of its table", fields = line },
      { "limits", "table<string, number>[]", "of the machine: threads, and 10^9 operations or bytes a second" },
      { "notes", "string[]", "what was left out, and why" },
      { "seconds", "number", "it took" },
      { "foreign", "number", "CPUs that others used meanwhile", optional = true },
      { "trusted", "boolean", "others used little enough" },
    } },
  },
}
