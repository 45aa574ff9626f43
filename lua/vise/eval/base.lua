--- The first pass of a divergence: a base model's predictions are kept.

local base_file = require "vise.eval.base_file"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local options_of = require "vise.eval.options"
local perplexity = require "vise.eval.perplexity"
local protocols = require "vise.eval.protocols"
local score = require "vise.eval.score"

local try = fail.try

local M = {}

local TOP = 64
local OF_PLAN = { "protocol", "context", "stride", "texts", "token_hash", "tokenizer_hash", "words", "bytes" }

---@class vise.EvalBase: vise.Perplexity
---@field path string
---@field file_bytes integer
---@field top integer       Ids whose probabilities are kept of each place.
---@field rest number       Mean probability of all others.

---@class vise.BaseOptions: vise.PerplexityOptions
---@field out string
---@field top? integer  64 if not given, or the whole vocabulary.

--- What names a model: of its files, so a quantized model has that of the float one.
---@param model vise.Model
---@return string
function M.identity(model)
  return model.checkpoint and try(model.checkpoint:identity()) or tostring(model.family)
end

local function metadata_of(model, plan, writer, vocabulary)
  local m = { model = M.identity(model), family = tostring(model.family), vocabulary = vocabulary, top = writer.top,
    predicted = plan.tokens, quantized = tostring(model.quantization ~= nil) }
  for _, name in ipairs(OF_PLAN) do m[name] = plan[name] end
  for name, value in pairs(m) do m[name] = tostring(value) end
  return m
end

-- Keeps what follows each id; `kept` gathers the losses and the mass of what is not kept.
local function keep(writer, kept)
  return function(logits, targets)
    local nats <close>, bad = perplexity.losses(logits, targets, kept.losses)
    if bad then return bad end
    local _, vocabulary = logits:shape()
    kept.vocabulary = vocabulary
    if writer.top > vocabulary then
      fail.raise("E-DT-08", "top is %d, expected at most the vocabulary, %d", writer.top, vocabulary)
    end
    local ids, log_probs, rest = core.likeliest(logits, writer.top)
    try(ids, log_probs, rest)
    writer:add { ids = ids, log_probs = log_probs, rest = rest, nats = nats }
    for _, v in ipairs(rest:totable()) do kept.rest = kept.rest + math.exp(v) end
    for _, made in ipairs { ids, log_probs, rest } do made:close() end
  end
end

local function base(model, texts, options)
  local plan = protocols.plan(texts, options, expect.context(model, "base"))
  local vocabulary = model.settings.vocab_size
  local top = options.top or vocabulary and math.min(TOP, vocabulary) or TOP
  local kept = { losses = {}, rest = 0 }
  local writer <close> = base_file.writer(options.out, top, plan.tokens)
  score.run(model, plan.windows, keep(writer, kept), options)
  local result = perplexity.result(plan, kept.losses)
  result.path, result.top, result.rest = options.out, top, kept.rest / plan.tokens
  result.file_bytes = writer:finish(plan, metadata_of(model, plan, writer, kept.vocabulary))
  return result
end

--- Keeps what a model predicts, for vise.eval.divergence: of every id that is predicted the `top` likeliest
--- ids with their log-probabilities, 8 top + 12 bytes.
---@param model vise.Model  A language model.
---@param texts string[]|integer[][]
---@param options vise.BaseOptions
---@return vise.EvalBase?
---@return string? message
---@return string? id
function M.base(model, texts, options)
  expect.model(model, "base", "forward")
  options_of.check("base", options, { out = "string", top = 1 })
  if not options or not options.out then fail.raise("E-DT-08", "base needs options.out, the file to write") end
  return fail.catch(base, model, texts, options)
end

M.public = { base = M.base }

return M
