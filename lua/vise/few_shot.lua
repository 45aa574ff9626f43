--- The few-shot controller: a float model that watches its own first forwards and then quantizes
--- itself.
---
--- Arming puts observers on the layers that wait for spans and counts the model's own forwards, over
--- as many runs as they take.  The forward that completes the count still answers in float; then the
--- model is quantized in place, and saved if that was asked for.  The next forward is quantized.

local core = require "vise.core"
local fail = require "vise.fail"
local observe = require "vise.observe"

local M = {}

---@class vise.FewShotPlan
---@field names string[]     The layers to observe.
---@field steps integer      Forwards to observe.
---@field options? table     Of the observers, as vise.observe.attach takes them.
---@field finish fun(watch: vise.Watch): any, string?, string?  Quantizes; its result becomes `report`.

---@class vise.Armed
---@field steps integer
---@field forwards integer    Observed so far.
---@field observed integer    Layers.
---@field state "armed"|"quantized"|"failed"|"disarmed"
---@field seconds? number     What quantizing took.
---@field report? any         What `finish` gave.
---@field warnings string[]   Of callbacks that failed.
local Armed = {}
Armed.__index = Armed

--- Takes hooks and observers off and frees what they hold.
local function release(self)
  if not self.watch then return end
  self.watch:close()
  self.watch = nil
  rawset(self.model, "forward", self.before)
  self.model.few_shot = nil
end

-- A callback that fails spoils neither the model nor the other callbacks.
local function call_back(self)
  for _, entry in ipairs(self.callbacks) do
    local ok, problem = pcall(entry.call, self.model, self)
    if not ok then
      self.warnings[#self.warnings + 1] = ("after quantizing, %s failed: %s"):format(entry.name or "a callback",
        tostring(problem))
    end
  end
  self.callbacks = {}
end

-- Quantizes; on failure the model is as it was before arming.
local function complete(self)
  local started, watch = core.clock(), self.watch
  watch:detach()
  rawset(self.model, "forward", self.before)
  local ok, report, message, id = pcall(fail.catch, self.finish, watch)
  self.seconds = core.clock() - started
  release(self)
  self.state = ok and report and "quantized" or "failed"
  if not ok then error(report, 0) end
  if not report then return nil, message, id end
  self.report = report
  call_back(self)
  return true
end

-- What stands for the model's forward while it is armed.
local function watched(self, inner)
  local function after(...)
    if (...) == nil then return ... end -- a forward that failed shows nothing
    self.forwards = self.forwards + 1
    if self.forwards < self.steps then return ... end
    local ok, message, id = complete(self)
    if not ok then return nil, message, id end
    return ...
  end
  return function(...) return after(inner(...)) end
end

--- Raises E-OB-16 for a model that is armed.
---@param model vise.Model
function M.check(model)
  if not model.few_shot then return end
  fail.raise("E-OB-16", "the model is armed already and has seen %d of %d forwards; disarm() it first",
    model.few_shot.forwards, model.few_shot.steps)
end

--- Arms a model.  Raises E-OB-16 if it is armed already; fails as observing does.
---@param model vise.Model
---@param plan vise.FewShotPlan
---@return vise.Armed?
---@return string? message
---@return string? id
function M.arm(model, plan)
  M.check(model)
  local watch, message, id = observe.attach(model, plan.names, "channel_span", plan.options)
  if not watch then return nil, message, id end
  local self = setmetatable({ model = model, watch = watch, before = rawget(model, "forward"), finish = plan.finish,
    steps = plan.steps, forwards = 0, observed = #watch.names, state = "armed", callbacks = {}, warnings = {} }, Armed)
  model.few_shot = self
  model.forward = watched(self, model.forward)
  return self
end

--- Calls `f(model, armed)` once when the model has been quantized.  A name keeps the same callback
--- from being registered twice: the last one stays.  Errors in it become warnings.
---@param f fun(model: vise.Model, armed: vise.Armed)
---@param name? string
---@return vise.Armed
function Armed:after(f, name)
  if type(f) ~= "function" then fail.raise("E-OB-17", "after takes a function, got %s", type(f)) end
  if self.state ~= "armed" then fail.raise("E-OB-17", "the model is %s: nothing will be called", self.state) end
  for _, entry in ipairs(self.callbacks) do
    if name and entry.name == name then
      entry.call = f
      return self
    end
  end
  self.callbacks[#self.callbacks + 1] = { call = f, name = name }
  return self
end

--- Gives up: the model stays float, hooks and observers go.  Does nothing after the fact.
---@return boolean done  Whether there was anything to give up.
function Armed:disarm()
  if self.state ~= "armed" then return false end
  release(self)
  self.state = "disarmed"
  return true
end

return M
