--- The plan: what will be done, decided before anything is touched.
---
--- Each linear layer of the model gets a type or the reason why it stays as it is; sizes are exact;
--- every pattern says what it matched.

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"

local M = {}

---@class vise.PlannedLayer
---@field name string
---@field shape integer[]        { out, in }
---@field type? vise.QuantType   nil: the layer stays float
---@field reason? string         Why it stays float.
---@field storage string         The 16-bit type of its scales and factors.
---@field tensors table[]        What is saved: param, dtype, shape, bytes.
---@field disk_bytes integer     Of those tensors.
---@field memory_bytes integer   That the quantized layer keeps in memory.
---@field source_bytes integer   Of the float weight and bias.

---@class vise.Plan
---@field layers vise.PlannedLayer[]  Every linear layer, in the model's order.
---@field quantized integer
---@field skipped integer
---@field patterns { where: string, pattern: string, matched: integer }[]
---@field disk_bytes integer
---@field memory_bytes integer
---@field source_bytes integer
---@field bits_per_weight number      Of the quantized layers on disk, everything counted.
---@field workspace_bytes integer     Bound on what quantizing a layer needs beside its result.
local Plan = {}
Plan.__index = Plan

--- Which of `names` each pattern of a list selects.
---@return table<string, boolean> set
local function select_all(patterns, names, where, report)
  local set = {}
  for i, p in ipairs(patterns) do
    local place = ("%s[%d]"):format(where, i)
    local matched = p:select(names, place)
    report[#report + 1] = { where = place, pattern = p.text, matched = #matched }
    for _, name in ipairs(matched) do set[name] = true end
  end
  return set
end

local function in_region(model, cfg, names, report)
  local set = {}
  if cfg.regions == "all" then
    for _, name in ipairs(names) do set[name] = true end
  elseif cfg.regions == "blocks" then
    for _, name in ipairs(model:default_layers()) do set[name] = true end
  else
    set = select_all(cfg.regions, names, "regions", report)
  end
  return set
end

--- The type that the plan rules give each name; the first rule that matches wins.
local function overrides(cfg, names, report)
  local types = {}
  for i, rule in ipairs(cfg.plan) do
    local where = ("plan[%d]"):format(i)
    local matched = rule.pattern:select(names, where)
    report[#report + 1] = { where = where, pattern = rule.pattern.text, matched = #matched }
    for _, name in ipairs(matched) do types[name] = types[name] or rule.type end
  end
  return types
end

--- Raises E-PL-03 when a scheme cannot take a layer's shape.
local function check_shape(name, shape, type)
  local group, least = type.weight.group, math.min(shape[1], shape[2])
  local where = ("layer %s [%d, %d], %s"):format(name, shape[1], shape[2], type.name)
  if group and group > shape[2] then
    fail.raise("E-PL-03", "%s: group %d is wider than the layer's %d inputs; exclude it, or give it another "
      .. "type with plan = { { \"%s\", \"int8_per_row\" } }", where, group, shape[2], name)
  end
  if type.rank and type.rank > least then
    fail.raise("E-PL-03", "%s: rank %d is above min(out, in) = %d; use svdq_int4_r%d%s", where, type.rank, least,
      least, type.calibrated and "" or "_dq")
  end
  if type.product == "integer" and shape[2] > 65536 then
    fail.raise("E-PL-03", "%s: %d inputs, the integer product takes up to 65536; use int8_weight_only", where,
      shape[2])
  end
end

-- Copies of an f32 weight that its decomposition works on at most: a randomized one has thin factors,
-- as thick as the rank; the full ones have three factors and LAPACK's own space, in f32 or f64.
local DECOMPOSITION = { low = 13, medium = 13, high = 20 }

--- What quantizing a layer needs at most beside its result, in bytes: the weight in f32, its
--- smoothed copy, and for a low-rank branch the decomposition's copies and their product.
local function workspace(layer, precision)
  local out, inp = layer.shape[1], layer.shape[2]
  local matrix = 4 * out * inp
  if not layer.type.rank or layer.type.rank == 0 then return 3 * matrix end
  return DECOMPOSITION[precision] * matrix
end

local function plan_layer(linear, type, reason)
  local out, inp = linear.weight:shape()
  local layer = { name = linear.name, shape = { out, inp }, reason = reason, tensors = {}, disk_bytes = 0,
    memory_bytes = 0, source_bytes = linear.weight:bytes() + (linear.bias and linear.bias:bytes() or 0),
    storage = quant_types.storage(linear.weight:dtype()) }
  if not type then return layer end
  check_shape(linear.name, layer.shape, type)
  local bias = linear.bias and linear.bias:dtype()
  layer.type = type
  layer.tensors = quantized_linear.layout(type, layer.shape, layer.storage, bias)
  for _, t in ipairs(layer.tensors) do layer.disk_bytes = layer.disk_bytes + t.bytes end
  layer.memory_bytes = quantized_linear.memory(type, layer.shape, layer.storage, bias)
  return layer
end

local function sum_up(plan, precision)
  local weights, workspace_bytes = 0, 0
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      plan.quantized = plan.quantized + 1
      plan.disk_bytes = plan.disk_bytes + layer.disk_bytes
      plan.memory_bytes = plan.memory_bytes + layer.memory_bytes
      plan.source_bytes = plan.source_bytes + layer.source_bytes
      weights = weights + layer.shape[1] * layer.shape[2]
      workspace_bytes = math.max(workspace_bytes, workspace(layer, precision))
    else
      plan.skipped = plan.skipped + 1
    end
  end
  plan.bits_per_weight = weights > 0 and 8 * plan.disk_bytes / weights or 0
  plan.workspace_bytes = workspace_bytes
end

--- Makes the plan of a configuration for a model.  Raises E-PL-01 (a pattern matches nothing),
--- E-PL-03 (a shape the type cannot take), E-PL-04 (already quantized), E-PL-05 (nothing left).
---@param model vise.Model
---@param cfg vise.Config
---@return vise.Plan
function M.make(model, cfg)
  expect.model(model, "quantize", "layers")
  local names = {}
  for i, linear in ipairs(model:layers()) do
    names[i] = linear.name
    if linear.quantized then
      fail.raise("E-PL-04", "layer %s is already quantized (%s); open the model again for another type",
        linear.name, linear.quantized.type.name)
    end
  end
  local plan = setmetatable({ layers = {}, patterns = {}, quantized = 0, skipped = 0, disk_bytes = 0,
    memory_bytes = 0, source_bytes = 0 }, Plan)
  local region = in_region(model, cfg, names, plan.patterns)
  local excluded = select_all(cfg.exclude, names, "exclude", plan.patterns)
  local types = overrides(cfg, names, plan.patterns)
  for i, linear in ipairs(model:layers()) do
    local type, reason = types[linear.name] or cfg.type, nil
    if excluded[linear.name] then
      type, reason = nil, "excluded"
    elseif not region[linear.name] and not types[linear.name] then
      type, reason = nil, "outside the regions"
    end
    plan.layers[i] = plan_layer(linear, type, reason)
  end
  sum_up(plan, cfg.svdq.calibrate_precision)
  if plan.quantized == 0 then
    fail.raise("E-PL-05", "nothing to quantize: %d linear layers, all excluded or outside the regions", #names)
  end
  return plan
end

--- The layers that need spans of their inputs.
---@return string[]
function Plan:calibrated()
  local names = {}
  for _, layer in ipairs(self.layers) do
    if layer.type and layer.type.calibrated then names[#names + 1] = layer.name end
  end
  return names
end

--- The plan as plain data, for reports and --json.
function Plan:plain()
  local layers = {}
  for i, l in ipairs(self.layers) do
    layers[i] = { name = l.name, shape = l.shape, type = l.type and l.type.name, reason = l.reason,
      disk_bytes = l.disk_bytes, memory_bytes = l.memory_bytes, source_bytes = l.source_bytes }
  end
  return { layers = layers, patterns = self.patterns, quantized = self.quantized, skipped = self.skipped,
    disk_bytes = self.disk_bytes, memory_bytes = self.memory_bytes, source_bytes = self.source_bytes,
    bits_per_weight = self.bits_per_weight, workspace_bytes = self.workspace_bytes,
    backend = core.backend() }
end

return M
