--- Weights that are not finite, found before anything starts: on_nan of a configuration says what becomes
--- of their layers.
---
---   error   nothing is quantized; the message names the tensor, how many and the first place
---   zero    they count as 0
---   skip    the layer stays float

local fail = require "vise.fail"
local pipeline = require "vise.pipeline"

local M = {}

---@class vise.Nonfinite
---@field param "weight"|"bias"
---@field count integer
---@field row integer     Of the first, from 1.
---@field column integer
---@field places integer[]  All of them, as t:set() counts.

-- Where a tensor is not finite; nil where it is.
local function find_in(tensor, param)
  if not tensor or not tensor:nonfinite() then return nil end
  local out, inp = tensor:shape()
  local places = {}
  for row = 1, inp and out or 1 do
    local view <close> = inp and fail.try(tensor:rows(row, row)) or nil
    if (view or tensor):nonfinite() then
      local wide <close> = fail.try((view or tensor):to "f32")
      for column, v in ipairs(wide:totable()) do
        if v ~= v or math.abs(v) == math.huge then places[#places + 1] = (row - 1) * (inp or out) + column end
      end
    end
  end
  local first, width = places[1] - 1, inp or out
  return { param = param, count = #places, row = inp and first // width + 1 or first + 1,
    column = inp and first % width + 1, places = places }
end

--- Where a layer's weight, or else its bias, is not finite.
---@param linear vise.nn.Linear
---@return vise.Nonfinite?
function M.of(linear)
  return find_in(linear.weight, "weight") or find_in(linear.bias, "bias")
end

--- What a message says of it.
---@param found vise.Nonfinite
---@return string
function M.words(found)
  return ("%s has %d NaN or infinity, first at [%d%s]"):format(found.param, found.count, found.row,
    found.column and ("," .. found.column) or "")
end

-- The layers of a plan with weights that are not finite.
local function bad_layers(t)
  local list = {}
  for _, layer in ipairs(t.plan.layers) do
    local linear = layer.type and t.model:layer(layer.name)
    local found = linear and M.of(linear)
    if found then list[#list + 1] = { linear = linear, found = found } elseif linear then linear:release() end
  end
  return list
end

--- Raises E-NU-20 for weights of some targets that are not finite, where on_nan says so.
---@param targets vise.Target[]
function M.check(targets)
  for _, t in ipairs(targets) do
    local bad = t.cfg.on_nan == "error" and bad_layers(t) or {}
    if bad[1] then
      fail.try(nil, ("layer %s: %s%s"):format(pipeline.label(t, bad[1].linear.name), M.words(bad[1].found),
        #bad > 1 and (", and %d more layers"):format(#bad - 1) or ""), "E-NU-20")
    end
  end
end

local function zeroed(tensor)
  local copy = fail.try(tensor:copy())
  for _, at in ipairs(find_in(tensor).places) do copy:set(at, 0) end
  return copy
end

local Zeroed = {}
Zeroed.__index = Zeroed

--- Puts the model's own weights back.
function Zeroed:__close()
  fail.whole(function()
    for _, entry in ipairs(self) do entry.linear[entry.param] = entry.before end
  end)
  for _, entry in ipairs(self) do entry.tensor:close() end
end

--- Puts zeros in the place of what is not finite, where on_nan says so, until the result is closed.
---@param targets vise.Target[]
---@return table closable
function M.zero(targets)
  local self = setmetatable({}, Zeroed)
  for _, t in ipairs(targets) do
    for _, bad in ipairs(t.cfg.on_nan == "zero" and bad_layers(t) or {}) do
      for _, param in ipairs { "weight", "bias" } do
        local before = bad.linear[param]
        if find_in(before, param) then
          self[#self + 1] = { linear = bad.linear, param = param, before = before, tensor = zeroed(before) }
          bad.linear[param] = self[#self].tensor
        end
      end
    end
  end
  return self
end

return M
