--- Quantize: plan, calibrate, make every layer of every model, save, and only then change anything.

local artefact = require "vise.artefact"
local calibrate = require "vise.calibrate"
local captured = require "vise.captured"
local config = require "vise.config"
local core = require "vise.core"
local fail = require "vise.fail"
local few_shot = require "vise.few_shot"
local make = require "vise.make_layer"
local pipeline = require "vise.pipeline"
local plan = require "vise.plan"
local progress = require "vise.progress"
local report = require "vise.report"
local shared_inputs = require "vise.shared_inputs"
local summary = require "vise.calibration_summary"

local M = {}

--- Makes a layer, and with it the others of its group; by_name gets their reports.
local function make_with_group(t, layer, group, found, by_name)
  if not group then
    local q, result, id = make.layer(t.model:layer(layer.name), layer, found)
    if not q then return nil, result, id end
    t.made[layer.name], by_name[layer.name] = q, result
    return true
  end
  local linears = {}
  for i, other in ipairs(group) do linears[i] = t.model:layer(other.name) end
  local made, results, id = make.group(linears, group, found)
  if not made then return nil, results, id end
  for i, other in ipairs(group) do t.made[other.name], by_name[other.name] = made[i], results[i] end
  return true
end

local function weights_of(layers)
  local sum = 0
  for _, layer in ipairs(layers) do sum = sum + layer.shape[1] * layer.shape[2] end
  return sum
end

local SPLIT = 20 -- how much longer a weight takes, about, whose layer gets a low-rank branch

-- Layers of which one takes as long as another.
local function kind_of(layer)
  return ("%s %dx%d"):format(layer.type.name, layer.shape[1], layer.shape[2])
end

-- The progress of making all layers: weights, by kinds.
local function progress_of(targets)
  local sum, layers, kinds = 0, 0, {}
  for _, t in ipairs(targets) do
    sum, layers = sum + t.plan.weights, layers + t.plan.quantized
    for _, layer in ipairs(t.plan.layers) do
      if layer.type then
        local kind = kind_of(layer)
        kinds[kind] = kinds[kind] or { units = 0, cost = (layer.type.rank or 0) > 0 and SPLIT or 1 }
        kinds[kind].units = kinds[kind].units + layer.shape[1] * layer.shape[2]
      end
    end
  end
  return progress.new("quantize", sum, "weights", { kinds = kinds, items = layers, item = "layer",
    memory = function() return core.memory().bytes end })
end

