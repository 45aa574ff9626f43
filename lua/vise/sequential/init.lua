--- Calibration block by block: the forwards of the calibration are recorded, then run one block at a time
--- on what the blocks before give as they are quantized.  A block's layers are made when it has been
--- observed, and its statistics are dropped; so the memory holds those of one block.
---
--- With a folder the states between blocks and the layers made lie in files, and another program can go on
--- after a crash (vise.sequential.journal).  The model computes with the new layers while this goes on, and
--- is as it was when it returns.

local Journal = require "vise.sequential.journal"
local States = require "vise.sequential.states"
local blocks = require "vise.sequential.blocks"
local calibrate = require "vise.calibrate"
local captured = require "vise.captured"
local core = require "vise.core"
local fail = require "vise.fail"
local finite = require "vise.finite"
local fingerprint = require "vise.sequential.fingerprint"
local groups = require "vise.sequential.groups"
local layers_file = require "vise.sequential.layers_file"
local make_layers = require "vise.make_layers"
local summary = require "vise.calibration_summary"

local try = fail.try

local M = {}

-- Puts the layers that are made into the model until it is closed.
local Installed = {}
Installed.__index = Installed

function Installed:__close()
  fail.whole(function()
    for _, layer in pairs(self.layers) do layer.quantized = nil end
  end)
end

local function new_installed(model)
  local self = setmetatable({ layers = {} }, Installed)
  for _, layer in ipairs(model:layers()) do self.layers[layer.name] = layer end
  return self
end

local function needs_of(layers)
  local list = {}
  for _, layer in ipairs(layers) do
    if #layer.type.needs > 0 then list[#list + 1] = { name = layer.name, kinds = layer.type.needs } end
  end
  return list
end

