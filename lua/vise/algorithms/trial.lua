--- Trials: what the layers that are given one input would answer if it were divided by `s` and their
--- weights, multiplied by it, were rounded to nearest.
---
---   weights only    sum of  tr(D M D'),  D = Q(W diag(s)) diag(1/s) - W,  M = E[x x']
---   both sides      sum of  E |Q(x / s) Q(W diag(s))' - x W'|^2  over the rows that were kept
---
--- Searches for s compare these; where activations are coded, their error belongs to the answer.

local core = require "vise.core"
local quant_types = require "vise.quant_types"
local try = require("vise.fail").try

local M = {}

--- The scheme of a type's activations, nil if they stay float.
---@param type vise.QuantType
---@return vise.Scheme?
function M.activation_scheme(type)
  return type.activation and core.scheme(quant_types.scheme_args(type.activation, "f16")) or nil
end

--- Rows of input as the codes of a type's activations stand for them; a copy if it has none.
---@param samples vise.Tensor  f32 [n, in]
---@param type vise.QuantType
---@return vise.Tensor
function M.as_coded(samples, type)
  local scheme = M.activation_scheme(type)
  if not scheme then return try(samples:copy()) end
  local coded <close> = try(core.encode(scheme, samples))
  return try(coded:decode())
end

-- Q(W diag(s)), decoded.
local function rounded(layer, s)
  local scaled <close> = s and try(layer.weight:mul(s)) or try(layer.weight:copy())
  local coded <close> = try(core.encode(layer.scheme, scaled))
  return try(coded:decode())
end

local function weights_error(layer, s)
  local delta <close> = rounded(layer, s)
  if s then try(delta:div(s, delta)) end
  try(delta:sub(layer.weight, delta))
  return layer:energy(delta)
end

local function answers_error(layer, s)
  local samples = layer.samples
  local scaled <close> = s and try(samples:div(s)) or try(samples:copy())
  local x <close> = M.as_coded(scaled, layer.type)
  local weight <close> = rounded(layer, s)
  local got <close> = try(core.linear(x, weight))
  local wanted <close> = try(core.linear(samples, layer.weight))
  try(got:sub(wanted, got))
  return got:norm() ^ 2 / samples:shape()
end

--- The error of the answers, summed over outputs and layers, for a token.
---@param layers vise.LayerWork[]
---@param s? vise.Tensor  f32 [in], as stored; nil: ones
---@return number
function M.error(layers, s)
  local sum = 0
  for _, layer in ipairs(layers) do
    local coded = layer.type.activation and layer.samples
    sum = sum + (coded and answers_error or weights_error)(layer, s)
  end
  return sum
end

return M
