--- A quantized linear layer: what takes the place of a Linear's float product.
---
---   weight only    y = x Q(W)' + b
---   both sides     y = dq(q(x) Q(W)') + b
---   SVDQuant       y = dq(q(x / s) Q(R)') + (x down') up' + b
---   turned         the same of x H_n, blocks of n inputs times a Hadamard matrix (arXiv 2404.00456)
---
--- with W diag(s) = up down + R before anything is stored, and `down` stored already divided by
--- s, so that it applies to the layer's own input.  dq(q(x) Q(W)') multiplies code by code.

local core = require "vise.core"
local fail = require "vise.fail"
local quant_types = require "vise.quant_types"

local M = {}

---@class vise.QuantizedLinear
---@field type vise.QuantType
---@field shape integer[]            { out, in }
---@field weight vise.Coded          Canonical codes of W, or of the residual R.
---@field packed vise.Packed         The kernels' layout of `weight`.
---@field packed_down? vise.Packed   The same of `down` and `up`.
---@field packed_up? vise.Packed
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
  if type.own_bias then bias_dtype = "f32" end
  if bias_dtype then add("bias", bias_dtype, { out }) end
  return list
end

--- Bytes that a layer of this layout keeps in memory: the tensors, the packed copies that the kernels
--- read, and smoothing in f32.
function M.memory(type, shape, storage, bias_dtype)
  local bytes = 0
  for _, t in ipairs(M.layout(type, shape, storage, bias_dtype)) do bytes = bytes + t.bytes end
  bytes = bytes + core.packed_bytes(core.scheme(quant_types.scheme_args(type.weight, storage)), shape)
  if type.rank and type.rank > 0 then
    bytes = bytes + core.packed_bytes(storage, { type.rank, shape[2] })
      + core.packed_bytes(storage, { shape[1], type.rank })
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

-- Frees what a layer holds beside the parts it was given.
local function drop_packed(q)
  for _, name in ipairs { "packed", "packed_down", "packed_up" } do
    if q[name] then q[name]:close() end
  end
end

--- Puts a layer together from its parts.  Fails as core.pack does.
---@param parts { type: vise.QuantType, weight: vise.Coded, smooth?: any, down?: any, up?: any, act_scale?: any,
---  bias?: any }
---@return vise.QuantizedLinear?
---@return string? message
---@return string? id
function M.new(parts)
  local out, inp = parts.weight:shape()
  local q = setmetatable({ type = parts.type, shape = { out, inp }, weight = parts.weight, rotate = parts.rotate },
    Quantized)
  for _, param in ipairs(REST) do q[param] = parts[param] end
  local message, id
  q.packed, message, id = core.pack(parts.weight)
  if q.packed and parts.down then q.packed_down, message, id = core.pack_floats(parts.down) end
  if q.packed and parts.up and not message then q.packed_up, message, id = core.pack_floats(parts.up) end
  if parts.smooth and not message then q.smooth_f32, message, id = parts.smooth:to "f32" end
  if message then
    drop_packed(q)
    return nil, message, id
  end
  if parts.type.activation then q.activation = core.scheme(parts.type.activation) end
  return q
end

--- Puts a layer together from its saved tensors, named as in M.layout() and shaped as it says.
---@param type vise.QuantType
---@param shape integer[]       { out, in }
---@param storage "f16"|"bf16"
---@param tensors table<string, vise.Tensor>
---@param rotate? integer
---@return vise.QuantizedLinear?
---@return string? message
---@return string? id
function M.from_tensors(type, shape, storage, tensors, rotate)
  local scheme = core.scheme(quant_types.scheme_args(type.weight, storage))
  local coded, message, id = core.coded(scheme, shape, tensors)
  if not coded then return nil, message, id end
  local scale = tensors.act_scale and tensors.act_scale:get(1)
  if scale and not (scale > 0 and scale < math.huge) then
    return fail.fail("E-SC-07", "tensor 'act_scale' is %g, expected a positive number", scale)
  end
  local parts = { type = type, weight = coded, rotate = rotate }
  for _, param in ipairs(REST) do parts[param] = tensors[param] end
  return M.new(parts)
end

--- x [..., in], f32, f16 or bf16 -> [..., out] f32
---@param x vise.Tensor
---@return vise.Tensor?
---@return string? message
---@return string? id
function Quantized:forward(x)
  local turned <close> = self.rotate and fail.try(core.hadamard(x, self.rotate)) or nil
  x = turned or x
  local rows <close>, message, id = core.rows(x, self.packed, { scheme = self.activation, smooth = self.smooth_f32,
    scale = self.act_scale and self.act_scale:get(1), down = self.packed_down })
  if not rows then return nil, message, id end
  return core.product(rows, self.packed, { up = self.packed_up, bias = self.bias })
end

--- The weight that the layer stands for, f32 [out, in]: what it multiplies the raw input by when
--- activations are exact.
---@return vise.Tensor
function Quantized:dequantize()
  local w = fail.try(self.weight:decode())
  if self.smooth_f32 then fail.try(w:div(self.smooth_f32, w)) end
  if self.up then
    local up <close> = fail.try(self.up:to "f32")
    local down <close> = fail.try(self.down:to "f32")
    local branch <close> = fail.try(core.matmul(up, down))
    fail.try(w:add(branch, w))
  end
  if not self.rotate then return w end
  local turned <close> = w
  return fail.try(core.hadamard(turned, self.rotate, { transpose = true }))
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
  local bytes = self.packed:bytes()
  if self.packed_up then bytes = bytes + self.packed_up:bytes() + self.packed_down:bytes() end
  for _, t in ipairs(self:tensors()) do bytes = bytes + t.tensor:bytes() end
  return bytes + (self.smooth_f32 and self.smooth_f32:bytes() or 0)
end

--- Frees the layer's own tensors at once.
function Quantized:close()
  drop_packed(self)
  self.weight:close()
  for _, param in ipairs { "smooth_f32", "smooth", "smooth_original", "down", "up", "act_scale" } do
    if self[param] then self[param]:close() end
  end
end

return M
