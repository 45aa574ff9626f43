--- Samples: what a language model writes, from seeds.

local expect = require "vise.models.expect"
local fail = require "vise.fail"
local generate = require "vise.generate"

local try = fail.try

local M = {}

---@class vise.TextSample
---@field prompt string
---@field text string     The prompt and what was added.
---@field seed integer
---@field reason "stop"|"length"|"context"
---@field ids integer[]

---@class vise.SamplesOptions
---@field tokenizer vise.Tokenizer
---@field prompts? string[]     What the texts begin with; none if not given.
---@field count? integer        Texts, 3 if not given; the prompts are used in turn.
---@field seed? integer         Of the first text, 1 if not given; each next one has the next.
---@field max_new? integer      64 if not given.
---@field temperature? number   0.8 if not given; 0: always the likeliest.
---@field top_p? number         0.95 if not given.

local known = { tokenizer = true, prompts = "table", count = "number", seed = "number", max_new = "number",
  temperature = "number", top_p = "number" }

local function check(options)
  for name, value in pairs(options) do
    local kind = known[name]
    if not kind or kind ~= true and type(value) ~= kind then
      fail.raise("E-DT-08", "option %s of samples is %s", tostring(name), tostring(value))
    end
  end
  if not options.tokenizer then fail.raise("E-DT-08", "samples needs options.tokenizer") end
  if options.count and (not math.tointeger(options.count) or options.count < 1) then
    fail.raise("E-DT-08", "count is %s, expected an integer from 1", tostring(options.count))
  end
end

local function samples(model, options)
  local list, prompts, tokenizer = {}, options.prompts or { "" }, options.tokenizer
  for i = 1, options.count or 3 do
    local prompt, seed = prompts[(i - 1) % #prompts + 1] or "", (options.seed or 1) + i - 1
    local begin = try(tokenizer:encode(prompt, { eos = false }))
    if #begin == 0 then begin = { model.settings.bos_token_id or 0 } end
    local ids, reason = try(generate.generate(model, { prompt = begin, seed = seed, max_new = options.max_new or 64,
      temperature = options.temperature or 0.8, top_p = options.top_p or 0.95 }))
    list[i] = { prompt = prompt, text = try(tokenizer:decode(ids)), seed = seed, reason = reason, ids = ids }
  end
  return list
end

--- What a model writes, each text from a seed of its own: the same on every machine of one class.
---@param model vise.Model  A language model.
---@param options vise.SamplesOptions
---@return vise.TextSample[]?
---@return string? message
---@return string? id
function M.samples(model, options)
  expect.model(model, "samples", "forward")
  expect.context(model, "samples")
  check(options or {})
  return fail.catch(samples, model, options)
end

M.public = { samples = M.samples }

return M
