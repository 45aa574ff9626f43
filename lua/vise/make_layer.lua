--- Makes the quantized form of one layer, and measures it against the float one.

local check = require("vise.algorithms.parts").check
local core = require "vise.core"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"

local M = {}

local try = fail.try

local KINDS = require("vise.algorithms.method_form").KINDS

local PROBE_ROWS, PROBE_SEED = 64, 0
local SPAN_IN_SIGMAS = 4 -- a channel's largest |x| is about so many times its spread

---@class vise.LayerReport
---@field name string
---@field type string
---@field method string         That made it.
---@field shape integer[]
---@field weight_error number   rel-L2 of the weight that the codes and factors stand for.
---@field output_error number   rel-L2 of what the layer gives for the probe.
---@field output_of string      The probe: "calibration" (rows that flowed into the layer), "spans" (normal
---numbers scaled to the captured spans) or "normal" (normal numbers).
---@field shares? string        The first layer of its group, which has one smoothing and one `down`.
---@field captured boolean      Calibration, its own first forwards or a file told about its input.
---@field observed? integer     Rows seen in calibration.
---@field disk_bytes integer
---@field memory_bytes integer

--- Some input for a layer, and what it is.
local function probe_for(found, inputs)
  if found and found.sample then return found.sample:copy(), "calibration" end
  local x = try(core.random(PROBE_SEED):normal { PROBE_ROWS, inputs })
  if not (found and found.span) then return x, "normal" end
  local sigma <close> = try(found.span:mul(1 / SPAN_IN_SIGMAS))
  return try(x:mul(sigma, x)), "spans"
end

--- How far the quantized layer's output is from the float layer's.
local function output_error(linear, q, found)
  local inputs = linear.inputs
  local x, kind = probe_for(found, inputs)
  local probe <close> = x
  local float <close> = try(core.linear(probe, linear.weight, linear.bias))
  local got <close> = try(q:forward(probe))
  return try(core.compare(got, float)).rel_l2, kind
end

--- What a report says of how a layer was made: the rounds of a refinement, or the scalars of a method.
local function told(info)
  if not info then return nil end
  if info.rounds and info.best then return { rounds = info.rounds, best = info.best } end
  local scalars
  for key, value in pairs(info) do
    local finite = type(value) ~= "number" or value == value and math.abs(value) < math.huge
    if type(key) == "string" and type(value) ~= "table" and finite then
      scalars = scalars or {}
      scalars[key] = type(value) == "userdata" and tostring(value) or value
    end
  end
  return scalars
end

--- What a method is told of a layer.
---@return vise.MethodInput
local function about_of(linear, planned, found)
  local method = planned.type.method
  for _, need in ipairs(method.needs or {}) do
    if need == "samples" and not (found and found.sample) then
      fail.try(nil, ("method %s needs rows of the layer's input"):format(method.name), "E-OB-18")
    end
  end
  local about = { name = planned.name, shape = planned.shape, type = planned.type, storage = planned.storage,
    scheme = core.scheme(quant_types.scheme_args(planned.type.weight, planned.storage)), bias = linear.bias,
    samples = found and found.sample, options = method.options }
  for _, kind in ipairs(KINDS) do about[kind] = found and found[kind] end
  return about
end

-- The layer that these parts make, and what it is worth.
local function finish(linear, weight, planned, found, parts, info)
  if planned.type.static then parts.act_scale = try(quantized_linear.act_scale(planned.type, found.range)) end
  parts.type, parts.bias = planned.type, parts.bias or linear.bias
  local q = try(quantized_linear.new(parts))
  local stands_for <close> = try(q:dequantize())
  local out, kind = output_error(linear, q, found)
  return q, { name = planned.name, type = planned.type.name, method = planned.type.method.name,
    shape = planned.shape, weight_error = try(core.compare(stands_for, weight)).rel_l2, output_error = out,
    output_of = kind, refined = told(info), captured = found ~= nil, observed = found and found.rows,
    disk_bytes = planned.disk_bytes, memory_bytes = planned.memory_bytes }
end

local function layer(linear, planned, found)
  local weight <close> = try(linear.weight:to "f32")
  local about = about_of(linear, planned, found)
  local parts, info, id = planned.type.method.make(weight, about)
  if parts == nil and info ~= nil then try(nil, tostring(info), type(id) == "string" and id or "E-PL-09") end
  return finish(linear, weight, planned, found, check(parts, about), info)
end

-- Of the group's captured statistics the first layer's are taken: they are the same.
local function group(linears, planned, found, made)
  local weights, abouts, results = {}, {}, {}
  for i, linear in ipairs(linears) do
    weights[i], abouts[i] = linear.weight, about_of(linear, planned[i], found)
  end
  local parts, info = try(planned[1].type.method.make_group(weights, abouts[1], abouts))
  for i, linear in ipairs(linears) do
    local weight <close> = try(linear.weight:to "f32")
    made[i], results[i] = finish(linear, weight, planned[i], found, check(parts[i], abouts[i]), info)
    results[i].shares = planned[1].name
  end
  return results
end

--- Makes the quantized form of one layer.  The model is not touched.
---@param linear vise.nn.Linear
---@param planned vise.PlannedLayer
---@param found? vise.Captured  For what needs calibration.
---@return vise.QuantizedLinear?
---@return vise.LayerReport|string report_or_message
---@return string? id
function M.layer(linear, planned, found)
  local q, result, id = fail.catch(layer, linear, planned, found)
  if q then return q, result end
  return nil, ("layer %s: %s"):format(planned.name, result), id
end

--- Makes the quantized forms of layers that are given the same input, with one smoothing and one
--- `down` among them.  The model is not touched.
---@param linears vise.nn.Linear[]
---@param planned vise.PlannedLayer[]
---@param found vise.Captured  Of any of them.
---@return vise.QuantizedLinear[]?
---@return vise.LayerReport[]|string reports_or_message
---@return string? id
function M.group(linears, planned, found)
  local made = {}
  local results, message, id = fail.catch(group, linears, planned, found, made)
  if results then return made, results end
  for _, q in ipairs(made) do q:close() end
  return nil, ("layers from %s to %s: %s"):format(planned[1].name, planned[#planned].name, message), id
end

return M
