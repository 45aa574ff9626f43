--- Perplexity: how well a model predicts texts.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local options_of = require "vise.eval.options"
local protocols = require "vise.eval.protocols"
local score = require "vise.eval.score"
local summary = require "vise.eval.summary"

local M = {}

---@class vise.Perplexity
---@field protocol string
---@field context integer
---@field stride? integer
---@field loss number           Mean nats of a predicted id.
---@field loss_stderr number
---@field perplexity number
---@field perplexity_stderr number
---@field tokens integer        Ids predicted.
---@field texts integer
---@field windows integer
---@field token_hash string     Of the ids and of what of them counts.
---@field tokenizer_hash? string
---@field words? integer        Where every id of the texts is predicted,
---@field bytes? integer
---@field word_perplexity? number
---@field byte_perplexity? number
---@field bits_per_byte? number

-- exp(nats / n), and its standard error by the delta method.
local function per(nats, stderr, n)
  local value = math.exp(nats / n)
  return value, value * stderr / n
end

--- Sums up the losses of the predicted ids.
---@param plan vise.eval.Plan
---@param losses number[]
---@return vise.Perplexity
function M.result(plan, losses)
  local n = #losses
  local loss, stderr = summary.mean(losses)
  local r = { protocol = plan.protocol, context = plan.context, stride = plan.stride, loss = loss,
    loss_stderr = stderr, tokens = n, texts = plan.texts, windows = #plan.windows, token_hash = plan.token_hash,
    tokenizer_hash = plan.tokenizer_hash, words = plan.words, bytes = plan.bytes }
  r.perplexity, r.perplexity_stderr = per(loss, stderr, 1)
  if plan.words and plan.bytes > 0 then
    r.word_perplexity, r.word_perplexity_stderr = per(n * loss, n * stderr, plan.words)
    r.byte_perplexity, r.byte_perplexity_stderr = per(n * loss, n * stderr, plan.bytes)
    r.bits_per_byte = n * loss / plan.bytes / math.log(2)
    r.bits_per_byte_stderr = n * stderr / plan.bytes / math.log(2)
  end
  return r
end

--- Adds the losses of the ids that came to a list.
---@param logits vise.Tensor
---@param targets vise.Tensor
---@param list number[]
---@return vise.Tensor nats  f64 [n]
---@return integer? bad      The first row with a NaN.
function M.losses(logits, targets, list)
  local nats = fail.try(core.token_losses(logits, targets))
  local values = nats:totable()
  table.move(values, 1, #values, #list + 1, list)
  return nats, score.first_nan(values)
end

--- A function for score.run that does so.
---@param list number[]
---@return vise.eval.See
function M.collect(list)
  return function(logits, targets)
    local nats, bad = M.losses(logits, targets, list)
    nats:close()
    return bad
  end
end

local function perplexity(model, texts, options)
  local plan = protocols.plan(texts, options, expect.context(model, "perplexity"))
  local losses = {}
  score.run(model, plan.windows, M.collect(losses), options)
  return M.result(plan, losses)
end

--- How well a model predicts texts.
---@param model vise.Model  A language model.
---@param texts string[]|integer[][]
---@param options? vise.PerplexityOptions
---@return vise.Perplexity? result
---@return string? message
---@return string? id
function M.perplexity(model, texts, options)
  expect.model(model, "perplexity", "forward")
  return fail.catch(perplexity, model, texts, options_of.check("perplexity", options))
end

M.public = { perplexity = M.perplexity }

return M
