--- vise diff: why two artefacts or two runs differ.

local MOST_LAYERS = 20

local COLUMNS = { { "type", "%s" }, { "bytes", "%d" }, { "weight error", "%.4f", "weight_error" },
  { "output error", "%.4f", "output_error" } }

-- "a -> b", or one of them where they are the same.
local function pair(layer, column)
  local field = column[3] or column[1]
  local a, b = layer.a and layer.a[field], layer.b and layer.b[field]
  local function word(v) return v == nil and "-" or column[2]:format(v) end
  return a == b and word(a) or ("%s -> %s"):format(word(a), word(b))
end

-- The layers that differ; what is the same for all of them is said once.
local function print_layers(layers, all)
  local shown, rows, once = all and #layers or math.min(#layers, MOST_LAYERS), { { "layer" } }, {}
  if shown == 0 then return end
  for i = 1, shown do rows[i + 1] = { layers[i].name } end
  for _, column in ipairs(COLUMNS) do
    local first, differs = pair(layers[1], column), shown == 1
    for i = 1, shown do differs = differs or pair(layers[i], column) ~= first end
    if not differs then once[#once + 1] = column[1] .. " " .. first end
    for i = 0, differs and shown or -1 do
      table.insert(rows[i + 1], i == 0 and column[1] or pair(layers[i], column))
    end
  end
  local text = require "vise.text"
  io.stdout:write("layers", #once > 0 and ", each " or "", text.escape(table.concat(once, ", ")), "\n",
    text.table(rows, "  "))
  if shown < #layers then io.stdout:write(("  and %d more: --all lists them\n"):format(#layers - shown)) end
end

local function print_result(result, all)
  local text, shown = require "vise.text", require("vise.runs.verdict").shown
  local rows = {}
  for i, cause in ipairs(result.causes) do
    rows[i] = { cause.what, ("%s -> %s"):format(shown(cause.a), shown(cause.b)) }
  end
  if #rows > 0 then io.stdout:write("made from\n", text.pairs(rows, "  ")) end
  rows = {}
  for _, metric in ipairs(result.metrics) do
    local number = require("vise.runs.table").number
    rows[#rows + 1] = { metric.name, ("%s -> %s"):format(number(metric.a), number(metric.b, metric.unit)) }
  end
  if #rows > 0 then io.stdout:write("measured\n", text.pairs(rows, "  ")) end
  print_layers(result.layers, all)
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
