--- Overrides read against the descriptions of parameters: each becomes a change with its values.

local fail = require "vise.fail"
local overrides = require "vise.recipe.overrides"
local param_spec = require "vise.recipe.param_spec"
local param_types = require "vise.recipe.param_types"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"

local M = {}

local expected, fits, item_spec = param_spec.expected, param_spec.fits, param_spec.item_spec

---@class vise.ParamChange
---@field override vise.Override
---@field spec vise.RecipeParam    Prepared.
---@field nested? boolean          The key is one of a map in a map.
---@field alternatives any[]       Its values: several are a sweep.
---@field words? (string|string[])[]  As they were written.

local function refuse(shown, word, spec, remark)
  local near = spec.type == "choice" and suggest.hint(word, spec.choices) or ""
  return fail.fail("E-RC-05", "parameter %s: '%s' is not %s%s%s", shown, shape.shown(word), expected(spec),
    remark and "; " .. remark or "", near)
end

-- One word as a single value.
local function read_scalar(shown, spec, word)
  local value, remark = param_types.types[spec.type].read(word, spec)
  if value == nil or not fits(spec, value) then
    -- A word that reads as something is said as what it was understood to be.
    local canonical = value ~= nil and param_types.show(spec.type, value) or word
    if remark == nil and value ~= nil and canonical ~= word then remark = "understood as " .. canonical end
    return refuse(shown, word, spec, remark)
  end
  return value
end

local function read_list(shown, spec, words)
  local list, item = {}, item_spec(spec)
  for i, word in ipairs(words) do
    local value, message, id = read_scalar(shown, item, word)
    if value == nil then return nil, message, id end
    list[i] = value
  end
  return list
end

--- Is this a parameter with items?
function M.is_list(spec)
  return spec.type == "list" or spec.type == "patterns"
end

-- The description of what an override changes, and whether it is the parameter itself.
local function target_of(override, spec)
  if not override.key then return spec end
  if spec.type ~= "map" then
    return fail.fail("E-RC-05", "parameter %s: %s is %s and has no keys", shape.shown(override.shown), override.name,
      expected(spec))
  end
  local item = item_spec(spec)
  if item.type == "map" then return item_spec(item), nil, nil, true end
  return item
end

-- One override as values: { value, ... }, several for a sweep.
local function read_override(override, spec)
  local target, message, id, nested = target_of(override, spec)
  if not target then return nil, message, id end
  local shown = shape.shown(override.shown)
  local change = { override = override, spec = spec, nested = nested, alternatives = { true } }
  if override.op == "~" then
    if not override.key and not M.is_list(spec) and spec.type ~= "map" then
      return fail.fail("E-RC-05", "parameter %s: ~ empties a list or a map, and %s is %s", shown, override.name,
        expected(spec))
    end
    return change
  end
  if target.type == "map" then
    return fail.fail("E-RC-05", "parameter %s is a map: give %s.KEY=VALUE", shown, override.name)
  end
  if override.op == "+" and not override.key and not M.is_list(target) then
    return fail.fail("E-RC-05", "parameter %s: + adds to a list or a map, and %s is %s", shown, override.name,
      expected(spec))
  end
  local words, problem = overrides.alternatives(override.text, M.is_list(target))
  if not words then return fail.fail("E-RC-05", "parameter %s: %s", shown, problem) end
  for i, word in ipairs(words) do
    change.alternatives[i], message, id = (M.is_list(target) and read_list or read_scalar)(shown, target, word)
    if change.alternatives[i] == nil then return nil, message, id end
  end
  change.words = words
  return change
end

local function unknown(name, specs)
  local names = shape.keys(specs)
  return fail.fail("E-RC-04", "no parameter '%s'%s; the recipe has %s", shape.shown(name), suggest.hint(name, names),
    shape.joined(names))
end

-- Words are texts as -p takes them, or { NAME, VALUE }.
local function parse(given)
  local word = type(given) == "table" and (given[2] and given[1] .. "=" .. given[2] or given[1]) or given
  local override, problem = overrides.parse(word)
  if not override then return fail.fail("E-RC-05", "%s", problem) end
  return override
end

--- Reads overrides.
---@param specs table<string, vise.RecipeParam>
---@param given (string|{ [1]: string, [2]: string? })[]
---@return vise.ParamChange[]? changes
---@return string? message
---@return string? id
---@return table<string, vise.RecipeParam>? prepared  The descriptions, prepared.
function M.read(specs, given)
  local changes, prepared = {}, {}
  for name, spec in pairs(specs) do prepared[name] = param_spec.prepare(spec) end
  for i, word in ipairs(given) do
    local override, message, id = parse(word)
    if not override then return nil, message, id end
    if not prepared[override.name] then return unknown(override.name, specs) end
    changes[i], message, id = read_override(override, prepared[override.name])
    if not changes[i] then return nil, message, id end
  end
  return changes, nil, nil, prepared
end

return M
