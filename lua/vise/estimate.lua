--- What quantizing will take, in time and memory: a plan's kinds of layers are made on this machine, or
--- the first rows of them where all of a layer would take too long, and a known workload runs a part of
--- its calibration.  Estimates, printed as such; at most about two seconds are spent on them.

local calibrate = require "vise.calibrate"
local calibrations = require "vise.calibrations"
local captured = require "vise.captured"
local core = require "vise.core"
local fail = require "vise.fail"
local make = require "vise.make_layer"
local Linear = require "vise.nn.linear"
local shared_inputs = require "vise.shared_inputs"
local stack = require "vise.algorithms.stack"

local M = {}

local BUDGET, SHORT = 2, 0.02 -- seconds: for all of it; of a trial that is done again
local STRANGE = 1.4           -- times what was expected
local PARTS = 4               -- of a calibration: texts or steps
local ROWS, MORE = 128, 2     -- of the first trial, a multiple of every block; how much larger the next is

---@class vise.Estimate
---@field seconds number              Of it all.
---@field calibration_seconds? number  nil: nobody knows the workload, and it is not in `seconds`.
---@field peak_bytes integer          The most memory on the way, with what was made by then.

local function filled(count, value)
  local t = fail.try(core.tensor("f32", { count }))
  for i = 1, count do t:set(i, value) end
  return t
end

local function identity(count)
  local t = fail.try(core.tensor("f32", { count, count }))
  for i = 1, count do t:set((i - 1) * count + i, 1) end
  return t
end

-- Statistics as calibration, or the first forwards, would find them: what a layer costs does not depend on
-- their values.
local kinds = {
  span = function(inputs) return filled(inputs, 4) end,
  range = function() return fail.try(core.tensor_of("f32", { 2 }, { -4, 4 })) end,
  mean = function(inputs) return filled(inputs, 1) end,
  importance = function(inputs) return filled(inputs, 1) end,
  moments = identity,
}

local function found_for(layer, sample_rows)
  if #layer.type.needs == 0 and layer.type.smooth ~= "few_shot" then return nil end
  local inputs = layer.shape[2]
  local found = { span = kinds.span(inputs), sample = fail.try(core.random(0):normal { sample_rows, inputs }) }
  for _, kind in ipairs(layer.type.needs) do found[kind] = found[kind] or kinds[kind](inputs) end
  return found
end

-- Makes the first rows of a layer: seconds, and memory at the peak beyond what is held already.
local function trial(layer, weight, rows, found)
  collectgarbage()
  local part <close> = fail.try(weight:rows(1, rows))
  local planned = setmetatable({ shape = { rows, layer.shape[2] } }, { __index = layer })
  local held, start = core.memory().bytes, core.clock()
  core.reset_peak()
  local q = fail.try(make.layer(Linear.new(layer.name, rows, layer.shape[2], part, nil), planned, found))
  local seconds, peak = core.clock() - start, core.memory().peak - held
  q:close()
  return { rows = rows, seconds = seconds, peak = peak }
end

-- How many times the work of some rows goes into a layer's.
local function growth(layer, out, rows, svdq)
  local inp = layer.shape[2]
  if not layer.type.rank or layer.type.rank == 0 or svdq.calibrate_precision == "low" then return out / rows end
  local function cube(n) return math.min(n, inp) ^ 2 * math.max(n, inp) end
  return cube(out) / cube(rows)
end

-- What a layer of `out` rows takes: as its own trial, or as the nearest with fewer rows; memory by a line
-- through two of them.
local function cost_of(layer, out, trials, svdq)
  local first, last
  for _, t in ipairs(trials) do
    if t.rows == out then return t.seconds, t.peak end
    if not last or last.rows < out then first, last = last, t end
  end
  local seconds = last.seconds * growth(layer, out, last.rows, svdq)
  if not first then return seconds, last.peak * out / last.rows end
  return seconds, last.peak + (last.peak - first.peak) / (last.rows - first.rows) * (out - last.rows)
end

