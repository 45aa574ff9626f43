--- Values of parameters drawn at random inside their ranges, the same ones for the same seed.

local param_spec = require "vise.recipe.param_spec"
local shape = require "vise.recipe.shape"

local M = {}

---@class vise.SmallRandom
---@field state integer
local Random = {}
Random.__index = Random

--- A generator whose numbers depend on a text.
---@param text string
---@return vise.SmallRandom
function M.new(text)
  local state = 2166136261
  for i = 1, #text do state = (state ~ text:byte(i)) * 16777619 & 0xffffffff end
  return setmetatable({ state = state }, Random)
end

--- An integer from 1 to `n`.
function Random:below(n)
  self.state = (self.state * 6364136223846793005 + 1442695040888963407)
  return math.tointeger((self.state >> 33) % n) + 1
end

local function unit(random)
  return (random:below(1 << 20) - 1) / (1 << 20)
end

local WIDTH = 100 -- of a range that has one end

-- A number of a range; without two ends near the one there is, or near the default.
local function number(spec, random, default)
  local middle = type(default) == "number" and default or 0
  local low = spec.min or (spec.max and spec.max - WIDTH) or middle
  local high = spec.max or (spec.min and spec.min + WIDTH) or middle
  local whole = spec.type == "integer" or spec.type == "bytes"
  if spec.step then
    local from = spec.min or low - low % spec.step
    return from + spec.step * (random:below((high - from) // spec.step // 1 + 1 | 0) - 1)
  end
  if not whole then return low + (high - low) * unit(random) end
  local count = high - low + 1
  return low + (count > 0 and random:below(count) - 1 or 0)
end

local draw = {}

local function scalar(spec, random, default)
  if spec.choices then return spec.choices[random:below(#spec.choices)] end
  return draw[spec.type] and draw[spec.type](spec, random, default) or default
end

draw.integer, draw.number, draw.bytes, draw.duration = number, number, number, number

local function value_of(spec, random)
  if spec.type == "boolean" then return random:below(2) == 1 end
  local item = param_spec.item_spec(spec)
  if not item then return scalar(spec, random, spec.default) end
  if type(spec.default) ~= "table" then return spec.type == "list" and { scalar(item, random) } or {} end
  local out = {}
  for _, key in ipairs(shape.keys(spec.default)) do
    out[key] = spec.type == "patterns" and spec.default[key] or scalar(item, random, spec.default[key])
  end
  return out
end

local function counts(spec, values)
  for other, wanted in pairs(spec.when or {}) do
    local held = false
    for _, value in ipairs(type(wanted) == "table" and wanted or { wanted }) do
      held = held or values[other] == value
    end
    if not held then return false end
  end
  return true
end

--- One set of values.  Texts, patterns and paths keep their defaults, as do parameters that do not count.
---@param specs table<string, vise.RecipeParam>
---@param random vise.SmallRandom
---@return table<string, any>
function M.values(specs, random)
  local values = {}
  for _, name in ipairs(shape.keys(specs)) do values[name] = value_of(param_spec.prepare(specs[name]), random) end
  for name, spec in pairs(specs) do
    if not counts(spec, values) then values[name] = param_spec.prepare(spec).default end
  end
  return values
end

return M
