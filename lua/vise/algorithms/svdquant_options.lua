--- The options of SVDQuant: one validated table, `svdq = { ... }` of a configuration.
---
--- Options fall in three groups: how the weight is split and coded, how it is smoothed, and how
--- few-shot spans are relaxed.  The defaults are what bench/quality shows best at the same stored
--- bytes; the published recipe is { refine_iters = 0, scale_search = false, smooth_strategy =
--- "activation" }.  `emulate = "bf16"` is for comparing with it to the last digit: it turns off by
--- default whatever that recipe does not have.
---
--- shared_inputs is off because bench/quality/shared_inputs.lua shows separate branches better at the
--- same rank: sharing adds 8 to 34 % to the weight error and takes 0.1 to 0.3 dB of direct signal.  Its
--- PSNR is divided: more by 0.1 to 1.4 dB from the recorded noise, less by 0.1 to 0.6 dB in the mean of
--- four other seeds.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

-- Their names, types, bounds, defaults and texts.
local described = require("vise.reference.config.svdq").fields

-- The strategies that each kind of type takes; the first is its default.
local CALIBRATED = { "balance", "activation", "search" }
local DATA_FREE = { "identity", "weight", "weight_inv", "few_shot" }

local WARN_ABOVE = 3 -- relax factors

local function article(kind)
  return kind:find "^[aeiou]" and "an" or "a"
end

local function wrong_type(where, kind, v)
  fail.raise("E-CF-03", "%s must be %s %s, got %s", where, article(kind), kind, type(v))
end

local function boolean(v, where)
  if type(v) ~= "boolean" then wrong_type(where, "boolean", v) end
  return v
end

local function integer(min, max)
  return function(v, where)
    if type(v) ~= "number" then wrong_type(where, "integer", v) end
    if math.type(v) ~= "integer" or v < min or v > max then
      fail.raise("E-CF-05", "%s must be an integer from %d to %d, got %s", where, min, max, tostring(v))
    end
    return v
  end
end

-- A number from `min` (left out if `open`) to `max`.
local function number(min, max, open)
  return function(v, where)
    if type(v) ~= "number" then wrong_type(where, "number", v) end
    local low = open and v > min or not open and v >= min
    if not low or v > max then -- and not for NaN
      fail.raise("E-CF-05", "%s must be a number %s %g%s, got %s", where, open and "above" or "from", min,
        max < math.huge and (" %s %g"):format(open and "and up to" or "to", max) or " up", tostring(v))
    end
    return v + 0.0
  end
end

