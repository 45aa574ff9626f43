--- vise eval with texts: perplexity, the divergence from a base, layers and samples.

local core = require "vise.core"
local eval = require "vise.eval"
local fail = require "vise.fail"
local open = require "vise.cli.eval.open"
local progress = require "vise.progress"

local try = fail.try

local M = {}

-- What evaluations are told, with a bar of their own.
local function reading(ctx, more)
  local o = ctx.options
  local options = { protocol = o.protocol, context = o.context, stride = o.stride, tokenizer = ctx.tokenizer }
  for key, value in pairs(more or {}) do options[key] = value end
  return options
end

-- Calls f(options) with a bar that counts windows.
local function with_bar(ctx, label, more, f)
  local bar <close> = progress.new(label, nil, "windows")
  local options = reading(ctx, more)
  options.on_window = function() bar:step() end
  return f(options)
end

local function perplexity(ctx, model, label)
  return with_bar(ctx, label, nil, function(options) return try(eval.perplexity(model, ctx.texts, options)) end)
end

local function keep(ctx, model, path, label)
  return with_bar(ctx, label, { out = path, top = ctx.options.top }, function(options)
    return try(eval.base(model, ctx.texts, options))
  end)
end

local function divergence(ctx, model, path, any_model)
  return with_bar(ctx, "eval", { texts = ctx.texts, any_model = any_model }, function(options)
    return try(eval.divergence(model, path, options))
  end)
end

-- The base's predictions go through a file that lives as long as the comparison.
local function against_model(ctx, model)
  local path <close> = setmetatable({ os.tmpname() }, { __close = function(self) os.remove(self[1]) end })
  local base <close> = open.base(ctx)
  keep(ctx, base, path[1], "base")
  return divergence(ctx, model, path[1], true)
end

-- What became of a model's predictions, by what was asked for.
local function predict(ctx, model, result)
  local o = ctx.options
  if o.save_base then
    result.measured = keep(ctx, model, o.save_base, "eval")
    result.kept = { file = o.save_base, bytes = result.measured.file_bytes, top = result.measured.top,
      rest = result.measured.rest }
    return
  end
  if not o.against and not o.base then
    result.measured = perplexity(ctx, model, "eval")
    return
  end
  local d = o.against and divergence(ctx, model, o.against, o.any_model) or against_model(ctx, model)
  result.measured, result.base, result.divergence = d.measured, d.base, d
  d.measured, d.base = nil, nil
  result.loss_change = result.measured.loss - result.base.loss
end

-- Where each row of the report says what was predicted: the files' names and the protocol.
local function task_of(ctx, measured)
  local names = {}
  for i, path in ipairs(ctx.options.data) do names[i] = path:match("[^/]*$"):gsub("%.[^.]*$", "") end
  if #names == 0 then names[1] = ctx.options.against:match "[^/]*$" end
  return ("%s/%s@%d"):format(table.concat(names, "+"), measured.protocol, measured.context)
end

local function layers_of(ctx, model)
  return with_bar(ctx, "layers", nil, function(options)
    return try(eval.layers(model, { run = function(m) return eval.perplexity(m, ctx.texts, options) end }))
  end)
end

--- Measures.  Texts may be left out where a base of --against holds their ids, or for samples alone.
---@param ctx vise.cli.Context
---@return table result
function M.measure(ctx)
  local o = ctx.options
  local model <close> = open.model(ctx)
  local message, id
  ctx.tokenizer, message, id = open.tokenizer(ctx, model)
  if #o.data > 0 then ctx.texts = open.texts(ctx) end
  local has_words = ctx.texts and type(ctx.texts[1]) == "string"
  if not ctx.tokenizer and (has_words or o.samples) then try(nil, message, id) end
  local result = { model = ctx.args.model, artefact = o.artefact }
  if ctx.texts or o.against then
    predict(ctx, model, result)
    result.task = task_of(ctx, result.measured)
  end
  if o.layers and not ctx.texts then try(nil, "--layers of a language model goes with --data", "E-US-05") end
  if o.layers then result.layers = core.array(layers_of(ctx, model)) end
  if o.samples then
    local options = { tokenizer = ctx.tokenizer, count = o.samples, seed = o.seed }
    result.samples = core.array(try(eval.samples(model, options)))
  end
  return result
end

return M
