--- vise eval: how well a model predicts text or draws; how far tensors or quantized layers are from others.

local text = require "vise.text"

-- As JSON can say it: an SQNR of equal tensors is infinite.
local function plain(value)
  if type(value) ~= "table" then return require("vise.finite").or_null(value) end
  local out = setmetatable({}, getmetatable(value))
  for key, v in pairs(value) do out[key] = plain(v) end
  return out
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

local function get(result, first, second)
  return type(result[first]) == "table" and result[first][second] or nil
end

-- Thresholds on one number: the option, what it is called, and where it stands in a result.
local LIMITS = {
  { "max_perplexity", "perplexity", "measured", "perplexity" },
  { "max_kld", "divergence", "divergence", "kld" },
  { "min_same_top", "the same likeliest id, in percent,", "divergence", "same_top", least = true },
  { "max_flow_loss", "flow loss", "flow", "loss" },
  { "min_psnr", "PSNR", "drawn", "psnr", least = true },
  { "min_ssim", "SSIM", "drawn", "ssim", least = true },
}

local function passes(value, limit, least)
  return value == value and (least and value >= limit or not least and value <= limit)
end

-- The layers or tensors below --min-sqnr, in words.
local function weak_pairs(result, least)
  local list = {}
  for _, m in ipairs(least and (result.pairs or result.layers) or {}) do
    local sqnr = m.sqnr or m.output_sqnr or m.weight_sqnr
    if not passes(sqnr, least, true) then
      list[#list + 1] = ("%s: SQNR %.2f dB is below %g\n"):format(text.escape(m.name), sqnr, least)
    end
  end
  return list
end

-- Is a threshold of the command line passed?  Says so on stderr.
local function over_threshold(ctx, result)
  io.stdout:flush() -- the table comes before what is said of it
  local list = weak_pairs(result, ctx.options.min_sqnr)
  for _, limit in ipairs(LIMITS) do
    local bound, value = ctx.options[limit[1]], get(result, limit[3], limit[4])
    if bound and value and not passes(value, bound, limit.least) then
      list[#list + 1] = ("%s %g is %s %g\n"):format(limit[2], value, limit.least and "below" or "above", bound)
    end
  end
  io.stderr:write(table.concat(list))
  return #list > 0
end

-- Options that only one kind of measuring reads: elsewhere they would be lost silently.
local GOES_WITH = {
  { "--data", { "from", "to", "labels" }, function(o) return #o.data > 0 end },
  { "--data or --samples", { "layers" }, function(o) return #o.data > 0 or o.samples ~= nil end },
  { "--data without --labels, or --against", { "max_perplexity" },
    function(o) return #o.data > 0 and not o.labels or o.against ~= nil end },
  { "--data without --labels", { "format", "most", "protocol", "context", "stride", "save_base" },
    function(o) return #o.data > 0 and not o.labels end },
  { "--save-base or --base", { "top" }, function(o) return o.save_base ~= nil or o.base ~= nil and #o.data > 0 end },
  { "--against", { "any_model" }, function(o) return o.against ~= nil end },
  { "--against, or --base and --data", { "max_kld", "min_same_top" },
    function(o) return o.against ~= nil or o.base ~= nil and #o.data > 0 end },
  { "--labels", { "max_flow_loss" }, function(o) return o.labels ~= nil end },
  { "--data, --against or --samples", { "tokenizer" },
    function(o) return #o.data > 0 or (o.against or o.samples) ~= nil end },
  { "--samples and --artefact or --base", { "min_psnr", "min_ssim", "picture" },
    function(o) return o.samples ~= nil and (o.artefact or o.base) ~= nil end },
  { "--samples or --labels", { "seed" }, function(o) return (o.samples or o.labels) ~= nil end },
  { "--layers, or --artefact or --base without --data", { "min_sqnr" },
    function(o) return o.layers or #o.data == 0 end },
}

local function check_options(ctx)
  local o, fail = ctx.options, require("vise.fail").try
  for _, rule in ipairs(GOES_WITH) do
    for _, name in ipairs(rule[2]) do
      if o[name] and not rule[3](o) then
        fail(nil, ("--%s goes with %s"):format(name:gsub("_", "-"), rule[1]), "E-US-05")
      end
    end
  end
  if o.save_base and (o.against or o.base) then
    fail(nil, "--save-base writes what --against and --base compare with: one of them", "E-US-05")
  end
end

local function evaluate(ctx)
  check_options(ctx)
  local o = ctx.options
  if o.labels or o.samples then
    local model <close> = require("vise.cli.eval.open").float(ctx)
    local images = require "vise.cli.eval.images"
    if images.is(model) then
      if o.layers and not o.samples then return nil, "--layers of a model of images goes with --samples", "E-US-05" end
      return images.measure(ctx, model)
    end
    if o.labels then
      return nil, ("--labels goes with a model of images, this one is %s"):format(model.family), "E-US-05"
    end
  end
  if #o.data > 0 or o.against or o.samples then return require("vise.cli.eval.texts").measure(ctx) end
  if o.artefact then return require("vise.cli.eval.pairs").layers(ctx) end
  if o.base then return require("vise.cli.eval.pairs").tensors(ctx) end
  return nil, "'vise eval' needs --data, --against, --samples, --artefact or --base: what to measure", "E-US-05"
end

local function show(ctx, result)
  local rows = require "vise.cli.eval.rows"
  if ctx.options.json then
    result = plain(result)
    result.schema = 1
    io.stdout:write(require("vise.core").json_encode(result, 2), "\n")
  elseif result.pairs then
    print_pairs(result)
  else
    io.stdout:write(ctx.options.markdown and rows.markdown(result) or rows.text(result))
  end
end

local OPTIONS = {
  { name = "data", short = "d", type = "file", repeatable = true, help = "texts, or an IDX file of images" },
  { name = "artefact", short = "a", type = "path", glob = "*.safetensors", value = "DIR",
    help = "put this artefact onto the model first" },
  { name = "base", short = "b", type = "path", glob = "*.safetensors", value = "PATH",
    help = "what to measure against" },
  { name = "format", type = "choice", choices = { "auto", "stories", "lines", "raw", "ids", "ids-u16", "ids-i32" },
    help = "how texts stand in the data; by its name and its marks if not given" },
  { name = "most", type = "integer", min = 1, help = "symbols of a line; longer ones are left out" },
  { name = "protocol", type = "choice", choices = { "texts", "windows", "llama.cpp", "sliding", "rolling" },
    help = "what is predicted from what (texts)" },
  { name = "context", type = "integer", min = 2, help = "ids of a window; the model's context if not given" },
  { name = "stride", type = "integer", min = 1, help = "of sliding windows; half the context if not given" },
  { name = "save-base", type = "place", value = "FILE", help = "keep what the model predicts, for --against" },
  { name = "top", type = "integer", min = 1, help = "ids kept at each place; 64 if not given" },
  { name = "against", type = "file", help = "hold the model against such a file" },
  { name = "any-model", type = "flag", help = "take a base that is of another model" },
  { name = "layers", type = "flag", help = "the SQNR of every layer's output on them as well" },
  { name = "labels", type = "file", help = "the labels of images, an IDX file" },
  { name = "samples", type = "integer", min = 1, help = "texts to write, or images to draw and compare" },
  { name = "seed", type = "integer", min = 0, help = "of what is drawn" },
  { name = "picture", type = "place", value = "FILE", help = "write the images as a PNG: float, then measured" },
  { name = "tokenizer", type = "file", help = "the tokenizer; default that of the model's folder" },
  { name = "from", type = "integer", min = 1, help = "the first text or image; 1 if not given" },
  { name = "to", type = "integer", min = 1, help = "the last one; that of the data if not given" },
  { name = "variant", type = "string", value = "NAME", help = "the variant of a model folder, such as fp16" },
  { name = "max-perplexity", type = "number", help = "exit with 1 if the perplexity is higher" },
  { name = "max-kld", type = "number", help = "exit with 1 if the mean divergence is higher" },
  { name = "min-same-top", type = "number", help = "exit with 1 if the percentage is lower" },
  { name = "min-sqnr", type = "number", help = "exit with 1 if a layer's or tensor's SQNR in dB is lower" },
  { name = "max-flow-loss", type = "number", help = "exit with 1 if the flow loss is higher" },
  { name = "min-psnr", type = "number", help = "exit with 1 if the PSNR in dB is lower" },
  { name = "min-ssim", type = "number", help = "exit with 1 if the SSIM is lower" },
  { name = "json", type = "flag", help = "print one JSON object" },
  { name = "markdown", type = "flag", help = "print Markdown, in lm-eval's columns" },
}

-- What the short help shows.
local USUAL = { data = true, artefact = true, base = true, protocol = true, ["save-base"] = true, against = true,
  labels = true, samples = true, ["max-kld"] = true, json = true, markdown = true }
for _, option in ipairs(OPTIONS) do option.rare = not USUAL[option.name] end

return {
  name = "eval",
  summary = "perplexity, divergence, images against a base; distance of layers",
  text = "With --data: how well texts that end with <|endoftext|> are predicted, under the protocol named; with --base "
    .. "also how far that is from another model, token by token. --save-base keeps what a model predicts, once, and "
    .. "--against holds others against it. With images and --labels: the flow loss; with --samples the PSNR and SSIM "
    .. "of images drawn from the same noise. With --artefact alone: what each quantized layer stands for against its "
    .. "float weight. With --base alone: the tensors that two files share. PSNR of tensors takes the range of the base "
    .. "as its peak. Thresholds that are not met end with status 1.",
  arguments = {
    { name = "model", type = "path", glob = "*.safetensors", help = "a model folder, or a .safetensors file" },
  },
  options = OPTIONS,
  examples = {
    { "vise eval models/stories --data stories.txt --from 1501 --to 1540", "perplexity on held-out texts" },
    { "vise eval models/stories -d stories.txt --save-base float.base", "keep what the float model predicts" },
    { "vise eval models/stories -a out/int4 --against float.base --max-kld 0.1", "quantized against float" },
    { "vise eval models/dit -a out/dit-int4 --samples 40 --picture both.png", "images against the float model's" },
    { "vise eval models/dit --artefact out/dit-int8 --min-sqnr 30", "the layers that lose most" },
    { "vise eval images.safetensors --base float.safetensors", "tensors of one file against another" },
  },
  run = function(ctx)
    local result, message, id = require("vise.fail").catch(evaluate, ctx)
    if not result then return nil, message, id end
    show(ctx, result)
    return over_threshold(ctx, result) and 1 or 0
  end,
}
