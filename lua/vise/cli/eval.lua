--- vise eval: how well a model predicts text; how far tensors or quantized layers are from others.

local text = require "vise.text"

-- As JSON can say it: an SQNR of equal tensors is infinite.
local function plain(measures)
  local finite, out = require "vise.finite", {}
  for name, v in pairs(measures) do out[name] = finite.or_null(v) end
  return out
end

-- rel-L2, cosine, SQNR and PSNR of `a` against `b`, any float types.  The peak of the PSNR is the
-- range of `b`.
local function measure(a, b)
  local core, try = require "vise.core", require("vise.fail").try
  local x <close> = try(a:to "f32")
  local y <close> = try(b:to "f32")
  local m = try(core.compare(x, y))
  local s = try(y:statistics())
  return { rel_l2 = m.rel_l2, cosine = m.cosine, sqnr = m.sqnr, max_abs = m.max_abs,
    psnr = 20 * math.log((s.max - s.min) / m.rmse, 10) }
end

local function open_model(ctx)
  local try = require("vise.fail").try
  local model = try(require("vise.models").open(ctx.args.model, { variant = ctx.options.variant }))
  for _, note in ipairs(model.notes) do io.stderr:write("note: ", text.escape_lines(note), "\n") end
  if ctx.options.artefact then try(require("vise.load").load(model, ctx.options.artefact)) end
  return model
end