-- Rows of the trials: a few first, then those that the layers have.
local function sizes_of(outs, least)
  local list, rows = {}, math.max(ROWS, least)
  while rows * 1.5 < outs[1] do
    list[#list + 1], rows = rows, rows * MORE
  end
  for _, out in ipairs(outs) do
    if list[#list] ~= out then list[#list + 1] = out end
  end
  return list
end

-- Tries layers of one type and width, larger and larger until the time is up.
local function try_out(family, plan, sample_rows, seconds)
  local layer, trials, stop = family.layer, {}, core.clock() + seconds
  local found, weight = found_for(layer, sample_rows), family.weight
  for _, rows in ipairs(sizes_of(family.outs, layer.type.rank or 0)) do
    local last = trials[#trials]
    if last and core.clock() + last.seconds * growth(layer, rows, last.rows, plan.cfg.svdq) > stop then break end
    local t = trial(layer, weight, rows, found)
    -- The first finds cold caches and pages not mapped yet, of which the layers have their part.
    if t.seconds < SHORT then t.seconds = (t.seconds + trial(layer, weight, rows, found).seconds) / 2 end
    -- What is much slower than the trial before was disturbed.
    local strange = last and t.seconds > STRANGE * last.seconds * growth(layer, rows, last.rows, plan.cfg.svdq)
    if strange and core.clock() + t.seconds < stop then
      t.seconds = math.min(t.seconds, trial(layer, weight, rows, found).seconds)
    end
    trials[#trials + 1] = t
  end
  if found then captured.close { found } end
  return trials
end

-- What is made, one after the other: layers, and groups that may share a branch as one.
local function work_of(plan)
  local list, in_group = {}, {}
  for _, group in ipairs(shared_inputs.siblings(plan.layers, plan.cfg)) do
    local out, memory = 0, 0
    for _, layer in ipairs(group) do
      out, memory = out + layer.shape[1], memory + layer.memory_bytes
      in_group[layer] = group
    end
    group.whole = setmetatable({ shape = { out, group[1].shape[2] }, memory_bytes = memory, count = #group,
      group = group }, { __index = group[1] })
  end
  for _, layer in ipairs(plan.layers) do
    local group = in_group[layer]
    if group then
      if group[1] == layer then list[#list + 1] = group.whole end
    elseif layer.type then
      list[#list + 1] = layer
    end
  end
  return list
end

-- Layers whose cost differs by their rows alone.
local function family_of(layer)
  return table.concat({ layer.type.method.name, layer.type.name, layer.storage, layer.shape[2] }, " ")
end

local function weight_of(plan, layer)
  if not layer.group then return plan.model:layer(layer.name).weight end
  local weights = {}
  for i, member in ipairs(layer.group) do weights[i] = plan.model:layer(member.name).weight end
  return (stack.join(weights))
end

-- The families of some layers, those with the least work first: what they leave of the time is for the
-- others.
local function families_of(list)
  local families, by_key = {}, {}
  for _, layer in ipairs(list) do
    local key, out = family_of(layer), layer.shape[1]
    local f = by_key[key]
    if not f then
      f = { key = key, layer = layer, outs = {}, has = {}, work = 0 }
      by_key[key], families[#families + 1] = f, f
    end
    if out > f.layer.shape[1] then f.layer = layer end
    if not f.has[out] then f.has[out], f.outs[#f.outs + 1] = true, out end
    f.work = f.work + out * layer.shape[2]
  end
  for _, f in ipairs(families) do table.sort(f.outs) end
  table.sort(families, function(a, b)
    if a.work ~= b.work then return a.work < b.work end
    return a.key < b.key
  end)
  return families, by_key
end

-- One call of a part of the calibration, with its observers.
local function observe_part(plan, needs, work, parts)
  local share
  local cfg = setmetatable({ calibrate = function(model) share = fail.try(work:part(model, parts)) end },
    { __index = plan.cfg })
  collectgarbage()
  local held, start = core.memory().bytes, core.clock()
  core.reset_peak()
  local watched = setmetatable({ mode = "whole" }, { __index = plan })
  local found = calibrate.capture(plan.model, cfg, { { model = plan.model, plan = watched, cfg = cfg, needs = needs } })
  local seconds, peak = core.clock() - start, core.memory().peak - held
  collectgarbage()
  local left = core.memory().bytes - held
  for _, all in pairs(found or {}) do captured.close(all) end
  return found and { seconds = seconds, peak = peak, held = left, share = share }
end

local PASSES = { whole = 1, sequential = 3, true_sequential = 6 } -- how often every text runs through a block

-- The layers that are observed at one time: all, or those of the first block that has any.
local function observed_together(plan)
  local needs = plan:calibrated()
  if plan.mode == "whole" then return needs end
  local block, some
  for _, need in ipairs(needs) do
    local own = plan.model:block_of(need.name)
    block = block or own
    if own == block then
      some = some or {}
      some[#some + 1] = need
    end
  end
  return some or needs
end

-- Seconds and memory of all the calibration, and what it leaves behind; nil if nobody knows what it does.
local function calibration(plan)
  local needs, work = observed_together(plan), calibrations[plan.cfg.calibrate or false]
  if #needs == 0 then return { seconds = 0, peak = 0, held = plan.statistics_bytes } end
  if not work then return nil end
  -- The first finds the weights on the disk; a few more show what heaps up.
  local cold = observe_part(plan, needs, work, 1)
  if not cold then return nil end
  local warm = PARTS * cold.seconds < BUDGET / 3 and observe_part(plan, needs, work, PARTS) or cold
  local once = cold.seconds + warm.seconds * math.max(0, 1 - cold.share) / warm.share
  return { seconds = once * PASSES[plan.mode],
    peak = math.max(cold.peak, warm.peak), held = warm.held }
end

local function single(plan)
  local started, list = core.clock(), work_of(plan)
  local before = calibration(plan)
  local families, by_key = families_of(list)
  local sample_rows = plan:sample_rows(plan.cfg)
  for i, f in ipairs(families) do
    local left = math.max(0, BUDGET - (core.clock() - started)) / (#families - i + 1)
    f.weight = weight_of(plan, f.layer)
    f.trials = try_out(f, plan, sample_rows, left)
    if f.layer.group then f.weight:close() end
  end
  local seconds, peak = before and before.seconds or 0, before and before.peak or 0
  local held = before and before.held or plan.statistics_bytes
  for _, layer in ipairs(list) do
    local takes, needs = cost_of(layer, layer.shape[1], by_key[family_of(layer)].trials, plan.cfg.svdq)
    seconds, peak = seconds + takes, math.max(peak, held + needs)
    held = held + layer.memory_bytes
  end
  return { seconds = seconds, calibration_seconds = before and before.seconds, peak_bytes = peak // 1 | 0 }
end

--- Measures what a plan will take.
---@param plan vise.Plan
---@return vise.Estimate
function M.of(plan)
  if not plan.components then return single(plan) end
  local whole = { seconds = 0, calibration_seconds = 0, peak_bytes = 0 }
  for _, part in pairs(plan.components) do
    local e = single(part)
    whole.seconds = whole.seconds + e.seconds
    whole.calibration_seconds = whole.calibration_seconds and e.calibration_seconds
      and whole.calibration_seconds + e.calibration_seconds
    -- What one component made is held while the next is made.
    whole.peak_bytes = math.max(whole.peak_bytes, plan.memory_bytes - part.memory_bytes + e.peak_bytes)
  end
  return whole
end

return M
