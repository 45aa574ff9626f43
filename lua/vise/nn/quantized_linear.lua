--- A quantized linear layer: what takes the place of a Linear's float product.
---
---   weight only    y = x Q(W)' + b                            float product, weights decoded by tiles
---   both sides     y = dq(q(x) Q(W)') + b
---   SVDQuant       y = dq(q(x / s) Q(R)') + (x down') up' + b
---
--- dq(q(x) Q(W)') is an integer product where there is a kernel for the codes; for floats of 8 and 4
--- bits both sides are decoded, which is exact, and multiplied in f32.
---
--- with W diag(s) = up down + R before anything is stored, and `down` stored already divided by
--- s, so that it applies to the layer's own input.

local core = require "vise.core"
local fail = require "vise.fail"
local quant_types = require "vise.quant_types"

local M = {}

---@class vise.QuantizedLinear
---@field type vise.QuantType
---@field shape integer[]            { out, in }
---@field weight vise.Coded          Canonical codes of W, or of the residual R.
---@field packed? vise.Packed        The kernels' layout of `weight`; of types with an integer product.
---@field activation? vise.Scheme
---@field smooth? vise.Tensor        [in] in the storage type, as saved; absent when all ones.
---@field smooth_original? vise.Tensor  [in]: before few-shot spans were relaxed; computes nothing.
---@field smooth_f32? vise.Tensor    The same for computing.
---@field down? vise.Tensor          [rank, in]
---@field up? vise.Tensor            [out, rank]
---@field act_scale? vise.Tensor     f32 [1]: the scale of the activations, of static types.
---@field bias? vise.Tensor          [out], as the model has it.
local Quantized = {}
Quantized.__index = Quantized

--- The tensors that belong to one layer, in the order they are saved: parameter name, dtype and
--- shape.  The plan counts bytes from this list and load checks files against it.
---@param type vise.QuantType
---@param shape integer[]       { out, in }
---@param storage "f16"|"bf16"
---@param bias_dtype? string    nil: the layer has no bias
---@return { param: string, dtype: string, shape: integer[], bytes: integer }[]
function M.layout(type, shape, storage, bias_dtype)
  local out, inp = shape[1], shape[2]
  local list = {}
  local function add(param, dtype, dims)
    local bytes = dtype == "f32" and 4 or dtype == "f64" and 8 or 2
    for _, d in ipairs(dims) do bytes = bytes * d end
    list[#list + 1] = { param = param, dtype = dtype, shape = dims, bytes = bytes }
  end
  local scheme = core.scheme(quant_types.scheme_args(type.weight, storage))
  for _, t in ipairs(scheme:layout { out, inp }) do
    list[#list + 1] = { param = t.name, dtype = t.dtype, shape = t.shape, bytes = t.bytes }
  end
  if type.smooth and type.smooth ~= "identity" then add("smooth", storage, { inp }) end
  if type.smooth == "few_shot" then add("smooth_original", storage, { inp }) end
  if type.rank and type.rank > 0 then
    add("down", storage, { type.rank, inp })
    add("up", storage, { out, type.rank })
  end
  if type.static then add("act_scale", "f32", { 1 }) end
  if bias_dtype then add("bias", bias_dtype, { out }) end
  return list
end

--- Bytes that a layer of this layout keeps in memory: the tensors, the packed copy of the codes
--- that the kernels read, and smoothing in f32.
function M.memory(type, shape, storage, bias_dtype)
  local bytes = 0
  for _, t in ipairs(M.layout(type, shape, storage, bias_dtype)) do bytes = bytes + t.bytes end
  if type.product == "integer" then
    bytes = bytes + core.packed_bytes(core.scheme(quant_types.scheme_args(type.weight, storage)), shape)
  end
  if type.smooth and type.smooth ~= "identity" then bytes = bytes + 4 * shape[2] end
  return bytes
end

--- The scale that a static type gives activations of a range.
---@param type vise.QuantType
---@param range vise.Tensor  [2]: the smallest and largest value.
---@return vise.Tensor?  f32 [1]
---@return string? message
---@return string? id
function M.act_scale(type, range)
  local coded <close>, message, id = core.encode(core.scheme(type.activation), range)
  if not coded then return nil, message, id end
  return coded:tensors().scale
end

--- The parts of a layer beside its weight, in the order they are saved.
local REST = { "smooth", "smooth_original", "down", "up", "act_scale", "bias" }

--- Puts a layer together from its parts.  Fails as core.pack does.
---@param parts { type: vise.QuantType, weight: vise.Coded, smooth?: any, down?: any, up?: any, act_scale?: any,
---  bias?: any }
---@return vise.QuantizedLinear?
---@return string? message
---@return string? id
function M.new(parts)
  local out, inp = parts.weight:shape()
  local q = setmetatable({ type = parts.type, shape = { out, inp }, weight = parts.weight }, Quantized)
  for _, param in ipairs(REST) do q[param] = parts[param] end
  if parts.type.product == "integer" then
    local packed, message, id = core.pack(parts.weight)
    if not packed then return nil, message, id end
    q.packed = packed
  end
  if parts.type.activation then q.activation = core.scheme(parts.type.activation) end
  if parts.smooth then q.smooth_f32 = parts.smooth:to "f32" end
  return q
end

--- Puts a layer together from its saved tensors, named as in M.layout() and shaped as it says.
---@param type vise.QuantType
---@param shape integer[]       { out, in }
---@param storage "f16"|"bf16"
---@param tensors table<string, vise.Tensor>
---@return vise.QuantizedLinear?
---@return string? message
---@return string? id
function M.from_tensors(type, shape, storage, tensors)
  local scheme = core.scheme(quant_types.scheme_args(type.weight, storage))
  local coded, message, id = core.coded(scheme, shape, tensors)
  if not coded then return nil, message, id end
  local scale = tensors.act_scale and tensors.act_scale:get(1)
  if scale and not (scale > 0 and scale < math.huge) then
    return fail.fail("E-SC-07", "tensor 'act_scale' is %g, expected a positive number", scale)
  end
  local parts = { type = type, weight = coded }
  for _, param in ipairs(REST) do parts[param] = tensors[param] end
  return M.new(parts)
end

--- The product with the codes of x; `x` may be overwritten if `own`.
local function product(self, x, own, bias)
  local scale = self.act_scale and self.act_scale:get(1)
  if not self.activation then return core.decoded_linear(x, self.weight, bias) end
  if self.packed then return core.integer_linear(x, self.packed, self.activation, bias, nil, scale) end
  local seen, message, id = core.simulate(self.activation, x, own and x or nil, scale)
  if not seen then return nil, message, id end
  local y
  y, message, id = core.decoded_linear(seen, self.weight, bias)
  if not own then seen:close() end
  return y, message, id
end

--- The same for the smoothed x.
local function smoothed(self, x, bias)
  if not self.smooth_f32 then return product(self, x, false, bias) end
  local scaled <close> = x:div(self.smooth_f32)
  return product(self, scaled, true, bias)
end

--- x [..., in] f32 -> [..., out] f32
---@param x vise.Tensor
---@return vise.Tensor?
---@return string? message
---@return string? id
function Quantized:forward(x)
  if not self.up then return smoothed(self, x, self.bias) end
  local y, message, id = smoothed(self, x, nil)
  if not y then return nil, message, id end
  local inner <close> = core.linear(x, self.down, nil)
  local branch <close> = core.linear(inner, self.up, self.bias)
  return y:add(branch, y)
end

--- The weight that the layer stands for, f32 [out, in]: what it multiplies the raw input by when
--- activations are exact.
---@return vise.Tensor
function Quantized:dequantize()
  local w = assert(self.weight:decode())
  if self.smooth_f32 then w:div(self.smooth_f32, w) end
  if self.up then
    local up <close> = self.up:to "f32"
    local down <close> = self.down:to "f32"
    local branch <close> = core.matmul(up, down)
    w:add(branch, w)
  end
  return w
end

--- The tensors to save, in the order of M.layout().
---@return { param: string, tensor: vise.Tensor }[]
function Quantized:tensors()
  local list, coded = {}, self.weight:tensors()
  for _, param in ipairs { "codes", "scale", "zero", "second" } do
    if coded[param] then list[#list + 1] = { param = param, tensor = coded[param] } end
  end
  for _, param in ipairs(REST) do
    if self[param] then list[#list + 1] = { param = param, tensor = self[param] } end
  end
  return list
end

--- Bytes this layer keeps in memory.
---@return integer
function Quantized:bytes()
  local bytes = self.packed and self.packed:bytes() or 0
  for _, t in ipairs(self:tensors()) do bytes = bytes + t.tensor:bytes() end
  return bytes + (self.smooth_f32 and self.smooth_f32:bytes() or 0)
end

--- Frees the layer's own tensors at once.
function Quantized:close()
  if self.packed then self.packed:close() end
  self.weight:close()
  for _, param in ipairs { "smooth_f32", "smooth", "smooth_original", "down", "up", "act_scale" } do
    if self[param] then self[param]:close() end
  end
end

return M