-- The texts of the data files that --from and --to select.
local function select_texts(ctx)
  local fail, data = require "vise.fail", require "vise.data"
  local all = {}
  for _, path in ipairs(ctx.options.data) do
    local texts = fail.try(data.stories(path))
    table.move(texts, 1, #texts, #all + 1, all)
  end
  local first, last = ctx.options.from or 1, math.min(ctx.options.to or #all, #all)
  if first > last then
    fail.try(nil, ("--from %d, --to %d: the data has %d texts"):format(first, ctx.options.to or #all, #all), "E-US-04")
  end
  return table.move(all, first, last, 1, {})
end

local function predict(model, texts, tokenizer, label)
  local bar <close> = require("vise.progress").new(label, #texts, "texts")
  return require("vise.fail").try(require("vise.eval").perplexity(model, texts, { tokenizer = tokenizer,
    on_window = function() bar:step() end }))
end

-- Perplexity; with an artefact and --base also of the float model, and what changed.
local function evaluate_text(ctx)
  local fail, core = require "vise.fail", require "vise.core"
  local texts = select_texts(ctx)
  local tokenizer_path = ctx.options.tokenizer or ctx.args.model:gsub("/+$", "") .. "/tok512.bin"
  local tokenizer = fail.try(core.tokenizer_open(tokenizer_path))
  local model = open_model(ctx)
  local result = { model = ctx.args.model, artefact = ctx.options.artefact }
  result.measured = predict(model, texts, tokenizer, "eval")
  model:close()
  if ctx.options.base then
    local base = fail.try(require("vise.models").open(ctx.options.base, { variant = ctx.options.variant }))
    result.base = predict(base, texts, tokenizer, "base")
    base:close()
    result.loss_change = result.measured.loss - result.base.loss
  end
  return result
end

local function print_text(result)
  local rows = { { "", "texts", "tokens", "loss", "perplexity" } }
  for _, name in ipairs { "measured", "base" } do
    local m = result[name]
    if m then
      rows[#rows + 1] = { name, m.texts, m.tokens, ("%10.6f"):format(m.loss), ("%10.6f"):format(m.perplexity) }
    end
  end
  io.stdout:write(text.table(rows))
  if result.loss_change then io.stdout:write(("loss change %+.6f nats\n"):format(result.loss_change)) end
end

-- Every layer of an artefact against the float weights it was made from.
local function evaluate_layers(ctx)
  local core = require "vise.core"
  local model = open_model(ctx)
  local pairs_of = core.array {}
  for _, layer in ipairs(model:layers()) do
    if layer.quantized then
      local stands_for <close> = layer.quantized:dequantize()
      local m = measure(stands_for, layer.weight)
      m.name = layer.name
      pairs_of[#pairs_of + 1] = m
    end
  end
  model:close()
  return { model = ctx.args.model, artefact = ctx.options.artefact, pairs = pairs_of }
end

-- The tensors that two checkpoints share by name.
local function evaluate_pair(ctx)
  local core, fail = require "vise.core", require "vise.fail"
  local checkpoint = require "vise.checkpoint"
  local a = fail.try(checkpoint.open(ctx.args.model, { variant = ctx.options.variant }))
  local b = fail.try(checkpoint.open(ctx.options.base))
  local list, missing = core.array {}, core.array {}
  for _, name in ipairs(a:names()) do
    if not b:has(name) then
      missing[#missing + 1] = name
    else
      local x <close> = a:tensor(name)
      local y <close> = b:tensor(name)
      local shapes = { table.concat({ x:shape() }, "x"), table.concat({ y:shape() }, "x") }
      if shapes[1] ~= shapes[2] then
        fail.try(nil, ("tensor %s is %s, in the base %s"):format(name, shapes[1], shapes[2]), "E-US-12")
      end
      local m = measure(x, y)
      m.name = name
      list[#list + 1] = m
    end
  end
  a:close()
  b:close()
  if #list == 0 then fail.try(nil, "the two have no tensor name in common", "E-US-12") end
  return { model = ctx.args.model, base = ctx.options.base, pairs = list, missing = missing }
end

local function print_pairs(result)
  local rows = { { "tensor", "rel L2", "cosine", "SQNR dB", "PSNR dB", "largest" } }
  for _, m in ipairs(result.pairs) do
    rows[#rows + 1] = { m.name, ("%10.3e"):format(m.rel_l2), ("%9.6f"):format(m.cosine),
      ("%8.2f"):format(m.sqnr), ("%8.2f"):format(m.psnr), ("%10.3e"):format(m.max_abs) }
  end
  io.stdout:write(text.table(rows))
  for _, name in ipairs(result.missing or {}) do
    io.stdout:write("not in the base: ", text.escape(name), "\n")
  end
end

-- Is a threshold of the command line passed?  Says so on stderr.
local function over_threshold(ctx, result)
  io.stdout:flush() -- the table comes before what is said of it
  local failed = false
  local limit, least = ctx.options.max_perplexity, ctx.options.min_sqnr
  local got = result.measured and result.measured.perplexity
  if limit and got and (got > limit or got ~= got) then
    io.stderr:write(("perplexity %g is above %g\n"):format(got, limit))
    failed = true
  end
  for _, m in ipairs(least and result.pairs or {}) do
    if m.sqnr < least or m.sqnr ~= m.sqnr then
      io.stderr:write(("%s: SQNR %.2f dB is below %g\n"):format(text.escape(m.name), m.sqnr, least))
      failed = true
    end
  end
  return failed
end

-- Options that only one kind of measuring reads: elsewhere they would be lost silently.
local function check_options(ctx)
  local o, fail = ctx.options, require("vise.fail").try
  if #o.data == 0 then
    for _, name in ipairs { "tokenizer", "from", "to", "max-perplexity" } do
      if o[(name:gsub("-", "_"))] ~= nil then fail(nil, ("--%s goes with --data"):format(name), "E-US-05") end
    end
  elseif o.min_sqnr then
    fail(nil, "--min-sqnr goes with --artefact or --base, without --data", "E-US-05")
  end
end

local function evaluate(ctx)
  check_options(ctx)
  if #ctx.options.data > 0 then return evaluate_text(ctx) end
  if ctx.options.artefact then return evaluate_layers(ctx) end
  if ctx.options.base then return evaluate_pair(ctx) end
  return nil, "'vise eval' needs --data, --artefact or --base: what to measure", "E-US-05"
end

return {
  name = "eval",
  summary = "perplexity of a language model; distance of tensors or layers from others",
  text = "With --data: the mean loss and the perplexity over texts that end with <|endoftext|>, each cut at "
    .. "the model's context; with --base also those of another model. With --artefact alone: what each quantized "
    .. "layer stands for against its float weight. With --base alone: the tensors that two files share. "
    .. "PSNR takes the range of the base as its peak.",
  arguments = {
    { name = "model", type = "path", glob = "*.safetensors", help = "a model folder, or a .safetensors file" },
  },
  options = {
    { name = "data", short = "d", type = "file", repeatable = true, help = "texts to predict" },
    { name = "artefact", short = "a", type = "path", glob = "*.safetensors", value = "DIR",
      help = "put this artefact onto the model first" },
    { name = "base", short = "b", type = "path", glob = "*.safetensors", value = "PATH",
      help = "what to measure against" },
    { name = "tokenizer", type = "file", help = "the tokenizer; default tok512.bin of the model's folder" },
    { name = "from", type = "integer", min = 1, help = "the first text; 1 if not given" },
    { name = "to", type = "integer", min = 1, help = "the last text; the last of the data if not given" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of a model folder, such as fp16" },
    { name = "max-perplexity", type = "number", help = "exit with 1 if the perplexity is higher" },
    { name = "min-sqnr", type = "number", help = "exit with 1 if a pair's SQNR in dB is lower" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise eval models/stories --data stories.txt --from 1501 --to 1540", "perplexity on held-out texts" },
    { "vise eval models/stories -a out/int4 -b models/stories -d stories.txt", "quantized against float" },
    { "vise eval models/dit --artefact out/dit-int8 --min-sqnr 30", "the layers that lose most" },
    { "vise eval images.safetensors --base float.safetensors", "tensors of one file against another" },
  },
  run = function(ctx)
    local fail, core = require "vise.fail", require "vise.core"
    local result, message, id = fail.catch(evaluate, ctx)
    if not result then return nil, message, id end
    if ctx.options.json then
      for i, m in ipairs(result.pairs or {}) do result.pairs[i] = plain(m) end
      for _, name in ipairs { "measured", "base" } do
        if type(result[name]) == "table" then result[name] = plain(result[name]) end
      end
      result.schema = 1
      io.stdout:write(core.json_encode(result, 2), "\n")
    elseif result.pairs then
      print_pairs(result)
    else
      print_text(result)
    end
    return over_threshold(ctx, result) and 1 or 0
  end,
}
