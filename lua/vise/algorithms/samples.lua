--- Samples of what flows into layers: at most so many tokens of each, spread evenly over all that
--- came, whatever the batches they came in.
---
--- Token number n (from 0, in order of arrival) is kept if n is a multiple of the stride.  When the
--- buffer is full, every other token is dropped and the stride doubles.

local core = require "vise.core"
local try = require("vise.fail").try

local M = {}

---@class vise.Samples
---@field limit integer
---@field stride integer
---@field seen integer      Tokens so far.
---@field rows vise.Tensor[]  f32 [1, in] each
local Samples = {}
Samples.__index = Samples

---@param limit integer  At least 1.
---@return vise.Samples
function M.new(limit)
  return setmetatable({ limit = limit, stride = 1, seen = 0, rows = {} }, Samples)
end

local function thin_out(self)
  local kept = {}
  for i, row in ipairs(self.rows) do
    if i % 2 == 1 then kept[#kept + 1] = row else row:close() end
  end
  self.rows, self.stride = kept, 2 * self.stride
end

--- Looks at more tokens.
---@param x vise.Tensor  f32 [..., in]
function Samples:update(x)
  local shape = { x:shape() }
  local matrix <close> = try(x:reshape { -1, shape[#shape] })
  local count = matrix:shape()
  -- The next token that is a multiple of the stride, then on from there.
  local at = -self.seen % self.stride
  while at < count do
    if #self.rows == self.limit then
      thin_out(self)
    end
    if (self.seen + at) % self.stride == 0 then
      local row <close> = try(matrix:rows(at + 1))
      self.rows[#self.rows + 1] = try(row:copy())
    end
    at = at + self.stride - (self.seen + at) % self.stride
  end
  self.seen = self.seen + count
end

--- The tokens kept, f32 [n, in].
---@return vise.Tensor
function Samples:result()
  local _, inputs = self.rows[1]:shape()
  local all = try(core.tensor("f32", { #self.rows, inputs }))
  for i, row in ipairs(self.rows) do
    local place <close> = try(all:rows(i))
    try(row:copy(place))
  end
  return all
end

function Samples:close()
  for _, row in ipairs(self.rows) do row:close() end
  self.rows = {}
end

Samples.__close = Samples.close

--- Samples the inputs of layers until the function that comes back is called.
---@param model vise.Model
---@param names string[]   Full names.
---@param limit integer
---@return table<string, vise.Samples>
---@return fun() detach
function M.attach(model, names, limit)
  local samples, undo = {}, {}
  for _, name in ipairs(names) do
    local s = M.new(limit)
    samples[name] = s
    undo[#undo + 1] = model:layer(name):hook(function(_, x) s:update(x) end)
  end
  return samples, function()
    for _, take_off in ipairs(undo) do take_off() end
  end
end

return M
