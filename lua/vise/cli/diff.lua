--- vise diff: why two artefacts or two runs differ.

local MOST_LAYERS = 20

local function print_result(result, all)
  local text, shown = require "vise.text", require("vise.runs.verdict").shown
  local rows = {}
  for _, cause in ipairs(result.causes) do rows[#rows + 1] = { cause.what, shown(cause.a), "->", shown(cause.b) } end
  if #rows > 0 then io.stdout:write("made from\n", text.columns(rows, "  ")) end
  rows = {}
  for _, metric in ipairs(result.metrics) do
    local number = require("vise.runs.table").number
    rows[#rows + 1] = { metric.name, number(metric.a), "->", number(metric.b), metric.unit or "" }
  end
  if #rows > 0 then io.stdout:write("measured\n", text.columns(rows, "  ")) end
  rows = { { "layer", "type", "bytes", "weight error", "output error" } }
  local function pair(layer, field, format)
    local a, b = layer.a and layer.a[field], layer.b and layer.b[field]
    local function word(v) return v == nil and "-" or format:format(v) end
    return a == b and word(a) or ("%s -> %s"):format(word(a), word(b))
  end
  for i = 1, all and #result.layers or math.min(#result.layers, MOST_LAYERS) do
    local layer = result.layers[i]
    rows[#rows + 1] = { layer.name, pair(layer, "type", "%s"), pair(layer, "bytes", "%d"),
      pair(layer, "weight_error", "%.4f"), pair(layer, "output_error", "%.4f") }
  end
  if #rows > 1 then io.stdout:write("layers\n", text.columns(rows, "  ")) end
  if #rows - 1 < #result.layers then
    io.stdout:write(("  and %d more: --all lists them\n"):format(#result.layers - #rows + 1))
  end
  io.stdout:write(text.escape(result.verdict), "\n")
end

return {
  name = "diff",
  summary = "explains why two artefacts or two runs differ",
  text = "Each side is an artefact folder, a folder of --out, or the id of a run. First what they were made from: "
    .. "recipe, version, parameters, model, data, engine; then what was measured and the layers whose type, bytes or "
    .. "errors differ; one sentence at the end. The status is 0 when all is the same, 1 when something differs. "
    .. "`vise compare` holds the weights themselves against each other.",
  arguments = {
    { name = "a", type = "string", complete = "results", help = "an artefact, an output folder, or the id of a run" },
    { name = "b", type = "string", complete = "results", help = "what to hold against it" },
  },
  options = {
    { name = "all", short = "a", type = "flag", help = "list every layer that differs" },
    { name = "runs", type = "place", value = "DIR", help = "the folder of the runs' logs; VISE_RUNS, else ./runs" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise diff out/rank8 out/rank16", "two artefacts of one recipe" },
    { "vise diff 20261122-1015 last", "two runs" },
  },
  run = function(ctx)
    local place = require("vise.runs").place(ctx.options.runs)
    local result, message, id = require("vise.runs.diff").diff(ctx.args.a, ctx.args.b, place)
    if not result then return nil, message, id end
    if ctx.options.json then
      result.schema, result.a, result.b = 1, ctx.args.a, ctx.args.b
      io.stdout:write(require("vise.core").json_encode(result, 2), "\n")
    else
      print_result(result, ctx.options.all)
    end
    local is_same = #result.causes == 0 and #result.layers == 0 and result.same_bytes ~= false
    for _, metric in ipairs(result.metrics) do is_same = is_same and metric.a == metric.b end
    return is_same and 0 or 1
  end,
}
