--- What calibration told of the input of some layers, in the basis in which their weights stand at the
--- moment: a change of basis gives another set, once for all layers that make the same change.

local core = require "vise.core"
local try = require("vise.fail").try

---@class vise.LayerInputs
---@field span? vise.Tensor        f32 [in]: largest |x|.
---@field mean? vise.Tensor        f32 [in]: mean |x|.
---@field importance? vise.Tensor  f32 [in]: mean x^2.
---@field moments? vise.Tensor     f32 [in, in]: X'X / tokens.
---@field samples? vise.Tensor     f32 [n, in]
---@field made table               What each change made of it.
---@field ratios table<vise.Tensor, vise.Tensor>  Factors as they are stored, by what they were made of.
---@field owned boolean            Its tensors were made here.
local Inputs = {}
Inputs.__index = Inputs

local M = {}

M.KINDS = { "span", "mean", "importance", "moments", "samples" }

---@param found table  By kind; stays the caller's.
---@return vise.LayerInputs
function M.new(found)
  local self = setmetatable({ made = {}, ratios = {}, owned = false }, Inputs)
  for _, kind in ipairs(M.KINDS) do self[kind] = found[kind] end
  return self
end

local function once(self, key, make)
  if not self.made[key] then
    local other = setmetatable({ made = {}, ratios = {}, owned = true }, Inputs)
    self.made[key] = other -- here it is closed whatever happens
    make(other)
  end
  return self.made[key]
end

-- D M D with a diagonal: rows and columns of a symmetric matrix.
local function divided_both(moments, s)
  local half <close> = try(moments:div(s))
  local turned = try(half:transpose())
  return try(turned:div(s, turned))
end

--- Every x divided by `s`.
---@param s vise.Tensor  f32 [in], above 0
---@return vise.LayerInputs
function Inputs:scaled(s)
  return once(self, s, function(other)
    for _, kind in ipairs { "span", "mean", "samples" } do
      if self[kind] then other[kind] = try(self[kind]:div(s)) end
    end
    if self.importance then
      other.importance = try(self.importance:div(s))
      try(other.importance:div(s, other.importance))
    end
    if self.moments then other.moments = divided_both(self.moments, s) end
  end)
end

-- H' M H
local function rotated_both(moments, n)
  local half <close> = try(core.hadamard(moments, n))
  local turned <close> = try(half:transpose())
  return try(core.hadamard(turned, n))
end

-- Of each column of samples the largest |x|, or the mean of |x| or x^2.
local function of_samples(samples, kind)
  local _, inputs = samples:shape()
  local o <close> = try(core.observer(kind == "span" and "channel_span" or kind, { channels = inputs }))
  try(o:update(samples))
  return try(o:result())
end

-- The diagonal of a matrix.
local function diagonal(moments)
  local n = moments:shape()
  local out = try(core.tensor("f32", { n }))
  for i = 1, n do out:set(i, moments:get((i - 1) * n + i)) end
  return out
end

--- Every x turned by a Hadamard matrix, in blocks of `n` inputs.  Largest and mean magnitudes are then
--- those of the samples; without samples they are not known any more.
---@param n integer
---@return vise.LayerInputs
function Inputs:rotated(n)
  return once(self, "rotated " .. n, function(other)
    if self.samples then other.samples = try(core.hadamard(self.samples, n)) end
    if self.moments then other.moments = rotated_both(self.moments, n) end
    for _, kind in ipairs { "span", "mean", "importance" } do
      if self[kind] and kind == "importance" and other.moments then
        other.importance = diagonal(other.moments)
      elseif self[kind] and other.samples then
        other[kind] = of_samples(other.samples, kind)
      end
    end
  end)
end

--- Frees what changes of basis made.
function Inputs:close()
  for _, other in pairs(self.made) do other:close() end
  for _, ratio in pairs(self.ratios) do ratio:close() end
  for _, kind in ipairs(self.owned and M.KINDS or {}) do
    if self[kind] then self[kind]:close() end
  end
  self.made, self.ratios = {}, {}
end

Inputs.__close = Inputs.close

return M
