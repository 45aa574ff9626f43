--- The plan: what will be done, decided before anything is touched.
---
--- Each linear layer of the model gets a type or the reason why it stays as it is; sizes are exact;
--- every pattern says what it matched, and where two of them meet.

local artefact = require "vise.artefact"
local core = require "vise.core"
local fail = require "vise.fail"
local bound = require "vise.sequential.bound"
local methods = require "vise.algorithms.methods"
local mode = require "vise.sequential.mode"
local nonfinite_weights = require "vise.nonfinite_weights"
local pipeline = require "vise.pipeline"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local shared_inputs = require "vise.shared_inputs"
local transformed = require "vise.formats.transformed"

local M = {}

local MAX_PRODUCT_INPUTS = 65536 -- of an integer product

--- Rows of each layer's input that are kept, to measure what the quantized layer gives.
M.PROBE_ROWS = 64

---@class vise.PlannedLayer
---@field name string
---@field shape integer[]        { out, in }
---@field type? vise.QuantType   nil: the layer stays float
---@field reason? string         Why it stays float.
---@field candidate? boolean     In the regions and not left out: what was asked for.
---@field fallback? string       Why it has the fallback's type.
---@field storage string         The 16-bit type of its scales and factors.
---@field tensors table[]        What is saved: param, dtype, shape, bytes.
---@field disk_bytes integer     Of those tensors.
---@field memory_bytes integer   That the quantized layer keeps in memory.
---@field copied_bytes integer   Of its float weight, where that is not used as it lies in the file.
---@field source_bytes integer   Of the float weight and bias.

---@class vise.Plan
---@field layers vise.PlannedLayer[]  Every linear layer, in the model's order.
---@field quantized integer
---@field candidates integer
---@field skipped integer
---@field patterns { where: string, pattern: string, matched: integer }[]
---@field overlaps { winner: string, loser: string, layers: integer, example: string }[]
---@field disk_bytes integer          Of the tensors.
---@field file_bytes integer          Of the artefact's .safetensors file, header included.
---@field changed_bytes integer       Of what transforms changed beside the layers.
---@field memory_bytes integer
---@field source_bytes integer
---@field bits_per_weight number      Of the quantized layers on disk, everything counted.
---@field mode "whole"|"sequential"|"true_sequential"  How it is calibrated.
---@field statistics_bytes integer    Bound on what calibration holds at one time: of all layers, or of one block.
---@field state_bytes integer         Block by block: what of the states between blocks is in memory at one time.
---@field workspace_bytes integer     Bound on what quantizing a layer needs beside its result, those two with it.
local Plan = {}
Plan.__index = Plan

