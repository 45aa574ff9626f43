--- The sentence that a comparison ends with.

local core = require "vise.core"
local run_table = require "vise.runs.table"
local text = require "vise.text"

local M = {}

--- A value of a difference for people.
---@param value any
---@return string
function M.shown(value)
  if value == nil then return "none" end
  if type(value) == "string" then return value == "" and '""' or core.escape(value) end
  if math.type(value) == "float" then return run_table.number(value) end
  local words = type(value) == "table" and core.json_encode(value) or tostring(value)
  return #words <= 40 and words or words:sub(1, 37) .. "..."
end

-- What is named at most, so that the sentence stays one.
local MOST = 3

-- "parameter rank 8 -> 16, model file x a -> b and 2 more"
local function named(causes)
  local words = {}
  for i = 1, math.min(#causes, MOST) do
    local c = causes[i]
    words[i] = ("%s %s -> %s"):format(core.escape(c.what), M.shown(c.a), M.shown(c.b))
  end
  local more = #causes > MOST and (" and %d more"):format(#causes - MOST) or ""
  return table.concat(words, ", ") .. more
end

local function is_about_recipe(cause)
  return cause.what == "recipe" or cause.what == "version" or cause.what == "recipe's files"
end

local function cause_words(result, a, b)
  local first = result.causes[1]
  if not first then
    return a.recipe and b.recipe and "same recipe, parameters, model, data and engine" or "nothing known differs"
  end
  local words = named(result.causes)
  return a.recipe and b.recipe and not is_about_recipe(first) and "same recipe, " .. words or words
end

local function effect_words(result, a, b)
  local words = {}
  if #result.layers > 0 then words[1] = ("%d of %d layers differ"):format(#result.layers, result.layers_total) end
  local bytes = result.bytes
  if bytes.a and bytes.a ~= bytes.b then
    local from, to = text.bytes(bytes.a), text.bytes(bytes.b)
    words[#words + 1] = from ~= to and ("%s -> %s"):format(from, to) or ("%d -> %d bytes"):format(bytes.a, bytes.b)
  end
  local main = result.metrics[1]
  if main and main.a ~= nil and main.b ~= nil and main.a ~= main.b then
    words[#words + 1] = ("%s %s -> %s"):format(core.escape(main.name), run_table.number(main.a),
      run_table.number(main.b, main.unit))
  end
  if #words > 0 then return table.concat(words, ", ") end
  if a.artefact and b.artefact then return "the weights are the same, " .. result.file_difference end
  return "what was measured is the same; there are no two artefacts to compare"
end

--- Says in one sentence why and how two sides differ.
---@param result table  Of vise.runs.diff.
---@param a vise.DiffSide
---@param b vise.DiffSide
---@return string
function M.of(result, a, b)
  if result.same_bytes then
    return #result.causes == 0 and "same bytes" or "same bytes, although " .. cause_words(result, a, b)
  end
  return ("%s: %s"):format(cause_words(result, a, b), effect_words(result, a, b))
end

return M
