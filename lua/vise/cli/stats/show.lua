--- vise stats show: what a statistics file holds.

local MOST_LAYERS = 20

-- The largest of a vector and where it is.
local function largest(tensor)
  local at, most = 1, -math.huge
  for i, v in ipairs(tensor:totable()) do
    if v > most then at, most = i, v end
  end
  return most, at
end

local function mean(tensor)
  local sum = 0
  for _, v in ipairs(tensor:totable()) do sum = sum + v end
  return sum / tensor:count()
end

-- What is told of each kind: plain values by their names.
local told = {
  span = function(result, into) into.span, into.span_channel = largest(result) end,
  range = function(result, into) into.min, into.max = result:get(1), result:get(2) end,
  mean = function(result, into) into.mean = mean(result) end,
  importance = function(result, into) into.importance = mean(result) end,
  histogram = function(result, into, width)
    local core = require "vise.core"
    into.p9999 = core.range_of(result, width, "percentile")
    into.mse = core.range_of(result, width, "mse")
    into.entropy = core.range_of(result, width, "entropy")
  end,
  token_span = function(result, into, width)
    into.token_span = require("vise.core").range_of(result, width, "percentile", { percentile = 50 })
  end,
  top = function(result, into) into.top, into.top_channel = result:get(1), math.tointeger(result:get(2)) end,
}

local function layer_of(all, layer)
  local one = { name = layer.name, channels = layer.channels, rows = all:rows(layer.name),
    shares = all.shares[layer.name] }
  for _, kind in ipairs(all.kinds) do
    if told[kind] then
      local observer <close> = all:observer(layer.name, kind)
      local result, width = require("vise.fail").try(observer:result()), observer:width()
      told[kind](result, one, width)
      result:close()
    end
  end
  return one
end

local function show(ctx)
  local core, try = require "vise.core", require("vise.fail").try
  local all <close> = try(require("vise.statistics").open(ctx.args.file))
  local parts, of = all:parts()
  local wanted, names = {}, {}
  for i, layer in ipairs(all.layers) do names[i] = layer.name end
  for i, glob in ipairs(#ctx.options.layers > 0 and ctx.options.layers or { "*" }) do
    local where = ("--layers[%d]"):format(i)
    for _, name in ipairs(require("vise.pattern").of(glob, where):select(names, where)) do wanted[name] = true end
  end
  local listed = core.array {}
  local most = (ctx.options.all or ctx.options.json) and #all.layers or MOST_LAYERS
  local total = 0
  for _, layer in ipairs(all.layers) do
    if wanted[layer.name] then
      total = total + 1
      if total <= most then listed[total] = layer_of(all, layer) end
    end
  end
  return { schema = 1, file = ctx.args.file, model = all.model, family = all.family, vise = all.vise,
    kinds = core.array(all.kinds), data = all.data, parts = parts, of_parts = of, layers = listed,
    layers_total = total }
end

local COLUMNS = { "span", "span_channel", "min", "max", "mean", "importance", "p9999", "mse", "entropy", "token_span",
  "top", "top_channel" }

local function cell(v)
  if v == nil then return "-" end
  return math.type(v) == "integer" and tostring(v) or ("%.4g"):format(v)
end

local function print_result(result)
  local text, core = require "vise.text", require "vise.core"
  io.stdout:write(text.pairs { { "model", result.model or "not known" }, { "kinds", table.concat(result.kinds, " ") },
    { "data", core.json_encode(result.data) }, { "parts", ("%d of %d"):format(result.parts, result.of_parts) } })
  local shown = {}
  for _, column in ipairs(COLUMNS) do
    for _, layer in ipairs(result.layers) do
      if layer[column] then shown[#shown + 1] = column break end
    end
  end
  local rows = { { "layer", "rows", table.unpack(shown) } }
  for i, layer in ipairs(result.layers) do
    rows[i + 1] = { layer.name, layer.rows }
    for _, column in ipairs(shown) do table.insert(rows[i + 1], cell(layer[column])) end
  end
  io.stdout:write(text.table(rows))
  local more = result.layers_total - #result.layers
  if more > 0 then io.stdout:write(("and %d more: --all lists them\n"):format(more)) end
end

return {
  name = "show",
  summary = "what a statistics file holds, and of what",
  text = "Of each layer the rows seen and, of the kinds that are there: the largest span and its channel, the range, "
    .. "the means of |x| and x^2; the ranges that percentile 99.99, mse and entropy choose for 8 bits; the median of "
    .. "the tokens' spans; the largest outlier and its channel.",
  arguments = {
    { name = "file", type = "file", glob = "*.safetensors", help = "a statistics file" },
  },
  options = {
    { name = "layers", short = "l", type = "string", value = "GLOB", repeatable = true, help = "only these layers" },
    { name = "all", short = "a", type = "flag", help = "list every layer" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise stats show stats.safetensors", "the first layers" },
    { "vise stats show stats.safetensors --layers '*.down_proj' --all", "one kind of layer" },
  },
  run = function(ctx)
    local result, message, id = require("vise.fail").catch(show, ctx)
    if not result then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode(result, 2), "\n")
    else
      print_result(result)
    end
    return 0
  end,
}
