--- Calibration: runs a config's callback with observers on the layers that need statistics, or reads
--- them from a file.  The observers are removed on every way out.

local captured = require "vise.captured"
local fail = require "vise.fail"
local observe = require "vise.observe"
local pipeline = require "vise.pipeline"
local recording = require "vise.sequential.recording"

local M = {}

local FEEDING = { "flush_count", "flush_bytes", "buffered" } -- what of cfg.calibration observers want to know

-- The layers that need each kind, and whether the watch of the kind keeps rows: that of a layer's first.
local function by_kind(needs)
  local kinds = {}
  for _, need in ipairs(needs) do
    for i, kind in ipairs(need.kinds) do
      kinds[kind] = kinds[kind] or { names = {} }
      table.insert(kinds[kind].names, need.name)
      kinds[kind].first = kinds[kind].first or i == 1
    end
  end
  return kinds
end

--- Frees watches.
---@param watches table<string, vise.Watch>
function M.close(watches)
  for _, watch in pairs(watches) do watch:close() end
end

--- Puts observers on layers of a target.
---@param target vise.Target
---@param needs vise.Need[]
---@return table<string, vise.Watch>? watches  By kind.
---@return string? message
---@return string? id
function M.attach(target, needs)
  local watches = {}
  for kind, wanted in pairs(by_kind(needs)) do
    local options = { sample = wanted.first and target.plan:sample_rows(target.cfg) or 0 }
    for _, key in ipairs(FEEDING) do options[key] = target.cfg.calibration[key] end
    local observer = captured.observer_of(kind, target.cfg.calibration)
    local watch, message, id = observe.attach(target.model, wanted.names, observer, options)
    if not watch then
      M.close(watches)
      return nil, message, id
    end
    watches[kind] = watch
  end
  return watches
end

-- The statistic that a watch has of a layer, finite; layers that share an observer share it.
local function take(target, watch, name, kind, taken)
  local observer = watch:observer(name)
  if taken[observer] then return taken[observer] end
  local statistic, message, id = captured.result(observer, kind, target.cfg.calibration)
  if not statistic then
    return nil, ("layer %s: %s during calibration"):format(pipeline.label(target, name), message), id
  end
  taken[observer] = statistic
  local bad = statistic:nonfinite()
  if not bad then return statistic end
  statistic:close()
  return fail.fail("E-OB-11", "layer %s: %s is not finite during calibration", pipeline.label(target, name),
    kind == "range" and "the range" or kind == "moments" and "the matrix of moments" or "input channel " .. bad)
end

--- Checks that every layer was reached and every value is finite, and takes the statistics out.
---@param target vise.Target
---@param watches table<string, vise.Watch>  By kind.
---@param needs vise.Need[]
---@return table<string, vise.Captured>?
---@return string? message
---@return string? id
function M.collect(target, watches, needs)
  local unseen, reached = {}, 0
  for _, watch in pairs(watches) do
    local message, id = watch:failure()
    if message then return nil, message, id end
  end
  for _, need in ipairs(needs) do
    local observer = watches[need.kinds[1]]:observer(need.name)
    if observer:count() == 0 then unseen[#unseen + 1] = pipeline.label(target, need.name) else reached = reached + 1 end
  end
  if #unseen > 0 then
    return fail.fail("E-OB-10", "calibration reached %d of %d layers; nothing flowed into %s%s", reached, #needs,
      table.concat(unseen, ", ", 1, math.min(3, #unseen)), #unseen > 3 and ", ..." or "")
  end
  local all, taken = {}, {}
  for _, need in ipairs(needs) do
    local watch = watches[need.kinds[1]]
    local found = { rows = watch:observer(need.name):count(), shares = watch:shares(need.name) }
    all[need.name] = found
    for _, kind in ipairs(need.kinds) do
      local message, id
      found[kind], message, id = take(target, watches[kind], need.name, kind, taken)
      if message then
        captured.close(all)
        return nil, message, id
      end
    end
    found.sample = watch:sample(need.name)
  end
  return all
end

--- Calls each calibration once: that of the whole with what the caller gave, that of a component with
--- its model.
local function run(whole, cfg, targets)
  local called = {}
  for _, t in ipairs(targets) do
    local f = t.cfg.calibrate
    local shared = f == cfg.calibrate
    if not (shared and called[f]) then
      called[f] = true
      local about = { config = shared and cfg or t.cfg, component = not shared and t.name or nil }
      local first, message, id = fail.catch(f, shared and whole or t.model, about)
      -- What it returns is its own affair, unless it is nil and a message, as a failure is returned.
      if first == nil and message ~= nil then
        return nil, tostring(message), type(id) == "string" and id or "E-OB-12"
      end
    end
  end
  return true
end

-- Observers, or a recording of the forwards, on what will run.
local function watch(t, i, open)
  local message, id
  if t.plan.mode == "whole" then
    open.watches[i], message, id = M.attach(t, t.needs)
  else
    open.recordings[i], message, id = fail.catch(recording.start, t)
  end
  return message == nil or nil, message, id
end

-- Takes in what a target's forwards showed.
local function gather(t, i, open)
  if open.recordings[i] then
    t.recorded = open.recordings[i]
    return fail.catch(t.recorded.finish, t.recorded)
  end
  for _, watched in pairs(open.watches[i]) do watched:detach() end
  local message, id
  open.results[i], message, id = M.collect(t, open.watches[i], t.needs)
  return open.results[i], message, id
end

local function capture(whole, cfg, targets, open)
  local observed, message, id = {}, nil, nil
  for i, t in ipairs(targets) do
    if #t.needs > 0 and t.cfg.statistics then
      open.results[i], message, id = captured.read(t.cfg.statistics, t.model, t.needs, t.cfg.calibration)
    elseif #t.needs > 0 then
      local ok
      ok, message, id = watch(t, i, open)
      observed[#observed + 1] = ok and t
    end
    if message then return nil, message, id end
  end
  local ok
  ok, message, id = run(whole, cfg, observed)
  if not ok then return nil, message, id end
  for i, t in ipairs(targets) do
    if open.watches[i] or open.recordings[i] then
      ok, message, id = gather(t, i, open)
      if not ok then return nil, message, id end
    end
  end
  return open.results
end

--- Captures what the plans of some targets need.  Each target has its `needs`; the result has, for
--- each that has any, the statistics by layer name.  Targets that are calibrated block by block get a
--- recording of their forwards instead, `recorded`.
---@param whole vise.Model|table  What the caller gave: the shared callback gets it.
---@param cfg vise.Config
---@param targets vise.Target[]
---@return table<integer, table<string, vise.Captured>>?
---@return string? message
---@return string? id
function M.capture(whole, cfg, targets)
  local open = { watches = {}, recordings = {}, results = {} }
  local ok, results, message, id = pcall(fail.catch, capture, whole, cfg, targets, open)
  for _, watches in pairs(open.watches) do M.close(watches) end
  for _, recorded in pairs(open.recordings) do recorded:stop() end
  if ok and results then return results end
  for _, recorded in pairs(open.recordings) do recorded:close() end
  for _, found in pairs(open.results) do captured.close(found) end
  if not ok then error(results, 0) end -- the script's own mistake
  return nil, message, id
end

return M
