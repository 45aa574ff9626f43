--- Measures: how far one result is from another, and how well a model predicts text.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local try = fail.try

local M = {}

---@class vise.Measures
---@field mae number
---@field rmse number
---@field max_abs number
---@field rel_l2 number  ||a - b|| / max(||b||, 1e-12)
---@field cosine number
---@field sqnr number    dB

--- Measures `a` against `b` in double precision, all at once.
---@param a vise.Tensor
---@param b vise.Tensor
---@return vise.Measures? measures
---@return string? message
---@return string? id
function M.compare(a, b)
  return core.compare(a, b)
end

-- Images in [-1, 1] as numbers from -127.5 to 127.5.
local function to_levels(images)
  local clamped = try(images:clamp(-1, 1))
  return try(clamped:mul(127.5, clamped))
end

local function psnr(a, b)
  local x <close> = to_levels(a)
  local y <close> = to_levels(b)
  return 20 * math.log(255 / try(core.compare(x, y)).rmse, 10)
end

--- The peak signal-to-noise ratio of images against others, in dB: 20 log10(255 / rmse) over all
--- of them, clamped to [-1, 1] and scaled by 127.5.  Equal images have infinity.
---@param images vise.Tensor
---@param others vise.Tensor
---@return number? dB
---@return string? message
---@return string? id
function M.psnr(images, others)
  return fail.catch(psnr, images, others)
end

-- The sum of nats over the ids after the first, and how many there are.
local function sequence_loss(model, ids)
  local n = #ids - 1
  local inputs <close> = try(core.tensor_of("i64", { 1, n }, table.move(ids, 1, n, 1, {})))
  local targets <close> = try(core.tensor_of("i64", { n }, table.move(ids, 2, n + 1, 1, {})))
  local logits <close> = try(model:forward(inputs))
  local rows <close> = try(logits:reshape { n, -1 })
  return try(core.cross_entropy(rows, targets))
end

---@class vise.Perplexity
---@field loss number        Mean nats of a predicted id.
---@field perplexity number
---@field tokens integer     Ids predicted.
---@field texts integer

local function perplexity(model, texts, options)
  local context = options.context or expect.context(model, "perplexity")
  local sum, tokens = 0, 0
  for i, text in ipairs(texts) do
    if type(text) == "string" and not options.tokenizer then
      fail.raise("E-DT-08", "text %d is a string: give options.tokenizer, or lists of ids", i)
    end
    local ids = options.tokenizer and try(options.tokenizer:encode(text)) or text
    ids = table.move(ids, 1, math.min(#ids, context), 1, {})
    if #ids > 1 then
      local nats, n = sequence_loss(model, ids)
      sum, tokens = sum + nats, tokens + n
    end
    if options.on_text then options.on_text(i) end
  end
  if tokens == 0 then return fail.fail("E-DT-06", "%d texts hold nothing to predict", #texts) end
  return { loss = sum / tokens, perplexity = math.exp(sum / tokens), tokens = tokens, texts = #texts }
end

---@class vise.PerplexityOptions
---@field tokenizer? vise.Tokenizer  For texts that are strings; without one they are lists of ids.
---@field context? integer           Ids of a text that count; the model's context if not given.
---@field on_text? fun(index: integer)  After each text.

local names = { "tokenizer", "context", "on_text" }

local function check(options)
  for name in pairs(options) do
    if name ~= names[1] and name ~= names[2] and name ~= names[3] then
      fail.raise("E-DT-08", "perplexity has no option '%s'%s", tostring(name), suggest.hint(tostring(name), names))
    end
  end
  local context = options.context
  if context ~= nil and (type(context) ~= "number" or not math.tointeger(context) or context < 2) then
    fail.raise("E-DT-08", "context is %s, expected an integer from 2", tostring(context))
  end
end

--- How well a model predicts texts: each from its first id, cut at the context, the mean over all
--- predicted ids.
---@param model vise.models.Llama
---@param texts string[]|integer[][]
---@param options? vise.PerplexityOptions
---@return vise.Perplexity? result
---@return string? message
---@return string? id
function M.perplexity(model, texts, options)
  expect.model(model, "perplexity", "forward")
  check(options or {})
  return fail.catch(perplexity, model, texts, options or {})
end

return M
