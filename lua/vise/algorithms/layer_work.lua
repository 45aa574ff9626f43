--- A layer while the steps of a chain work on it: the weight that is left to round, what is known of
--- its input, and the parts that have been taken off.
---
--- A quantized layer computes  x -> H_n(x) -> / smooth -> codes,  + (H_n(x) down') up' + bias,  so its
--- input is turned first, then scaled, and a branch comes after both.

local core = require "vise.core"
local fail = require "vise.fail"
local low_rank = require "vise.algorithms.low_rank"
local smoothing = require "vise.algorithms.smoothing"

local try = fail.try

---@class vise.LayerWork
---@field name string
---@field shape integer[]          { out, in }
---@field type vise.QuantType
---@field storage "f16"|"bf16"
---@field scheme vise.Scheme
---@field weight vise.Tensor       f32 [out, in]: what is left to round, in the current basis of inputs.
---@field original vise.Tensor     f32 [out, in]: as it was, in the current basis.
---@field bias? vise.Tensor        [out], as the model has it.
---@field span? vise.Tensor        f32 [in]  What is known of the input, in the current basis.
---@field mean? vise.Tensor        f32 [in]
---@field importance? vise.Tensor  f32 [in]
---@field moments? vise.Tensor     f32 [in, in]
---@field samples? vise.Tensor     f32 [n, in]
---@field inputs vise.LayerInputs
---@field parts vise.LayerParts
---@field notes table<string, any> Scalars for the report.
local LayerWork = {}

-- Statistics are asked of the inputs as they stand.
local STATISTICS = {}
for _, kind in ipairs(require("vise.algorithms.inputs").KINDS) do STATISTICS[kind] = true end
function LayerWork.__index(layer, name)
  if STATISTICS[name] then return rawget(layer, "inputs")[name] end
  return LayerWork[name]
end

local M = {}

---@param weight vise.Tensor  f32 [out, in]; stays the caller's.
---@param about vise.MethodInput
---@param inputs vise.LayerInputs  Of all layers that are given this input.
---@return vise.LayerWork
function M.new(weight, about, inputs)
  return setmetatable({ name = about.name, shape = about.shape, type = about.type, storage = about.storage,
    scheme = about.scheme, bias = about.bias, weight = try(weight:copy()), original = try(weight:copy()),
    inputs = inputs, parts = {}, notes = {} }, LayerWork)
end

local function put(layer, field, tensor)
  layer[field]:close()
  layer[field] = tensor
end

--- Puts another matrix in the place of the weight that is left to round.
---@param weight vise.Tensor  f32 [out, in]; the layer's from now on.
function LayerWork:replace(weight)
  put(self, "weight", weight)
end

--- The input becomes H_n(x): blocks of `n` inputs are multiplied by a normalised Hadamard matrix
--- (vise.linalg.hadamard), and so is the weight, which leaves the layer's answer as it was.
---@param n integer
function LayerWork:rotate_inputs(n)
  local parts = self.parts
  if parts.rotate or parts.smooth or parts.up then
    fail.raise("E-PL-09", "layer %s: an input is turned once, before it is smoothed and branched", self.name)
  end
  for _, field in ipairs { "weight", "original" } do put(self, field, try(core.hadamard(self[field], n))) end
  self.inputs, parts.rotate = self.inputs:rotated(n), n
end

-- The factors of both smoothings in the storage type.
local function combined(before, s, storage)
  if not before then return smoothing.stored(s:totable(), storage) end
  local product <close> = try(before:mul(s))
  return smoothing.stored(product:totable(), storage)
end

--- The input becomes x / s, the weight W diag(s).  `s` is rounded to the storage type first; what cannot
--- be stored becomes 1.
---@param s vise.Tensor  f32 [in], above 0
function LayerWork:scale_inputs(s)
  local parts = self.parts
  if parts.up then fail.raise("E-PL-09", "layer %s: an input is smoothed before a branch is taken off", self.name) end
  local before <close> = parts.smooth and try(parts.smooth:to "f32") or nil
  local stored = combined(before, s, self.storage)
  local ratios = self.inputs.ratios
  if not ratios[s] then -- one for all layers of the group, which makes their inputs one
    ratios[s] = try(stored:to "f32")
    if before then try(ratios[s]:div(before, ratios[s])) end
  end
  local ratio = ratios[s]
  for _, field in ipairs { "weight", "original" } do try(self[field]:mul(ratio, self[field])) end
  if parts.smooth then parts.smooth:close() end
  self.inputs, parts.smooth = self.inputs:scaled(ratio), stored
end

--- Takes a low-rank branch off what is left to round: weight - up down.  Both factors are rounded to
--- the storage type first, `down` as it is stored: divided by the smoothing factors.
---@param up vise.Tensor    [out, rank]
---@param down vise.Tensor  [rank, in], in the current basis
function LayerWork:add_branch(up, down)
  local parts = self.parts
  if parts.up then fail.raise("E-PL-09", "layer %s has a branch already", self.name) end
  local smooth <close> = parts.smooth and try(parts.smooth:to "f32") or nil
  local wide <close> = try(down:to "f32")
  local divided <close> = smooth and try(wide:div(smooth)) or nil
  parts.up, parts.down = try(up:to(self.storage)), try((divided or wide):to(self.storage))
  local product <close> = low_rank.product(parts.up, parts.down, smooth)
  try(self.weight:sub(product, self.weight))
end

--- Gives the branch back: the weight is whole again, and another branch can be taken off.
function LayerWork:drop_branch()
  for _, name in ipairs { "up", "down" } do
    if self.parts[name] then self.parts[name]:close() end
    self.parts[name] = nil
  end
  self:replace(try(self.original:copy()))
end

--- What an error of the weight does to the output, for a token: tr(D M D') with the moments M of the
--- input, or the mean over its samples where there are no moments.
---@param delta vise.Tensor  f32 [out, in], in the current basis
---@return number
function LayerWork:energy(delta)
  if self.moments then return try(core.quadratic(delta, self.moments)) end
  if not self.samples then
    fail.raise("E-OB-18", "layer %s: an output error needs moments or rows of the layer's input", self.name)
  end
  local y <close> = try(core.linear(self.samples, delta))
  return y:norm() ^ 2 / math.max(self.samples:shape(), 1)
end

--- The same as a part of what the whole weight gives: tr(D M D') / tr(W M W').
---@param delta vise.Tensor  f32 [out, in], in the current basis
---@return number
function LayerWork:error(delta)
  local whole = self:energy(self.original)
  return whole > 0 and self:energy(delta) / whole or 0
end

--- The same of codes: what they and the branch miss of the weight.
---@param coded vise.Coded
---@return number
function LayerWork:coded_error(coded)
  local delta <close> = try(coded:decode())
  try(self.weight:sub(delta, delta))
  return self:error(delta)
end

--- Frees what is not among the parts.
function LayerWork:close()
  self.weight:close()
  self.original:close()
end

LayerWork.__close = LayerWork.close

return M
