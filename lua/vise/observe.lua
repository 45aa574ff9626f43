--- Observers on layers: statistics of what flows into them.
---
---   local watch <close> = vise.observe.attach(model, { "*.attn1.to_q" }, "channel_span")
---   model:forward(...)
---   local span = watch:observer("transformer_blocks.0.attn1.to_q"):result()

local captured = require "vise.captured"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local pattern = require "vise.pattern"
local recorder = require "vise.recorder"

local M = {}

---@alias vise.ObserverKind "range"|"channel_span"|"mean"|"importance"|"moments"|"histogram"|"token_span"|"top"
---  |"moving_average"

---@class vise.Watch
---@field names string[]   The layers observed, in the model's order.
---@field kind vise.ObserverKind
local Watch = {}
Watch.__index = Watch

local function recorder_of(watch, name)
  local r = watch.recorders[name]
  if not r then fail.raise("E-OB-09", "layer %s is not observed", tostring(name)) end
  return r
end

-- The recorder that takes in a layer's input: that of the layer it shares it with, if they do.
local function recorder_for(watch, name)
  recorder_of(watch, name)
  return watch.recorders[watch.share and watch.inputs.firsts[name] or name]
end

--- The observer of one layer; of moments, that of the layer it shares its input with.
---@param name string
---@return vise.Observer
function Watch:observer(name)
  return recorder_for(self, name):flush()
end

-- Remembers which layers are given the very same tensor, one after the other: each belongs to the
-- first of its run, or to itself alone once that was not the same every time.
---@return string first
---@return string before  What it was before this call, `first` if this is the first one.
local function note_input(inputs, name, x)
  local first = rawequal(inputs.last.x, x) and inputs.first or name
  local before = inputs.firsts[name] or first
  inputs.firsts[name] = before == first and first or name
  inputs.last.x, inputs.first = x, first
  return inputs.firsts[name], before
end

-- What a layer's hook does with its input.
local function see(watch, r, name, x)
  local first, before = note_input(watch.inputs, name, x)
  if not watch.share or before == name then return r:see(x) end
  if first == before then return end
  r.message = ("it was given the input of %s at first and another one later; share = false observes them apart")
    :format(before)
  r.id = "E-OB-19"
  fail.try(fail.fail(r.id, "layer %s: %s", name, r.message))
end

--- Takes a layer's observer out of the watch, to outlive it.
---@param name string
---@return vise.Observer observer
---@return integer rows
function Watch:take(name)
  local r = recorder_for(self, name)
  local observer = r:flush()
  r.observer = nil
  return observer, observer:count()
end

--- The layer that was given the same input tensor just before this one, and before others between
--- them: the first of those, on every call; the layer itself if there is none.
---@param name string
---@return string
function Watch:shares(name)
  recorder_of(self, name)
  return self.inputs.firsts[name] or name
end

--- Some rows of what flowed into a layer, if the watch keeps any.
---@param name string
---@return vise.Tensor? f32 [rows, in]
function Watch:sample(name)
  return recorder_for(self, name):sampled()
end

