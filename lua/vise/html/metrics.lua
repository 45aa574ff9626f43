--- Metrics: values with a direction and perhaps a target.

local markup = require "vise.html.markup"
local numbers = require "vise.html.numbers"

local M = {}

local h = markup.h

--- Whether a metric reaches its target; nil if it has none, or nobody said which way is better.
---@param metric table
---@return boolean?
function M.met(metric)
  local value, target = metric.value, metric.target
  if type(target) ~= "number" then return nil end
  if type(value) ~= "number" then return false end
  if metric.better == "higher" then return value >= target end
  if metric.better == "lower" then return value <= target end
  return nil
end

--- The target in words: "met: at least 34.8".
---@param metric table
---@return string
function M.words(metric)
  return ("%s: at %s %s"):format(M.met(metric) and "met" or "missed", metric.better == "lower" and "most" or "least",
    numbers.short(metric.target))
end

--- The value with its unit and what it may be off by.
---@param metric table
---@return string
function M.value(metric)
  local value = numbers.short(metric.value)
  if numbers.is_finite(metric.stderr) then value = ("%s ± %s"):format(value, numbers.short(metric.stderr)) end
  return metric.unit and ("%s %s"):format(value, tostring(metric.unit)) or value
end

--- The last value of each metric, in the order of their first.
---@param list? table[]
---@return table[]
function M.latest(list)
  local out, place = {}, {}
  for _, metric in ipairs(list or {}) do
    local name = tostring(metric.name)
    place[name] = place[name] or #out + 1
    out[place[name]] = metric
  end
  return out
end

--- One sentence: how many targets are met, and which are not.
---@param list? table[]
---@return any
function M.verdict(list)
  local met, missed = 0, {}
  for _, metric in ipairs(M.latest(list)) do
    local state = M.met(metric)
    if state == true then met = met + 1 end
    if state == false then missed[#missed + 1] = metric end
  end
  if #missed == 0 then
    if met == 0 then return nil end
    return h.span { class = "good", met == 1 and "The target is met." or ("All %d targets are met."):format(met) }
  end
  local first = missed[1]
  local count = met + #missed == 1 and "The target is missed."
    or ("%d of %d targets are missed."):format(#missed, met + #missed)
  return { h.span { class = "bad", count },
    (" %s is %s, wanted at %s %s."):format(tostring(first.name), M.value(first),
      first.better == "lower" and "most" or "least", numbers.short(first.target)) }
end

return M
