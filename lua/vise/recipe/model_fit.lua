--- A model held against a recipe: what its header says of models, and the parameters that are about
--- layers.

local fail = require "vise.fail"
local pattern = require "vise.pattern"
local shape = require "vise.recipe.shape"
local suggest = require "vise.suggest"

local M = {}

local function names_of(model)
  local names = {}
  for i, layer in ipairs(model:layers()) do names[i] = layer.name end
  return names
end

-- The parts of a dotted name.
local function parts_of(name)
  local parts = {}
  for part in name:gmatch "[^.]+" do parts[#parts + 1] = part end
  return parts
end

-- A glob with each literal part replaced by the nearest one that stands at that depth in a name, counted
-- from the front; from the end after a "*".
local function corrected(glob, names)
  local parts, starred, from_end = parts_of(glob), false, {}
  for i, part in ipairs(parts) do
    from_end[i] = starred
    if part:find "[*?]" then starred = true end
  end
  for i, part in ipairs(parts) do
    local seen, list = {}, {}
    for _, name in ipairs(names) do
      local theirs = parts_of(name)
      local other = theirs[from_end[i] and #theirs - (#parts - i) or i]
      if other and not seen[other] then
        seen[other] = true
        list[#list + 1] = other
      end
    end
    if not part:find "[*?]" and not seen[part] then parts[i] = suggest.nearest(part, list) or part end
  end
  return table.concat(parts, ".")
end

local function matched(glob, names)
  local p, list = pattern.of(glob, "pattern"), {}
  for _, name in ipairs(names) do
    if p:matches(name) then list[#list + 1] = name end
  end
  return list, p
end

--- The glob nearest to one that matches nothing: one that matches something, nil if there is none.
---@param glob string
---@param names string[]
---@return string?
function M.nearest(glob, names)
  local near = corrected(glob, names)
  if near ~= glob and #matched(near, names) > 0 then return near end
  return suggest.nearest(glob, names)
end

-- The names that a parameter's pattern matches; raises if there are none and that is not allowed.
local function select(shown, glob, names)
  local list, p = matched(glob, names)
  if #list == 0 and not p.optional then
    local near = p.of_glob and M.nearest(p.text, names)
    fail.try(nil, ("parameter %s: pattern \"%s\" matches 0 of %d layers%s"):format(shown, shape.shown(p.text, 60),
      #names, near and "; closest: " .. shape.shown(near, 60) or ""), "E-RC-15")
  end
  return list
end

-- Keys of a map that are patterns: each matches something, and none the same as another.
local function check_rules(name, rules, names)
  local taken = {}
  for _, glob in ipairs(shape.keys(rules)) do
    for _, layer in ipairs(select(("%s.%s"):format(name, shape.shown(glob)), glob, names)) do
      if taken[layer] then
        fail.try(nil, ("parameter %s: the rules '%s' and '%s' both match layer %s"):format(name,
          shape.shown(taken[layer]), shape.shown(glob), shape.shown(layer, 80)), "E-RC-16")
      end
      taken[layer] = glob
    end
  end
end

-- The divisors of `n` next to `value`, below and above.
local function divisors_around(n, value)
  local below, above
  for d = 1, n do
    if n % d == 0 and d < value then below = d end
    if n % d == 0 and d > value then
      above = d
      break
    end
  end
  return below, above
end

local function check_divides(name, value, model, excluded)
  local wanted = {}
  for _, layer in ipairs(model:default_layers()) do wanted[layer] = not excluded[layer] end
  for _, layer in ipairs(model:layers()) do
    local inputs = layer.inputs
    if wanted[layer.name] and (value < 1 or inputs % value ~= 0) then
      local below, above = divisors_around(inputs, value)
      local near = below and above and ("%d, %d"):format(below, above) or tostring(below or above)
      fail.try(nil, ("%s %d does not divide the %d columns of %s.weight; nearest: %s"):format(name, value, inputs,
        shape.shown(layer.name, 100), near), "E-RC-14")
    end
  end
end

local function check_params(recipe, values, model)
  local specs, names, excluded = recipe.header.params or {}, names_of(model), {}
  for _, name in ipairs(shape.keys(specs)) do
    local spec, value = specs[name], values[name]
    local globs = spec.type == "patterns" and value or spec.type == "pattern" and { value } or {}
    for _, glob in ipairs(globs) do
      for _, layer in ipairs(select(name, glob, names)) do excluded[layer] = excluded[layer] or name == "exclude" end
    end
    if spec.type == "map" and spec.keys == "pattern" then check_rules(name, value, names) end
  end
  for _, name in ipairs(shape.keys(specs)) do
    if specs[name].divides then check_divides(name, values[name], model, excluded) end
  end
end

local function has(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

-- What of `inputs.model` a model does not have.
local function input_problem(inputs, model)
  if inputs.families and not has(inputs.families, model.family) then
    return ("the model is of the family %s, the recipe takes %s"):format(model.family,
      table.concat(inputs.families, ", "))
  end
  local names = names_of(model)
  for _, glob in ipairs(inputs.layers or {}) do
    if #matched(glob, names) == 0 then
      return ("no layer of the model matches \"%s\""):format(shape.shown(glob, 60))
    end
  end
  for _, layer in ipairs(model:layers()) do
    local columns = layer.inputs
    if inputs.min_inputs and columns < inputs.min_inputs then
      return ("layer %s has %d inputs, the recipe takes %d and more"):format(shape.shown(layer.name, 80), columns,
        inputs.min_inputs)
    end
    if inputs.dtypes and not has(inputs.dtypes, layer:dtype()) then
      return ("layer %s is %s, the recipe takes %s"):format(shape.shown(layer.name, 80), layer:dtype(),
        table.concat(inputs.dtypes, ", "))
    end
  end
end

--- Checks a model that was opened for a run of a recipe.
---@param recipe vise.Recipe
---@param values table<string, any>  Of its parameters.
---@param model vise.Model
---@return true? ok
---@return string? message
---@return string? id
function M.check(recipe, values, model)
  local inputs = recipe.header.inputs and recipe.header.inputs.model
  if type(inputs) == "table" then
    local problem = input_problem(inputs, model)
    if problem then return fail.fail("E-RC-22", "recipe %s: %s", recipe.header.name, problem) end
  end
  return fail.catch(function()
    check_params(recipe, values, model)
    return true
  end)
end

return M