--- The layers that nothing has flowed into yet.
---@return string[]
function Watch:unseen()
  local list = {}
  for _, name in ipairs(self.names) do
    if self:observer(name):count() == 0 then list[#list + 1] = name end
  end
  return list
end

--- The first failure of an observer: a calibration that does not look at what forward returns would
--- hide it.
---@return string? message
---@return string? id
function Watch:failure()
  for _, name in ipairs(self.names) do
    local r = self.recorders[name]
    if r.message then return ("layer %s: %s"):format(name, r.message), r.id end
  end
end

--- Writes the statistics of every layer, for `statistics` of a config: <layer>.span, <layer>.range or what
--- the kind is called, and <layer>.sample where rows were kept.
---@param path string
---@return true?
---@return string? message
---@return string? id
function Watch:save(path)
  local entries, param = {}, captured.param_of(self.kind)
  if not param then fail.raise("E-OB-14", "no method reads the statistic %s from a file", self.kind) end
  for _, name in ipairs(self.names) do
    local statistic, message, id = self:observer(name):result()
    if not statistic then return nil, message, id end
    entries[#entries + 1] = { name .. "." .. param, statistic }
    local sample = self:sample(name)
    if sample then entries[#entries + 1] = { name .. ".sample", sample } end
  end
  local ok, message, id = core.safetensors_write(path, entries, { statistics = "vise" })
  for _, entry in ipairs(entries) do entry[2]:close() end
  return ok, message, id
end

--- Removes the hooks; the observers keep what they have seen.  Safe to call twice.
function Watch:detach()
  for _, undo in ipairs(self.undo) do undo() end
  self.undo = {}
end

--- Removes the hooks and frees the observers.
function Watch:close()
  self:detach()
  for _, r in pairs(self.recorders) do r:close() end
end

Watch.__close = Watch.close
Watch.__gc = Watch.detach

--- An observer of its own.
---@param kind vise.ObserverKind
---@param options? { channels: integer, keep?: integer, rate?: number }
---@return vise.Observer
M.observer = core.observer

--- The largest |x| to keep when quantizing what a histogram counted.
---@param counts vise.Tensor  i64 [bins]
---@param width number        Of a bin.
---@param rule "percentile"|"mse"|"entropy"
---@param options? { percentile?: number, bits?: integer, is_signed?: boolean }
---@return number
M.range_of = core.range_of

---@class vise.WatchOptions: vise.RecorderOptions
---@field share? boolean  Layers given the very same tensor share one observer; true for moments if not given.

-- The options of the recorders, and whether observers are shared.
local function split(kind, options)
  local rest = {}
  for key, value in pairs(options or {}) do rest[key] = value end
  local share = rest.share
  if share == nil then share = kind == "moments" end
  rest.share = nil
  recorder.check(rest)
  if type(share) ~= "boolean" then
    fail.raise("E-OB-14", "option 'share' of an observer is %s", tostring(share))
  end
  return rest, share
end

-- The names of the layers that some patterns select.
local function selected(model, layers)
  local all, wanted = {}, {}
  for i, linear in ipairs(model:layers()) do all[i] = linear.name end
  for i, p in ipairs(layers) do
    local where = ("layers[%d]"):format(i)
    for _, name in ipairs(pattern.of(p, where):select(all, where)) do wanted[name] = true end
  end
  return wanted
end

--- Puts an observer in front of layers.
---@param model vise.Model
---@param layers string[]  Patterns over layer names, or full names.
---@param kind vise.ObserverKind
---@param options? vise.WatchOptions
---@return vise.Watch? watch
---@return string? message
---@return string? id
function M.attach(model, layers, kind, options)
  local rest, share = split(kind, options)
  expect.model(model, "observe.attach", "layers")
  if type(layers) ~= "table" or #layers == 0 then
    fail.raise("E-OB-09", "layers must be a list of patterns, got %s",
      type(layers) == "table" and "an empty one" or type(layers))
  end
  local wanted = selected(model, layers)
  local watch = setmetatable({ names = {}, kind = kind, recorders = {}, undo = {}, share = share,
    inputs = { firsts = {}, last = setmetatable({}, { __mode = "v" }) } }, Watch) -- weak: keeps no input alive
  -- A hook that held the watch would keep it from being collected.
  local held = { inputs = watch.inputs, share = share }
  for _, linear in ipairs(model:layers()) do
    if wanted[linear.name] then
      local inp = linear.inputs
      local r = recorder.new(kind, inp, rest)
      watch.names[#watch.names + 1] = linear.name
      watch.recorders[linear.name] = r
      watch.undo[#watch.undo + 1] = linear:hook(function(_, x) see(held, r, linear.name, x) end)
    end
  end
  return watch
end

return M
