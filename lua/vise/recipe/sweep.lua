--- The points of a sweep: changes put into the defaults, one combination after the other.

local changes_of = require "vise.recipe.changes"
local fail = require "vise.fail"
local param_spec = require "vise.recipe.param_spec"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"

local M = {}

local MAX_POINTS = 256

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, v in pairs(value) do out[key] = copy(v) end
  return out
end

local function words_of(wanted)
  if type(wanted) ~= "table" then return shape.shown(wanted) end
  local words = {}
  for i, value in ipairs(wanted) do words[i] = shape.shown(value) end
  return table.concat(words, " or ")
end

-- The table that holds a key, and the key in it: of a map of maps "a.b.c" is c in "a.b".
local function place(values, change)
  local override = change.override
  local map, key = values[override.name], override.key
  if not change.nested then return map, key end
  local outer, inner = key:match "^(.*)%.([^.]+)$"
  if not outer then
    if override.op == "~" then return map, key end
    return nil
  end
  if map[outer] == nil and override.op == "+" then map[outer] = {} end
  if map[outer] == nil then return map, outer end
  return map[outer], inner
end

local function set_key(values, change, value)
  local override = change.override
  local shown = shape.shown(override.shown)
  local map, key = place(values, change)
  if not map then
    return fail.fail("E-RC-05", "parameter %s is a map: give %s.KEY=VALUE", shown, shown)
  end
  local there = map[key] ~= nil
  if override.op == "+" and there then
    return fail.fail("E-RC-05", "parameter %s: the key is there already; without + it is changed", shown)
  elseif override.op ~= "+" and not there then
    local names = shape.keys(map)
    return fail.fail("E-RC-05", "parameter %s: there is no key '%s'%s%s", shown, shape.shown(key),
      suggest.hint(key, names), override.op == "" and ("; +%s adds it"):format(shown) or "")
  end
  if override.op == "~" then value = nil end
  map[key] = value
  return true
end

-- Whether `when` holds for a parameter.
local function counts(spec, values)
  for _, other in ipairs(shape.keys(spec.when or {})) do
    local wanted, held = spec.when[other], false
    for _, value in ipairs(type(wanted) == "table" and wanted or { wanted }) do
      held = held or values[other] == value
    end
    if not held then return false, other end
  end
  return true
end

-- Puts one change into the values.  `before` holds what was set already.
local function apply(values, change, value, before)
  local override, spec = change.override, change.spec
  local name = override.name
  if override.key then return set_key(values, change, value) end
  if override.op == "~" then
    values[name] = {}
  elseif changes_of.is_list(spec) and (override.op == "+" or before[name]) then
    table.move(value, 1, #value, #values[name] + 1, values[name])
  elseif before[name] then
    return fail.fail("E-RC-05", "parameter %s is given twice", name)
  else
    values[name] = copy(value)
  end
  before[name] = true
  return true
end

local function finish(values, prepared, changes)
  for _, name in ipairs(shape.keys(prepared)) do
    if values[name] == nil then
      return fail.fail("E-RC-04", "parameter %s must be given: -p %s=VALUE, %s", name, name,
        param_spec.expected(prepared[name]))
    end
  end
  for _, change in ipairs(changes) do
    local held, other = counts(change.spec, values)
    if not held then
      return fail.fail("E-RC-05", "parameter %s counts only while %s is %s; it is %s", change.override.name, other,
        words_of(change.spec.when[other]), shape.shown(values[other]))
    end
  end
  return values
end

-- The values at one point of the sweep: `index` says which alternative of each change.
local function point(prepared, changes, index)
  local values, before = {}, {}
  for name, spec in pairs(prepared) do values[name] = copy(spec.default) end
  for i, change in ipairs(changes) do
    local ok, message, id = apply(values, change, change.alternatives[index[i]], before)
    if not ok then return nil, message, id end
  end
  return finish(values, prepared, changes)
end

-- "bits=3,group=64" of the changes that have alternatives, fit to be a folder's name.
local function label_of(changes, index)
  local parts = {}
  for i, change in ipairs(changes) do
    if #change.alternatives > 1 then
      local word = change.words[index[i]]
      word = type(word) == "table" and table.concat(word, "+") or word
      parts[#parts + 1] = (change.override.shown:gsub("^%+", "") .. "=" .. word):gsub("[^%w_.+=-]", "_"):sub(1, 60)
    end
  end
  return table.concat(parts, ",")
end

-- Counts up, the last change fastest; false after the last point.
local function advance(index, changes)
  for i = #changes, 1, -1 do
    if index[i] < #changes[i].alternatives then
      index[i] = index[i] + 1
      return true
    end
    index[i] = 1
  end
  return false
end

---@class vise.ParamPoint
---@field label string               "bits=3"; "" where nothing is swept. No two points have the same.
---@field values table<string, any>

--- The points that overrides ask for: one, or each of a sweep.
---@param specs table<string, vise.RecipeParam>
---@param given (string|{ [1]: string, [2]: string })[]  Overrides, as -p takes them.
---@return vise.ParamPoint[]? points
---@return string? message
---@return string? id
function M.points(specs, given)
  local changes, message, id, prepared = changes_of.read(specs, given)
  if not changes then return nil, message, id end
  local count, index, points, taken = 1, {}, {}, {}
  for i, change in ipairs(changes) do
    index[i], count = 1, count * #change.alternatives
    if count > MAX_POINTS then
      return fail.fail("E-RC-05", "parameter %s: the sweep has more than %d points",
        shape.shown(change.override.shown), MAX_POINTS)
    end
  end
  repeat
    local values
    values, message, id = point(prepared, changes, index)
    if not values then return nil, message, id end
    local label = label_of(changes, index)
    if taken[label] then label = ("%s-%d"):format(label, #points + 1) end
    taken[label] = true
    points[#points + 1] = { label = label, values = values }
  until not advance(index, changes)
  return points
end

return M
