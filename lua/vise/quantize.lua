--- Quantize: plan, calibrate, make every layer of every model, save, and only then change anything.

local artefact = require "vise.artefact"
local calibrate = require "vise.calibrate"
local captured = require "vise.captured"
local config = require "vise.config"
local config_fields = require "vise.config_fields"
local core = require "vise.core"
local fail = require "vise.fail"
local few_shot = require "vise.few_shot"
local make_layers = require "vise.make_layers"
local nonfinite_weights = require "vise.nonfinite_weights"
local pipeline = require "vise.pipeline"
local plan = require "vise.plan"
local report = require "vise.report"
local sequential = require "vise.sequential"
local summary = require "vise.calibration_summary"

local M = {}

--- Makes every layer of every target; the models are as they were.
---@return true? ok
---@return string? message
---@return string? id
local function make_all(targets, found, bar)
  for i, t in ipairs(targets) do
    t.made, t.by_name, t.layers = {}, {}, {}
    local ok, message, id
    if t.recorded then
      ok, message, id = sequential.make(t, bar)
    else
      t.captured = summary.of(found[i])
      ok, message, id = make_layers.make(t, t.plan.layers, found[i], bar)
    end
    if ok then ok, message, id = t.model.checkpoint:unchanged() end
    if not ok then return nil, message, id end
    for _, layer in ipairs(t.plan.layers) do
      if layer.type then t.layers[#t.layers + 1] = t.by_name[layer.name] end
    end
    t.quantization = { config = config.plain(t.cfg), layers = t.layers, made = t.made,
      calibration = summary.with_texts(t.captured, t.cfg.calibrate) }
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
  local bar <close> = make_layers.progress(targets)
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

---@class vise.QuantizeOptions
---@field resume? boolean  Goes on from the journal of a run that did not end, if there is one.
---@field work? string     The folder of the journal, in place of calibration.work; it is left there.

local OPTIONS = { resume = "boolean", work = "string" }

local function check_options(options)
  for key, value in pairs(options) do
    if OPTIONS[key] == nil then fail.raise("E-CF-02", "quantize: unknown option '%s'; there are resume, work", key) end
    config_fields.expect(value, OPTIONS[key], "quantize: " .. key)
  end
  return options
end

-- Calibrates and makes everything, with the journals open.
local function perform(target, cfg, targets, waiting)
  local clock = { started = core.clock(), held = core.memory().bytes }
  core.reset_peak()
  local _ <close> = nonfinite_weights.zero(targets)
  local found, message, id = calibrate.capture(target, cfg, targets)
  if not found then return nil, message, id end
  clock.calibrated = core.clock()
  if #waiting > 0 then return arm(cfg, targets, found, waiting) end
  return finish(cfg, targets, found, clock)
end

--- Quantizes a model or a pipeline in place: the whole of it, or on any failure nothing.  With
--- `save_to` the artefact is written as well.  With smooth_strategy "few_shot" the model is armed
--- instead and quantizes itself after its first forwards (vise.few_shot).
---@param target vise.Model|table<string, vise.Model>
---@param fields vise.Config|table
---@param options? vise.QuantizeOptions
---@return vise.QuantizeReport|vise.Armed|nil
---@return string? message
---@return string? id
function M.quantize(target, fields, options)
  local cfg, message, id = config.config(fields)
  if not cfg then return nil, message, id end
  options = check_options(options or {})
  local targets
  targets, message, id = fail.catch(M.targets, target, cfg)
  if not targets then return nil, message, id end
  message, id = select(2, fail.catch(nonfinite_weights.check, targets))
  if message then return nil, message, id end
  local waiting = {}
  for _, t in ipairs(targets) do
    waiting = t.plan:few_shot()
    if #waiting > 0 and t.name then
      fail.raise("E-PL-08", "component '%s' has smooth_strategy \"few_shot\", which is for one model: quantize it "
        .. "alone", t.name)
    end
  end
  local ok
  ok, message, id = sequential.open(cfg, targets, options)
  local raised, result = false, nil
  if ok then
    ok, result, message, id = pcall(perform, target, cfg, targets, waiting)
    raised = not ok
  end
  sequential.close(targets, result ~= nil and not raised, options)
  if raised then error(result, 0) end
  return result, message, id
end

return M