--- Makes every layer of every target; the models are as they were.
---@return true? ok
---@return string? message
---@return string? id
local function make_all(targets, found, bar)
  for i, t in ipairs(targets) do
    t.made, t.layers = {}, {}
    local by_name, groups = {}, shared_inputs.groups(t.plan.layers, t.cfg, found[i])
    for _, layer in ipairs(t.plan.layers) do
      if layer.type then
        if not t.made[layer.name] then
          local group = groups[layer.name]
          bar:begin(pipeline.label(t, layer.name))
          local ok, message, id = make_with_group(t, layer, group, found[i] and found[i][layer.name], by_name)
          if not ok then return nil, pipeline.label(t, message), id end
          bar:step(weights_of(group or { layer }), kind_of(layer), group and #group or 1)
        end
        t.layers[#t.layers + 1] = by_name[layer.name]
      end
    end
    local same, message, id = t.model.checkpoint:unchanged()
    if not same then return nil, message, id end
    t.quantization = { config = config.plain(t.cfg), layers = t.layers, made = t.made,
      calibration = summary.of(found[i]) }
  end
  return true
end

local function close_made(targets)
  for _, t in ipairs(targets) do
    for _, q in pairs(t.made or {}) do q:close() end
  end
end

-- What may lie where a pipeline is saved: nothing, or the folders of its components.
local function check_parent(parent, targets)
  local kind = core.disk.exists(parent)
  if not kind then return true end
  local names, message, id = core.disk.list(parent)
  if not names then return nil, message, id end
  local ours = {}
  for _, t in ipairs(targets) do ours[t.name] = true end
  for _, name in ipairs(names) do
    if not ours[name] then
      return fail.fail("E-AR-13", "%s holds %s, which is no component of this pipeline: choose another folder",
        parent, core.escape(name))
    end
  end
  return true
end

--- Saves the components of a pipeline together: one folder that appears, or takes the place of the
--- older one, in one step.
local function save_pipeline(parent, targets)
  local disk, temp = core.disk, parent .. ".partial-pipeline"
  local ok, message, id = check_parent(parent, targets)
  if not ok then return nil, message, id end
  if disk.exists(temp) then disk.remove_tree(temp) end
  for _, t in ipairs(targets) do
    ok, message, id = artefact.write(t.model, t.quantization, temp .. "/" .. t.name)
    if not ok then break end
  end
  local there = disk.exists(parent) == "folder"
  if ok then
    if there then ok, message, id = disk.exchange(temp, parent) else ok, message, id = disk.rename(temp, parent) end
  end
  if not ok or there then disk.remove_tree(temp) end
  if not ok then return nil, message, id end
  return true
end

local function save(cfg, targets)
  local together = {}
  for _, t in ipairs(targets) do
    if t.name and cfg.save_to and t.cfg.save_to == cfg.save_to .. "/" .. t.name then
      together[#together + 1] = t
    elseif t.cfg.save_to then
      local ok, message, id = artefact.write(t.model, t.quantization, t.cfg.save_to)
      if not ok then return nil, message, id end
    end
  end
  if #together == 0 then return true end
  return save_pipeline(cfg.save_to, together)
end

--- Makes, saves and commits with statistics that are there already: the second half of quantize, and
--- all of it for a controller that captured them in its own way.
---@param cfg vise.Config
---@param targets vise.Target[]  With their plans.
---@param found table<integer, table<string, vise.Captured>>  By target, then by layer; not freed.
---@return true? ok
---@return string? message
---@return string? id
function M.commit(cfg, targets, found)
  local bar <close> = progress_of(targets)
  local ok, message, id = make_all(targets, found, bar)
  if ok then ok, message, id = save(cfg, targets) end
  if not ok then
    close_made(targets)
    return nil, message, id
  end
  fail.whole(function() -- the commit: all models, all layers
    for _, t in ipairs(targets) do
      for name, q in pairs(t.made) do t.model:layer(name).quantized = q end
      t.model.quantization = t.quantization
    end
  end)
  return true
end

--- The models to quantize, each with its configuration, its plan and what that needs to know.
---@param target vise.Model|table<string, vise.Model>
---@param cfg vise.Config
---@return vise.Target[]
function M.targets(target, cfg)
  local targets, seen = pipeline.targets(target, cfg), {}
  for _, t in ipairs(targets) do
    if seen[t.model] then
      fail.raise("E-PL-07", "components '%s' and '%s' are the same model", seen[t.model], t.name)
    end
    seen[t.model] = t.name or ""
    few_shot.check(t.model)
    t.plan = plan.single(t.model, t.cfg)
    t.needs = t.plan:calibrated()
  end
  return targets
end

--- Commits with what was captured, frees it, and reports.
local function finish(cfg, targets, found, clock)
  local ok, message, id = M.commit(cfg, targets, found)
  for _, all in pairs(found) do captured.close(all) end
  if not ok then return nil, message, id end
  return report.new(targets, { seconds = core.clock() - clock.started,
    calibration_seconds = clock.calibrated - clock.started, peak_bytes = core.memory().peak - clock.held,
    verbose = cfg.verbose })
end

--- Leaves the model armed: its forwards give the spans that are missing, and the last of them
--- quantizes.
local function arm(cfg, targets, found, names)
  local target, needs = targets[1], {}
  for i, name in ipairs(names) do needs[i] = { name = name, kinds = { "span" } } end
  return few_shot.arm(target.model, { names = names, steps = target.cfg.svdq.few_shot_steps,
    options = { sample = target.plan:sample_rows(target.cfg) },
    finish = function(watch)
      local clock = { started = core.clock(), calibrated = core.clock(), held = core.memory().bytes }
      core.reset_peak()
      local spans, message, id = calibrate.collect(target, { span = watch }, needs)
      if not spans then return nil, message, id end
      found[1] = found[1] or {}
      for name, all in pairs(spans) do found[1][name] = all end
      return finish(cfg, targets, found, clock)
    end })
end

--- Quantizes a model or a pipeline in place: the whole of it, or on any failure nothing.  With
--- `save_to` the artefact is written as well.  With smooth_strategy "few_shot" the model is armed
--- instead and quantizes itself after its first forwards (vise.few_shot).
---@param target vise.Model|table<string, vise.Model>
---@param fields vise.Config|table
---@return vise.QuantizeReport|vise.Armed|nil
---@return string? message
---@return string? id
function M.quantize(target, fields)
  local cfg, message, id = config.config(fields)
  if not cfg then return nil, message, id end
  local targets
  targets, message, id = fail.catch(M.targets, target, cfg)
  if not targets then return nil, message, id end
  local waiting = {}
  for _, t in ipairs(targets) do
    waiting = t.plan:few_shot()
    if #waiting > 0 and t.name then
      fail.raise("E-PL-08", "component '%s' has smooth_strategy \"few_shot\", which is for one model: quantize it "
        .. "alone", t.name)
    end
  end
  local clock = { started = core.clock(), held = core.memory().bytes }
  core.reset_peak()
  local found
  found, message, id = calibrate.capture(target, cfg, targets)
  if not found then return nil, message, id end
  clock.calibrated = core.clock()
  if #waiting > 0 then return arm(cfg, targets, found, waiting) end
  return finish(cfg, targets, found, clock)
end

return M
