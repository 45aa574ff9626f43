--- vise calibrate: statistics of what flows into a model's layers, as a file.

-- "a,b" as a list.
local function words(list)
  local found = {}
  for word in list:gmatch "[^,%s]+" do found[#found + 1] = word end
  return found
end

-- The kinds of --kinds; nil, message, id for one that is none.
local function kinds_of(given)
  if not given then return nil end
  local kinds = require "vise.statistics.kinds"
  local sorted, unknown = kinds.sorted(words(given))
  if not unknown and #sorted > 0 then return sorted end
  require("vise.fail").try(nil, ("--kinds: '%s' is none of %s%s"):format(unknown or "",
    table.concat(kinds.NAMES, ", "), require("vise.suggest").hint(unknown or "", kinds.NAMES)), "E-US-04")
end

-- "2/4" as 2 and 4.
local function shard_of(given)
  if not given then return 1, 1 end
  local i, n = given:match "^(%d+)/(%d+)$"
  i, n = tonumber(i), tonumber(n)
  local most = require("vise.statistics.tree").PARTS
  if not n or i < 1 or i > n or n > most then
    require("vise.fail").try(nil, ("--shard: '%s' is not I/N with I from 1 to N and N at most %d"):format(given, most),
      "E-US-04")
  end
  return i, n
end

-- The texts of --data, from --from to --to, as ids.
local function texts_of(ctx, model)
  local fail, o = require "vise.fail", ctx.options
  if model.family == "dit" then
    fail.try(nil, "a model of family dit takes no texts: leave --data out, and it draws images", "E-US-04")
  end
  local tokenizers = require "vise.tokenizers"
  local tokenizer <close> = fail.try(o.tokenizer and tokenizers.open(o.tokenizer) or tokenizers.of(model))
  local lists = require("vise.data.texts").read_files(o.data, { tokenizer = tokenizer }, function(line)
    io.stderr:write("note: ", line, "\n")
  end)
  local first, last = o.from or 1, math.min(o.to or #lists, #lists)
  if first > last then
    fail.try(nil, ("--from %d, --to %d: the data has %d texts"):format(first, o.to or #lists, #lists), "E-US-04")
  end
  lists = table.move(lists, first, last, 1, {})
  for i, text in ipairs(lists) do
    if type(text) == "string" then lists[i] = fail.try(tokenizer:encode(text)) end
  end
  return lists, { hash = tokenizer:hash(), filling = { tokenizer.bos, tokenizer.eos } }
end

local function work_of(ctx, model)
  local work, try = require "vise.statistics.work", require("vise.fail").try
  if #ctx.options.data == 0 then return try(work.usual(model)) end
  local lists, tokenizer = texts_of(ctx, model)
  local length = math.min(ctx.options.length, require("vise.models.expect").context(model, "calibrate"))
  return try(work.texts(model, lists, { length = length, least = ctx.options.min_tokens,
    tokenizer = tokenizer.hash, filling = tokenizer.filling }))
end

local function calibrate(ctx)
  local try, o = require("vise.fail").try, ctx.options
  local kinds, shard, shards = kinds_of(o.kinds), shard_of(o.shard)
  local model <close> = try(require("vise.models").open(ctx.args.model, { variant = o.variant }))
  local work = work_of(ctx, model)
  local bar <close> = require("vise.progress").new("calibrate", work.items, "items")
  local statistics <close> = try(require("vise.statistics").capture(model, work.items, work.run, {
    kinds = kinds, layers = #o.layers > 0 and o.layers or nil, shard = shard, shards = shards, data = work.data,
    on_item = function() bar:step() end }))
  local sha256 = try(statistics:save(o.out))
  local parts, of = statistics:parts()
  return { schema = 1, file = o.out, sha256 = sha256, model = statistics.model, family = statistics.family,
    kinds = statistics.kinds, layers = #statistics.layers, rows = statistics:rows(statistics.layers[1].name),
    parts = parts, of_parts = of, data = work.data }
end

return {
  name = "calibrate",
  summary = "gathers statistics of what flows into a model's layers",
  text = "The file stands in for calibration wherever a config says statistics = FILE, for every method whose needs "
    .. "are among its kinds. Texts end with <|endoftext|>; without --data a model does what its family usually does. "
    .. "The data is cut into 16 parts: with --shard 2/4 only those of the second of four shards are run, and `vise "
    .. "stats merge` makes of all shards the bytes that one run over everything would have written.",
  arguments = {
    { name = "model", type = "path", glob = "*.safetensors", help = "a model folder" },
  },
  options = {
    { name = "out", short = "o", type = "place", value = "FILE", required = true,
      help = "the .safetensors file to write" },
    { name = "data", short = "d", type = "file", repeatable = true, help = "texts to read" },
    { name = "kinds", short = "k", type = "string", value = "LIST", complete = "statistics",
      help = "of span, range, mean, importance, moments, histogram, token_span, top; the first four if not given" },
    { name = "layers", short = "l", type = "string", value = "GLOB", repeatable = true, help = "only these layers" },
    { name = "shard", type = "string", value = "I/N", help = "only the I-th of N shards of the data" },
    { name = "from", type = "integer", min = 1, help = "the first text; 1 if not given" },
    { name = "to", type = "integer", min = 1, help = "the last text; the last of the data if not given" },
    { name = "length", type = "integer", min = 1, default = 512,
      help = "ids of a text at most, and no more than the context" },
    { name = "min-tokens", type = "integer", min = 1, default = 128, help = "usable tokens that there have to be" },
    { name = "tokenizer", type = "file", help = "the tokenizer; default that of the model's folder" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of a model folder, such as fp16" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise calibrate models/stories -d stories.txt -k moments -o stats.safetensors",
      "statistics for GPTQ" },
    { "vise calibrate models/stories -d stories.txt --shard 1/2 -o half-1.safetensors", "one half of the work" },
  },
  run = function(ctx)
    local result, message, id = require("vise.fail").catch(calibrate, ctx)
    if not result then return nil, message, id end
    local core, text = require "vise.core", require "vise.text"
    if ctx.options.json then
      result.kinds = core.array(result.kinds)
      io.stdout:write(core.json_encode(result, 2), "\n")
    else
      io.stdout:write(text.escape(("%s: %s of %d layers, %d rows, %d of %d parts of the data"):format(result.file,
        table.concat(result.kinds, " "), result.layers, result.rows, result.parts, result.of_parts)), "\n")
    end
    return 0
  end,
}