-- Those of some needs whose layers something flowed into.
local function reached(watches, needs)
  local list = {}
  for _, need in ipairs(needs) do
    if watches[need.kinds[1]]:observer(need.name):count() > 0 then list[#list + 1] = need end
  end
  return list
end

-- The statistics of some layers in a stage; with `partly` of those that are reached.
local function observe(run, stage, layers, partly)
  local needs = needs_of(layers)
  if #needs == 0 then return {} end
  local watches = try(calibrate.attach(run.target, needs))
  local _ <close> = setmetatable({}, { __close = function() calibrate.close(watches) end })
  blocks.pass(run.target, stage, run.states)
  for _, watch in pairs(watches) do watch:detach() end
  return try(calibrate.collect(run.target, watches, partly and reached(watches, needs) or needs))
end

-- Makes some layers of a stage and lets the model compute with them.  Gives back those that wait for the
-- last stage, where `partly` allows it.
local function make(run, stage, layers, partly)
  local t, found = run.target, observe(run, stage, layers, partly)
  local _ <close> = setmetatable({}, { __close = function() captured.close(found) end })
  local ready, waiting = {}, {}
  for _, layer in ipairs(layers) do
    table.insert((#layer.type.needs == 0 or found[layer.name]) and ready or waiting, layer)
  end
  try(make_layers.make(t, ready, found, run.bar))
  for _, layer in ipairs(ready) do
    run.installed.layers[layer.name].quantized = t.made[layer.name]
    local one = found[layer.name]
    run.summaries[layer.name] = one and summary.of { [layer.name] = one }
    run.installed.layers[layer.name]:release()
    stage.made[#stage.made + 1] = layer
  end
  return waiting
end

local ERRORS = { "weight_error", "output_error" } -- of a layer's report; they need not be finite
local WORDS = { inf = math.huge, ["-inf"] = -math.huge, nan = 0 / 0 }

-- A report with its errors as JSON has them, and back.
local function exchanged(report, value_of)
  local copy = {}
  for key, value in pairs(report) do copy[key] = value end
  for _, key in ipairs(ERRORS) do copy[key] = value_of(copy[key]) end
  return copy
end

local function number_of(value) return WORDS[value] or value end

-- What a journal says of the layers of a stage.
local function told(run, stage, file)
  local entry = { file = file, reports = {}, summaries = {} }
  for _, layer in ipairs(stage.made) do
    entry.reports[layer.name] = exchanged(run.target.by_name[layer.name], finite.or_word)
    entry.summaries[layer.name] = run.summaries[layer.name]
  end
  return entry
end

-- Writes what a stage made, and goes on with the files.
local function keep(run, stage)
  local t, names, file = run.target, {}, nil
  if not run.journal then return end
  if #stage.made > 0 then
    for i, layer in ipairs(stage.made) do names[i] = layer.name end
    local path
    path, file = run.journal:layers_path(stage.index)
    layers_file.write(path, names, t.made)
    layers_file.read(path, stage.made, t.made)
    for _, name in ipairs(names) do run.installed.layers[name].quantized = t.made[name] end
  end
  run.journal:done(stage.index, told(run, stage, file), run.next)
end

local function stage_of(run, stage, is_last)
  local t, waiting = run.target, nil
  stage.made = {}
  if stage.index == 0 then
    waiting = make(run, stage, stage.layers, true)
  else
    for _, layers in ipairs(groups.of(t, stage, run.states)) do make(run, stage, layers) end
  end
  if not is_last then
    run.next = States.new(run.journal and run.journal.path, ("chain-%d"):format(stage.index))
    blocks.pass(t, stage, run.states, run.next)
    run.next:seal()
  end
  keep(run, stage)
  run.states:remove()
  run.states, run.next = run.next, nil
  collectgarbage()
  return waiting
end

-- Takes up what a journal has.
local function restore(run, stages)
  local t = run.target
  for _, entry in ipairs(run.journal.stages) do
    local made = {}
    for _, layer in ipairs(t.plan.layers) do
      if entry.reports[layer.name] then
        made[#made + 1], t.by_name[layer.name] = layer, exchanged(entry.reports[layer.name], number_of)
        run.summaries[layer.name] = entry.summaries[layer.name]
      end
    end
    if entry.file then layers_file.read(run.journal.path .. "/" .. entry.file, made, t.made) end
    for _, layer in ipairs(made) do run.installed.layers[layer.name].quantized = t.made[layer.name] end
    make_layers.skip(made, run.bar)
  end
  if run.journal.stage >= #stages then run.journal:damaged(("of %d stages"):format(#stages)) end
  if run.journal.states then
    run.states = States.of_files(run.journal.path, run.journal.states)
  elseif run.journal.stage < #stages - 1 then
    run.journal:damaged "the states behind its last stage are missing"
  end
  for _, layer in ipairs(stages[1].layers) do
    if not t.made[layer.name] then table.insert(stages[#stages].layers, layer) end
  end
end

-- What the manifest says of the calibration: as calibration_summary, with the hashes of the layers' own.
local function summed_up(run)
  local names, rows, lines = {}, {}, {}
  for name in pairs(run.summaries) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local one = run.summaries[name]
    rows[name], lines[i] = one.rows[name], ("%d:%s %s"):format(#name, name, one.statistics_xxh3_128)
  end
  return { mode = run.target.plan.mode, rows = rows, statistics_xxh3_128 = core.xxh3(table.concat(lines, "\n")) }
end

local function make_all(run)
  local t, stages = run.target, blocks.stages(run.target)
  local installed <close> = new_installed(t.model)
  run.installed, run.summaries = installed, {}
  if run.journal and run.journal.stage >= 0 then restore(run, stages) end
  for _, stage in ipairs(stages) do
    local is_last = stage.index == #stages - 1
    if stage.index > (run.journal and run.journal.stage or -1) and not (is_last and #stage.layers == 0) then
      local waiting = stage_of(run, stage, is_last)
      if waiting then stages[#stages].layers = waiting end
    end
  end
  for _, layer in ipairs(t.plan.layers) do
    if run.journal and layer.type and not t.made[layer.name] then
      run.journal:damaged(("layer %s was not made"):format(layer.name))
    end
  end
  t.captured = summed_up(run)
  return true
end

-- The folder of a target's journal, if it has one: calibration.work, or one beside the output.
local function folder_of(cfg, target, work)
  local base = work or target.cfg.calibration.work or cfg.save_to and cfg.save_to .. ".work"
  if base and target.name then return base .. "-" .. target.name end
  return base or target.cfg.save_to and target.cfg.save_to .. ".work"
end

--- Opens the journals of those targets that are calibrated block by block: target.journal.
---@param cfg vise.Config
---@param targets vise.Target[]
---@param options vise.QuantizeOptions
---@return true? ok
---@return string? message
---@return string? id
function M.open(cfg, targets, options)
  for _, t in ipairs(targets) do
    local folder = t.plan.mode ~= "whole" and #t.needs > 0 and folder_of(cfg, t, options.work)
    if folder then
      local message, id
      t.journal, message, id = fail.catch(function()
        return Journal.open(folder:gsub("(.)/+$", "%1"), fingerprint.of(t), options.resume or false)
      end)
      if not t.journal then return nil, message, id end
    end
  end
  return true
end

--- Gives the journals up: those in folders of their own when everything is done, else those with nothing to
--- go on from.  A folder that the caller named is the caller's to remove: what was made may not be saved yet.
---@param targets vise.Target[]
---@param done boolean
---@param options vise.QuantizeOptions
function M.close(targets, done, options)
  for _, t in ipairs(targets) do
    if t.journal and done and not options.work then t.journal:remove() elseif t.journal then t.journal:leave() end
  end
end

--- Makes every layer of a target whose forwards are recorded, block by block: target.made, by_name and
--- captured.  The model is as it was.
---@param target vise.Target
---@param bar vise.Progress
---@return true? ok
---@return string? message
---@return string? id
function M.make(target, bar)
  local recorded = target.recorded
  local run = { target = target, bar = bar, journal = target.journal, states = recorded.states }
  local ok, result, message, id = pcall(fail.catch, make_all, run)
  for _, states in pairs { run.states, run.next } do states:drop() end
  if not ok then error(result, 0) end
  return result, message, id
end

return M
