--- The second pass: how far a model's predictions are from those of a base.  What is reported, and its
--- standard errors, are llama.cpp's: with p and q the probabilities of the id that came, of the base and of
--- the model, delta p is q - p in percent.

local base = require "vise.eval.base"
local base_file = require "vise.eval.base_file"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local options_of = require "vise.eval.options"
local perplexity = require "vise.eval.perplexity"
local protocols = require "vise.eval.protocols"
local score = require "vise.eval.score"
local summary = require "vise.eval.summary"

local try = fail.try

local M = {}

-- Of the divergence, and of delta p.
local QUANTILES = { max = 1, ["99.9"] = 0.999, ["99"] = 0.99, ["95"] = 0.95, ["90"] = 0.9,
  ["75"] = 0.75, median = 0.5, ["25"] = 0.25, ["10"] = 0.1, ["5"] = 0.05, ["1"] = 0.01, ["0.1"] = 0.001, min = 0 }

---@class vise.Divergence
---@field kld number            Mean, in nats: a lower bound where not all ids were kept,
---@field kld_at_most number    and an upper one.
---@field kld_stderr number
---@field quantiles table<string, number>  Of the divergence: max, 99.9, 99, 95, 90, 75, median, 25, 10, 5, 1, 0.1, min.
---@field same_top number       Percent of places where both have the same likeliest id.
---@field same_top_stderr number
---@field delta_p { mean: number, stderr: number, rms: number, rms_stderr: number, quantiles: table<string, number> }
---@field ratio { perplexity: number, stderr: number, log: number, log_stderr: number, correlation: number }
---@field difference { perplexity: number, stderr: number }
---@field measured vise.Perplexity
---@field base vise.Perplexity
---@field top integer
---@field exact boolean         All ids were kept.

local columns = { kld = 1, most = 2, same = 3 }

-- Lists of one number a place, filled as the windows are run.
local function new_lists()
  return { kld = {}, most = {}, same = {}, losses = {}, base_losses = {} }
end

local function append(list, values)
  table.move(values, 1, #values, #list + 1, list)
end

local function see(kept, lists)
  local collect = perplexity.collect(lists.losses)
  return function(logits, targets)
    local done = #lists.losses
    local bad = collect(logits, targets)
    if bad then return bad end
    kept:each(done + 1, #lists.losses, function(rows, from, to)
      local part <close> = try(logits:rows(from, to))
      local found <close> = try(core.divergence(part, rows.ids, rows.log_probs, rows.rest))
      local cells = found:totable()
      for i = 1, #cells, 3 do
        for name, column in pairs(columns) do lists[name][#lists[name] + 1] = cells[i + column - 1] end
      end
      append(lists.base_losses, rows.nats:totable())
    end)
  end
end

-- q - p of the ids that came, in percent.
local function delta_p(lists)
  local values = {}
  for i, nats in ipairs(lists.losses) do values[i] = 100 * (math.exp(-nats) - math.exp(-lists.base_losses[i])) end
  local mean, stderr = summary.mean(values)
  local square, square_stderr = summary.mean(values, 2)
  local rms = math.sqrt(square)
  return { mean = mean, stderr = stderr, rms = rms, rms_stderr = rms > 0 and 0.5 / rms * square_stderr or 0,
    quantiles = summary.quantiles(values, QUANTILES) }
end

-- The ratio and the difference of the perplexities: their errors are correlated.
local function compared(measured, other, lists)
  local covariance = summary.covariance(lists.losses, lists.base_losses)
  local a, b = measured.loss_stderr, other.loss_stderr
  local log = measured.loss - other.loss
  local log_stderr = math.sqrt(math.max(0, a * a + b * b - 2 * covariance))
  local pa, pb = measured.perplexity_stderr, other.perplexity_stderr
  local joint = measured.perplexity * other.perplexity * covariance
  return { perplexity = math.exp(log), stderr = math.exp(log) * log_stderr, log = log, log_stderr = log_stderr,
    correlation = a * b > 0 and covariance / (a * b) or 1 },
    { perplexity = measured.perplexity - other.perplexity,
      stderr = math.sqrt(math.max(0, pa * pa + pb * pb - 2 * joint)) }
end

local function result_of(kept, lists)
  local n = kept.plan.tokens
  local r = { measured = perplexity.result(kept.plan, lists.losses), top = kept.top,
    base = perplexity.result(kept.plan, lists.base_losses), exact = kept.top == kept.vocabulary }
  r.kld, r.kld_stderr = summary.mean(lists.kld)
  r.kld_at_most = summary.mean(lists.most)
  r.quantiles = summary.quantiles(lists.kld, QUANTILES)
  local same = summary.mean(lists.same)
  r.same_top = 100 * same
  r.same_top_stderr = n > 1 and 100 * math.sqrt(same * (1 - same) / (n - 1)) or 0
  r.delta_p = delta_p(lists)
  r.ratio, r.difference = compared(r.measured, r.base, lists)
  return r
end

-- What has to be the same, and what it is called.
local SAME = { { "protocol", "protocol" }, { "context", "context" }, { "stride", "stride" }, { "token_hash", "data" } }

local function check(model, kept, texts, options)
  local function refuse(what, theirs, ours)
    fail.try(nil, ("%s is of another %s: %s, this is %s"):format(kept.path, what, theirs, ours), "E-EV-04")
  end
  local identity = base.identity(model)
  if not options.any_model and identity ~= kept.metadata.model then
    refuse("model", kept.metadata.model, identity)
  end
  local ids = model.settings.vocab_size
  if ids and ids ~= kept.vocabulary then refuse("vocabulary", kept.vocabulary, ids) end
  local context = expect.context(model, "divergence")
  if kept.plan.context > context then refuse("context", kept.plan.context, context) end
  local tokenizer, theirs = protocols.tokenizer_hash(options.tokenizer), kept.plan.tokenizer_hash
  if tokenizer and theirs and tokenizer ~= theirs then refuse("tokenizer", theirs, tokenizer) end
  if not texts then return end
  local plan = protocols.plan(texts, options, context)
  for _, pair in ipairs(SAME) do
    local kept_of, ours = kept.plan[pair[1]], plan[pair[1]]
    if kept_of ~= ours then refuse(pair[2], tostring(kept_of), tostring(ours)) end
  end
end

local function divergence(model, path, options)
  local kept <close> = base_file.open(path)
  check(model, kept, options.texts, options)
  local lists = new_lists()
  score.run(model, kept.plan.windows, see(kept, lists), options)
  return result_of(kept, lists)
end

---@class vise.DivergenceOptions: vise.PerplexityOptions
---@field texts? string[]|integer[][]  Where they are given: the base has to be of these, under this protocol.
---@field any_model? boolean           Of a model that is not the one the base was made with.

--- How far a model's predictions are from those kept of a base, on the ids that the file holds.
---@param model vise.Model  A language model.
---@param path string  What vise.eval.base wrote.
---@param options? vise.DivergenceOptions
---@return vise.Divergence?
---@return string? message
---@return string? id
function M.divergence(model, path, options)
  expect.model(model, "divergence", "forward")
  expect.context(model, "divergence")
  options = options_of.check("divergence", options, { texts = "table", any_model = "boolean" })
  return fail.catch(divergence, model, path, options)
end

M.public = { divergence = M.divergence }

return M