--- Which of `names` each pattern of a list selects, and the first that does.
---@return table<string, string> first  name -> place of the pattern
local function select_all(patterns, names, where, report)
  local first = {}
  for i, p in ipairs(patterns) do
    local place = ("%s[%d]"):format(where, i)
    local matched = p:select(names, place)
    report[#report + 1] = { where = place, pattern = p.text, matched = #matched }
    for _, name in ipairs(matched) do first[name] = first[name] or place end
  end
  return first
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

--- A type by its name, as its method makes it under the config; no method: the type's own.
local function type_named(name, method, cfg)
  return methods.resolve(quant_types.parse(name), method, cfg)
end

--- Counts the layers on which `winner` stood before `loser`.
local function note_overlap(overlaps, winner, loser, name)
  for _, o in ipairs(overlaps) do
    if o.winner == winner and o.loser == loser then
      o.layers = o.layers + 1
      return
    end
  end
  overlaps[#overlaps + 1] = { winner = winner, loser = loser, layers = 1, example = name }
end

--- The rule that decides each name: the first that matches.
---@return table<string, { place: string, type: vise.QuantType }>
local function overrides(cfg, names, excluded, plan)
  local chosen = {}
  for i, rule in ipairs(cfg.plan) do
    local place = ("plan[%d]"):format(i)
    local matched = rule.pattern:select(names, place)
    plan.patterns[#plan.patterns + 1] = { where = place, pattern = rule.pattern.text, matched = #matched }
    for _, name in ipairs(matched) do
      local before = excluded[name] or chosen[name] and chosen[name].place
      if before then
        note_overlap(plan.overlaps, before, place, name)
      else
        chosen[name] = { place = place, type = type_named(rule.type.name, rule.method, cfg) }
      end
    end
  end
  return chosen
end

--- Why a scheme cannot take a layer's shape, nil if it can; `hard` is true for what is an error even
--- for a layer that nobody asked for by name.
---@return string? problem
---@return boolean? hard
local function shape_problem(shape, type, storage)
  local group, least = type.weight.group, math.min(shape[1], shape[2])
  if type.rank and type.rank > least then
    local fitting, count = type.name:gsub("_r%d+", "_r" .. least)
    return ("rank %d is above min(out, in) = %d; use %s"):format(type.rank, least,
      count > 0 and fitting or "a lower rank"), true
  end
  if group and group > shape[2] then
    return ("group %d is wider than the layer's %d inputs"):format(group, shape[2])
  end
  if type.product == "integer" and not group and shape[2] > MAX_PRODUCT_INPUTS then
    return ("%d inputs, the integer product takes up to %d"):format(shape[2], MAX_PRODUCT_INPUTS)
  end
  local ok, message = pcall(quantized_linear.layout, type, shape, storage)
  if ok then return nil end
  local text = tostring(message):match "E%-SC%-%d%d: (.*)$"
  if not text then error(message, 0) end
  return text
end

-- Copies of an f32 weight that its decomposition works on at most: a randomized one has thin factors,
-- as thick as the rank, and refinement keeps those of its best round; the full ones have three factors
-- and LAPACK's own space, in f32 or f64.
local DECOMPOSITION = { low = 14, medium = 13, high = 20 }

--- What quantizing a layer needs at most beside its result, in bytes: the weight in f32, its
--- smoothed copy, and for a low-rank branch the decomposition's copies and their product; then the
--- rows on which its output is measured or its smoothing is found, and what is made of them.
--- Refinement keeps the best round beside the one it works on.  Of layers that share a branch it is
--- what their stack needs.
local function workspace(layer, svdq, sample_rows)
  local out, inp = layer.shape[1], layer.shape[2]
  local matrix, rows = 4 * out * inp, 4 * sample_rows * (8 * inp + 3 * out)
  local rank = layer.type.rank or 0
  if layer.type.method.name ~= "svdquant" or rank == 0 then return methods.copies(layer.type) * matrix + rows end
  return DECOMPOSITION[svdq.calibrate_precision] * matrix + rows + (svdq.refine_iters > 0 and layer.disk_bytes or 0)
end

--- The type that a layer gets, or why it gets none.
local function choose(linear, cfg, rule, storage)
  local out, inp = linear.outputs, linear.inputs
  local type = rule and rule.type or type_named(cfg.quant_type, cfg.method, cfg)
  local problem, hard = shape_problem({ out, inp }, type, storage)
  if not problem then return type end
  if rule or hard then
    fail.raise("E-PL-03", "layer %s [%d, %d], %s: %s; exclude it, or give it another type with plan = { { \"%s\", "
      .. "\"int8_per_row\" } }", linear.name, out, inp, type.name, problem, linear.name)
  end
  local reason = ("%s: %s"):format(type.name, problem)
  if cfg.fallback == "skip" then return nil, reason end
  local other = type_named(cfg.fallback, nil, cfg)
  local worse = shape_problem({ out, inp }, other, storage)
  if worse then return nil, ("%s; fallback %s: %s"):format(reason, other.name, worse) end
  return other, nil, reason
end

local function plan_layer(linear, cfg, rule, reason)
  local out, inp = linear.outputs, linear.inputs
  local storage = quant_types.storage(linear:dtype())
  local layer = { name = linear.name, shape = { out, inp }, reason = reason, tensors = {}, disk_bytes = 0,
    memory_bytes = 0, source_bytes = linear:bytes() + (linear.bias and linear.bias:bytes() or 0),
    copied_bytes = linear:copied(),
    storage = storage }
  if reason then return layer end
  layer.candidate = true
  layer.type, layer.reason, layer.fallback = choose(linear, cfg, rule, storage)
  if not layer.type then return layer end
  local bias = linear.bias and linear.bias:dtype()
  layer.tensors = quantized_linear.layout(layer.type, layer.shape, storage, bias)
  for _, t in ipairs(layer.tensors) do layer.disk_bytes = layer.disk_bytes + t.bytes end
  layer.memory_bytes = quantized_linear.memory(layer.type, layer.shape, storage, bias)
  return layer
end

local function filtered(cfg, linear)
  if not cfg.filter then return false end
  local wanted = cfg.filter(linear, linear.name)
  if type(wanted) ~= "boolean" then
    fail.raise("E-PL-06", "filter gave a %s for layer %s, expected true or false", type(wanted), linear.name)
  end
  return not wanted
end

--- How many rows of each calibrated layer's input are kept: more where smoothing is searched on them
--- or a method asks for them.
---@param cfg vise.Config
---@return integer
function Plan:sample_rows(cfg)
  local rows = M.PROBE_ROWS
  for _, layer in ipairs(self.layers) do
    local smooth = layer.type and layer.type.smooth
    if smooth == "search" or smooth == "balance" then rows = math.max(rows, cfg.svdq.search_samples) end
    if layer.type then rows = math.max(rows, methods.rows(layer.type)) end
  end
  return rows
end

-- Layers that may share a branch, as one.
local function stacked(group)
  local out, disk_bytes = 0, 0
  for _, layer in ipairs(group) do
    out, disk_bytes = out + layer.shape[1], disk_bytes + layer.disk_bytes
  end
  return { shape = { out, group[1].shape[2] }, type = group[1].type, disk_bytes = disk_bytes }
end

-- Copies of float weights at one time: of all layers where the model runs, else of one.
local function copied(plan)
  local sum, most, runs = 0, 0, false
  for _, layer in ipairs(plan.layers) do
    sum, most = sum + layer.copied_bytes, math.max(most, layer.copied_bytes)
    runs = runs or layer.type ~= nil and #layer.type.needs > 0
  end
  return runs and sum or most
end

local function sum_up(plan, cfg, model)
  local weights, workspace_bytes, rows = 0, 0, plan:sample_rows(cfg)
  for _, layer in ipairs(plan.layers) do
    if layer.candidate then plan.candidates = plan.candidates + 1 end
    if layer.type then
      plan.quantized = plan.quantized + 1
      plan.disk_bytes = plan.disk_bytes + layer.disk_bytes
      plan.memory_bytes = plan.memory_bytes + layer.memory_bytes
      plan.source_bytes = plan.source_bytes + layer.source_bytes
      weights = weights + layer.shape[1] * layer.shape[2]
      workspace_bytes = math.max(workspace_bytes, workspace(layer, cfg.svdq, rows))
    else
      plan.skipped = plan.skipped + 1
    end
  end
  for _, group in ipairs(shared_inputs.siblings(plan.layers, cfg)) do
    workspace_bytes = math.max(workspace_bytes, workspace(stacked(group), cfg.svdq, rows))
  end
  plan.weights = weights
  plan.bits_per_weight = weights > 0 and 8 * plan.disk_bytes / weights or 0
  plan.statistics_bytes = bound.statistics(plan, model, rows)
  plan.state_bytes = bound.states(plan)
  plan.workspace_bytes = workspace_bytes + plan.statistics_bytes + plan.state_bytes + copied(plan)
end

--- The reasons why layers stay float, and how many each, most first.
---@return { reason: string, layers: integer }[]
function Plan:reasons()
  local count, list = {}, {}
  for _, layer in ipairs(self.layers) do
    if layer.reason then
      if not count[layer.reason] then
        count[layer.reason] = { reason = layer.reason, layers = 0 }
        list[#list + 1] = count[layer.reason]
      end
      count[layer.reason].layers = count[layer.reason].layers + 1
    end
  end
  table.sort(list, function(a, b)
    if a.layers ~= b.layers then return a.layers > b.layers end
    return a.reason < b.reason
  end)
  return list
end

local function check_float(model, names)
  for i, linear in ipairs(model:layers()) do
    names[i] = linear.name
    if linear.quantized then
      fail.raise("E-PL-04", "layer %s is already quantized (%s); open the model again for another type",
        linear.name, linear.quantized.type.name)
    end
  end
  return names
end

--- Makes the plan of one model.  Raises E-PL-01 (a pattern matches nothing), E-PL-03 (a shape the
--- type cannot take, of a layer that a rule asks for), E-PL-04 (already quantized), E-PL-05 (nothing
--- left).
---@param model vise.Model
---@param cfg vise.Config
---@return vise.Plan
function M.single(model, cfg)
  local names = check_float(model, {})
  local plan = setmetatable({ layers = {}, patterns = {}, overlaps = {}, quantized = 0, candidates = 0, skipped = 0,
    disk_bytes = 0, memory_bytes = 0, source_bytes = 0 }, Plan)
  local region = in_region(model, cfg, names, plan.patterns)
  local excluded = select_all(cfg.exclude, names, "exclude", plan.patterns)
  local rules = overrides(cfg, names, excluded, plan)
  for i, linear in ipairs(model:layers()) do
    local name, reason = linear.name, nil
    if excluded[name] then
      reason = "excluded"
    elseif not region[name] and not rules[name] then
      reason = "outside the regions"
    elseif filtered(cfg, linear) then
      reason = "left out by the filter"
    elseif cfg.on_nan == "skip" then
      local bad = nonfinite_weights.of(linear)
      reason = bad and nonfinite_weights.words(bad)
    end
    plan.layers[i] = plan_layer(linear, cfg, rules[name], reason)
  end
  plan.mode = mode.of(model, cfg, plan.layers)
  sum_up(plan, cfg, model)
  if plan.quantized == 0 then
    local reasons = {}
    for i, r in ipairs(plan:reasons()) do reasons[i] = ("%d %s"):format(r.layers, r.reason) end
    fail.raise("E-PL-05", "nothing to quantize: of %d linear layers %s", #names, table.concat(reasons, ", "))
  end
  plan.file_bytes = fail.try(artefact.file_bytes(model, plan, cfg))
  plan.changed_bytes = transformed.bytes(model, plan.layers)
  plan.cfg, plan.model = cfg, model
  return plan
end

local SUMS = { "quantized", "candidates", "skipped", "disk_bytes", "memory_bytes", "source_bytes", "statistics_bytes",
  "file_bytes", "changed_bytes", "weights" }

--- Makes the plan of a model; of a pipeline a table of them, `components`, and their sums.
---@param target vise.Model|table<string, vise.Model>
---@param cfg vise.Config
---@return vise.Plan
function M.make(target, cfg)
  if pipeline.is_model(target) and not cfg.components then return M.single(target, cfg) end
  local whole = setmetatable({ layers = {}, patterns = {}, overlaps = {}, components = {}, workspace_bytes = 0 }, Plan)
  for _, field in ipairs(SUMS) do whole[field] = 0 end
  for _, t in ipairs(pipeline.targets(target, cfg)) do
    local plan = M.single(t.model, t.cfg)
    whole.components[t.name] = plan
    for _, field in ipairs(SUMS) do whole[field] = whole[field] + plan[field] end
    whole.workspace_bytes = math.max(whole.workspace_bytes, plan.workspace_bytes - plan.statistics_bytes)
  end
  whole.workspace_bytes = whole.workspace_bytes + whole.statistics_bytes
  whole.bits_per_weight = 8 * whole.disk_bytes / whole.weights
  return whole
end

---@class vise.Need
---@field name string     Of a layer.
---@field kinds string[]  The statistics of its input: of vise.algorithms.method_form.KINDS.

--- The layers that need statistics of their inputs.
---@return vise.Need[]
function Plan:calibrated()
  local list = {}
  for _, layer in ipairs(self.layers) do
    local kinds = layer.type and layer.type.needs or {}
    if #kinds > 0 then list[#list + 1] = { name = layer.name, kinds = kinds } end
  end
  return list
end

--- The layers that wait for spans which the model's first forwards show.
---@return string[]
function Plan:few_shot()
  local names = {}
  for _, layer in ipairs(self.layers) do
    if layer.type and layer.type.smooth == "few_shot" then names[#names + 1] = layer.name end
  end
  return names
end

--- What quantizing will take, measured now on this machine in about two seconds.
---@return vise.Estimate
function Plan:estimate()
  return require("vise.estimate").of(self)
end

--- About how many seconds that will be; without calibration if nobody knows what it runs.
---@return number
function Plan:seconds()
  return self:estimate().seconds
end

--- The plan as plain data, for reports and --json.
function Plan:plain()
  local layers, components = core.array {}, nil
  for i, l in ipairs(self.layers) do
    layers[i] = { name = l.name, shape = l.shape, type = l.type and l.type.name, reason = l.reason,
      fallback = l.fallback, disk_bytes = l.disk_bytes, memory_bytes = l.memory_bytes,
      source_bytes = l.source_bytes }
  end
  if self.components then
    components = {}
    for name, plan in pairs(self.components) do components[name] = plan:plain() end
  end
  return { layers = layers, patterns = core.array(self.patterns), overlaps = core.array(self.overlaps),
    quantized = self.quantized, skipped = self.skipped, disk_bytes = self.disk_bytes,
    file_bytes = self.file_bytes, memory_bytes = self.memory_bytes, source_bytes = self.source_bytes,
    bits_per_weight = self.bits_per_weight, workspace_bytes = self.workspace_bytes, components = components,
    mode = self.mode ~= "whole" and self.mode or nil, backend = core.backend() }
end

return M
