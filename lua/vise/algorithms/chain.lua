--- Chains: several steps that make a layer together, one after the other.
---
---   method = { "rotate", { name = "smoothquant", options = { alpha = 0.8 } }, "low_rank", "gptq" }
---
--- A step has one of
---
---   prepare(layers, options)        changes what will be rounded; `layers` are given the same input
---   round(layer, options)           makes the codes; a chain without one is rounded to nearest
---   finish(layer, coded, options)   comes after the codes: bias correction

local fail = require "vise.fail"
local layer_inputs = require "vise.algorithms.inputs"
local layer_work = require "vise.algorithms.layer_work"

local M = {}

--- Is a method a step of chains?
---@param method vise.Method
---@return boolean
function M.is_step(method)
  return method.prepare ~= nil or method.round ~= nil or method.finish ~= nil
end

-- Which turn a step has: before the codes, at them, after them.
local function turn(step)
  return step.prepare and 1 or step.round and 2 or 3
end

local function check_order(steps, where)
  local last = 0
  for i, step in ipairs(steps) do
    if not M.is_step(step) then
      fail.raise("E-CF-06", "%s[%d]: %s makes whole layers and is no step of a chain; give it alone", where, i,
        step.name)
    end
    local now = turn(step)
    if now < last or now == 2 and last == 2 then
      fail.raise("E-CF-06", "%s[%d]: %s cannot come after %s: what changes the weight, one that rounds, what corrects",
        where, i, step.name, steps[i - 1].name)
    end
    last = now
  end
end

-- Adds rounding where no step makes codes.
local function with_rounder(steps, rounding)
  local all = {}
  for _, step in ipairs(steps) do
    if turn(step) == 3 and not all.rounds then all[#all + 1], all.rounds = rounding, true end
    all[#all + 1], all.rounds = step, all.rounds or turn(step) == 2
  end
  if not all.rounds then all[#all + 1] = rounding end
  all.rounds = nil
  return all
end

-- The one step that makes a part, nil if none does.
local function maker(steps, part, where)
  local found
  for _, step in ipairs(steps) do
    if step[part] then
      if found and part ~= "smooth" then
        fail.raise("E-CF-06", "%s: %s and %s would both make the layer's %s", where, found.name, step.name, part)
      end
      found = step
    end
  end
  return found
end

-- Runs a function of a step, which may return nil and a message.
local function run(f, ...)
  local value, message, id = f(...)
  if value == nil and message ~= nil then
    fail.try(nil, tostring(message), type(id) == "string" and id or "E-PL-09")
  end
  return value
end

local function prepare_all(steps, layers)
  for _, step in ipairs(steps) do
    if step.prepare and step.shares then
      run(step.prepare, layers, step.options)
    elseif step.prepare then
      for _, layer in ipairs(layers) do run(step.prepare, { layer }, step.options) end
    end
  end
end

-- The codes of one layer, and what comes after them.
local function code(steps, layer)
  local coded
  for _, step in ipairs(steps) do
    if step.round then
      coded = run(step.round, layer, step.options)
    elseif step.finish then
      run(step.finish, layer, coded, step.options)
    end
  end
  layer.parts.weight = coded
  return layer.parts, next(layer.notes) and layer.notes or nil
end

local function close_parts(layer)
  for _, part in pairs(layer.parts) do
    if type(part) == "userdata" then part:close() end
  end
end

-- Makes the layers; on failure nothing of theirs stays.
local function make(steps, weights, abouts)
  local inputs <close> = layer_inputs.new(abouts[1])
  local layers, list, notes = {}, {}, nil
  local ok, problem = pcall(function()
    for i, weight in ipairs(weights) do
      local wide <close> = weight:dtype() ~= "f32" and fail.try(weight:to "f32") or nil
      layers[i] = layer_work.new(wide or weight, abouts[i], inputs)
    end
    prepare_all(steps, layers)
    for i, layer in ipairs(layers) do
      local told
      list[i], told = code(steps, layer)
      notes = notes or told
    end
  end)
  for _, layer in ipairs(layers) do
    if not ok then close_parts(layer) end
    layer:close()
  end
  if not ok then error(problem, 0) end
  return list, notes
end

--- One method of several steps.
---@param steps vise.Method[]    Each with its options.
---@param rounding vise.Method   For a chain that does not say how to round.
---@param where string           Names the field, for messages.
---@return vise.Method
function M.compose(steps, rounding, where)
  check_order(steps, where)
  local names, all = {}, with_rounder(steps, rounding)
  local method = { steps = all, given = steps, needs = {}, rows = nil, copies = 0, options = {} }
  for i, step in ipairs(steps) do names[i] = step.name end
  for _, step in ipairs(all) do
    for _, need in ipairs(step.needs or {}) do table.insert(method.needs, need) end
    if step.rows then method.rows = math.max(method.rows or 0, step.rows) end
    method.copies = math.max(method.copies, step.copies or 4)
    method.sequential = method.sequential or step.sequential
    method.shares = method.shares or step.shares
  end
  method.name, method.copies = table.concat(names, "+"), method.copies + 3 -- weight, original, and what is decoded
  method.smooth = maker(all, "smooth", where) ~= nil
  method.bias = maker(all, "bias", where) ~= nil
  local turning, branch = maker(all, "rotate", where), maker(all, "branch", where)
  if turning then method.rotate = function(inputs) return turning.rotate(inputs, turning.options) end end
  method.branch = branch ~= nil
  method.rank = branch and branch.options.rank and branch.options.rank > 0 and branch.options.rank or nil
  method.make = function(weight, about)
    local list, notes = make(all, { weight }, { about })
    return list[1], notes
  end
  method.make_group = function(weights, _, abouts) return make(all, weights, abouts) end
  return method
end

return M
