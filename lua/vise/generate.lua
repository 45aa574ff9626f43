--- Generation: one id after the other from a causal model, greedy or drawn from the likeliest.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"

local try = fail.try

local M = {}

---@class vise.GenerateOptions
---@field prompt integer[]       Ids to begin with, from 0.
---@field max_new? integer       Ids to add at most; 128 if not given.
---@field temperature? number    0 (the default): always the likeliest id.
---@field top_p? number          Draw from the likeliest ids that make up this probability; 1 if not given.
---@field seed? integer          Of the draws; 0 if not given.
---@field stop? integer[]        Ids that end the text; the model's end ids and its begin id if not given.
---@field on_id? fun(id: integer)  Called with each new id.

local names = {
  prompt = "table", max_new = "number", temperature = "number", top_p = "number", seed = "number",
  stop = "table", on_id = "function",
}

local function check_number(options, name, low, high, integer)
  local value = options[name]
  if value == nil then return end
  if not (value >= low and value <= high) or integer and not math.tointeger(value) then
    fail.raise("E-MD-13", "%s is %s, expected %s from %s to %s", name, value,
      integer and "an integer" or "a number", low, high)
  end
end

local function check(options)
  for name, value in pairs(options) do
    if not names[name] then fail.raise("E-MD-13", "generate has no option '%s'", name) end
    if type(value) ~= names[name] then
      fail.raise("E-MD-13", "%s is a %s, expected a %s", name, type(value), names[name])
    end
  end
  if not options.prompt or #options.prompt == 0 then
    fail.raise("E-MD-13", "prompt has no ids: begin with the model's first id")
  end
  check_number(options, "max_new", 0, 1 << 24, true)
  check_number(options, "temperature", 0, 100)
  check_number(options, "top_p", 1e-9, 1)
  check_number(options, "seed", 0, 2 ^ 32 - 1, true)
end

local function stop_set(model, options)
  local set, s = {}, model.settings
  for _, id in ipairs(options.stop or s.eos or {}) do set[id] = true end
  if not options.stop and s.bos_token_id then set[s.bos_token_id] = true end
  return set
end

-- A function from logits [1, 1, V] to the next id.
local function chooser(options)
  local temperature = options.temperature or 0
  if temperature == 0 then
    return function(logits) return try(logits:argmax()) - 1 end
  end
  local random = core.random(options.seed or 0)
  return function(logits)
    local row <close> = try(logits:reshape { -1 })
    return try(core.top_p(row, { temperature = temperature, top_p = options.top_p or 1, u = random:real() }))
  end
end

-- The logits after the last of some ids, which follow what the cache holds.
local function last_logits(model, ids, cache)
  if cache then return try(model:forward(ids, { cache = cache, last = true })) end
  local x <close> = try(core.tensor_of("i64", { 1, #ids }, ids))
  local all <close> = try(model:forward(x))
  local rows <close> = try(all:reshape { #ids, -1 })
  return try(rows:rows(#ids))
end

local function next_id(model, ids, cache, choose)
  local logits <close> = last_logits(model, ids, cache)
  return choose(logits)
end

local function generate(model, options)
  local context = expect.context(model, "generate")
  local ids = table.move(options.prompt, 1, #options.prompt, 1, {})
  if #ids > context then
    fail.raise("E-MD-13", "prompt has %d ids, the model's context is %d", #ids, context)
  end
  local wanted = #ids + (options.max_new or 128)
  local stops, choose = stop_set(model, options), chooser(options)
  -- A family without a cache computes the whole text again for each id.
  local cache <close> = model.cache and try(model:cache(math.min(wanted, context))) or nil
  local fresh = ids
  while #ids < wanted do
    if (cache and cache:length() or 0) + #fresh > context then return ids, "context" end
    local id = next_id(model, fresh, cache, choose)
    ids[#ids + 1] = id
    if options.on_id then options.on_id(id) end
    if stops[id] then return ids, "stop" end
    fresh = cache and { id } or ids
  end
  return ids, "length"
end

--- Continues a prompt.
---@param model vise.Model  A language model.
---@param options vise.GenerateOptions
---@return integer[]? ids  The prompt and what was added, an id that ended the text included.
---@return "stop"|"length"|"context"|string why_or_message
---@return string? id
function M.generate(model, options)
  expect.model(model, "generate", "forward")
  check(options or {})
  return fail.catch(generate, model, options)
end

return M