local function choice(names, aliases)
  return function(v, where)
    if type(v) ~= "string" then wrong_type(where, "string", v) end
    local name = v:lower()
    name = aliases and aliases[name] or name
    for _, known in ipairs(names) do
      if name == known then return known end
    end
    fail.raise("E-CF-05", "%s must be %s or %s, got \"%s\"%s", where, table.concat(names, ", ", 1, #names - 1),
      names[#names], v, suggest.hint(name, names))
  end
end

local function only(name)
  return function(v, where)
    if type(v) ~= "string" then wrong_type(where, "string", v) end
    if v:lower() ~= name then fail.raise("E-CF-05", "%s must be \"%s\" or left out, got \"%s\"", where, name, v) end
    return name
  end
end

-- Other names for a choice.
local ALIASES = { few_shot_relax_strategy = { top_q4 = "top" } }

-- The check of a described option.
local function check_of(option)
  local name, kind = option[1], option[2]
  if kind == "boolean" then return boolean end
  if kind == "integer" then return integer(option.min, option.max) end
  if kind == "number" then return number(option.above or option.min, option.max or math.huge, option.above ~= nil) end
  if #option.choices == 1 then return only(option.choices[1]) end
  return choice(option.choices, ALIASES[name])
end

local checks, names = {}, {}
for i, option in ipairs(described) do
  names[i], checks[option[1]] = option[1], check_of(option)
  if option[1] == "smooth_strategy" then M.strategies = option.choices end
end
table.sort(names)

--- The names of all options, sorted.
M.names = names

-- What the published recipe does not have is off where it is emulated.
local EMULATED = { refine_iters = 0, keep_best = false, scale_search = false }

local function defaults(emulate)
  local options = {}
  for _, option in ipairs(described) do options[option[1]] = option.default end
  for name, value in pairs(emulate and EMULATED or {}) do options[name] = value end
  return options
end

--- Checks the options and completes them with the defaults.
---@param given table
---@return vise.SvdqOptions
function M.check(given)
  if type(given) ~= "table" then wrong_type("svdq", "table", given) end
  local checked = {}
  for key, value in pairs(given) do
    if not checks[key] then
      fail.raise("E-CF-02", "svdq: unknown field '%s'%s; the fields are %s", tostring(key),
        type(key) == "string" and suggest.hint(key, names):gsub("^;", ",") or "", table.concat(names, ", "))
    end
    checked[key] = checks[key](value, "svdq." .. key)
  end
  local options = defaults(checked.emulate)
  for key, value in pairs(checked) do options[key] = value end
  if options.emulate and options.scale_search then
    fail.raise("E-CF-06", "svdq: emulate is the published recipe, which has no scale_search; leave one out")
  end
  return options
end

--- What is allowed but unwise.
---@param options vise.SvdqOptions
---@return string[]
function M.warnings(options)
  local factor, list = options.few_shot_relax_factor, {}
  if factor > WARN_ABOVE and options.few_shot_relax_strategy ~= "fixed" then
    list[1] = ("svdq.few_shot_relax_factor %g is above %d: so large a factor flattens the activations at "
      .. "the weight's cost"):format(factor, WARN_ABOVE)
  end
  return list
end

--- How a type is smoothed under these options.  Raises E-CF-06 for a strategy that the type does not
--- take: what needs data belongs to calibrated types, what does without belongs to _dq types.
---@param options vise.SvdqOptions
---@param type vise.QuantType
---@param statistics? any  Spans from elsewhere, which need not come with the rows that balance needs.
---@return string strategy
local function strategy_of(options, type, statistics)
  local allowed = type.calibrated and CALIBRATED or DATA_FREE
  local own = type.calibrated and statistics and "activation" or allowed[1]
  local strategy = options.smooth_strategy or own
  for _, s in ipairs(allowed) do
    if s == strategy then return s end
  end
  fail.raise("E-CF-06", "svdq: smooth_strategy \"%s\" is not for %s, which takes %s", strategy, type.name,
    table.concat(allowed, ", "))
end

--- A type as these options have it: with the smoothing that they ask for.  Types without a low-rank
--- branch come back as they are.
---@param type vise.QuantType
---@param options vise.SvdqOptions
---@param statistics? any  The configuration's: spans from elsewhere are smoothed by "activation".
---@return vise.QuantType
function M.resolve(type, options, statistics)
  if not type.rank then return type end
  local resolved = {}
  for key, value in pairs(type) do resolved[key] = value end
  resolved.smooth = strategy_of(options, type, statistics)
  return resolved
end

--- A name for an artefact's folder, from what changes its content most: the quant type, then the
--- smoothing if it is not the type's own, then the relaxation of few-shot spans.
---
---   svdq_int4_r32   svdq_int4_r32_activation   svdq_int4_r32_dq_weight_inv   svdq_int4_r32_dq_few_shot_auto
---@param quant_type string
---@param options vise.SvdqOptions
---@return string
function M.label(quant_type, options)
  local strategy = options.smooth_strategy
  if not strategy or strategy == CALIBRATED[1] or strategy == DATA_FREE[1] then return quant_type end
  if strategy == "few_shot" then strategy = strategy .. "_" .. options.few_shot_relax_strategy end
  return quant_type .. "_" .. strategy
end

return M
