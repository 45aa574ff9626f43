--- Observers on layers: statistics of what flows into them.
---
---   local watch <close> = vise.observe.attach(model, { "*.attn1.to_q" }, "channel_span")
---   model:forward(...)
---   local span = watch:observer("transformer_blocks.0.attn1.to_q"):result()

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local pattern = require "vise.pattern"
local recorder = require "vise.recorder"

local M = {}

---@class vise.Watch
---@field names string[]   The layers observed, in the model's order.
---@field kind "range"|"channel_span"
local Watch = {}
Watch.__index = Watch

local function recorder_of(watch, name)
  local r = watch.recorders[name]
  if not r then fail.raise("E-OB-09", "layer %s is not observed", tostring(name)) end
  return r
end

--- The observer of one layer.
---@param name string
---@return vise.Observer
function Watch:observer(name)
  local r = recorder_of(self, name)
  r:flush()
  return r.observer
end

-- Remembers which layers are given the very same tensor, one after the other: each belongs to the
-- first of its run, or to itself alone once that was not the same every time.
local function note_input(inputs, name, x)
  local first = rawequal(inputs.last.x, x) and inputs.first or name
  if inputs.firsts[name] == nil then inputs.firsts[name] = first end
  if inputs.firsts[name] ~= first then inputs.firsts[name] = name end
  inputs.last.x, inputs.first = x, first
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
  return recorder_of(self, name):sampled()
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

--- Writes the statistics of every layer, for `statistics` of a config: <layer>.span or <layer>.range,
--- and <layer>.sample where rows were kept.
---@param path string
---@return true?
---@return string? message
---@return string? id
function Watch:save(path)
  local entries, param = {}, self.kind == "range" and ".range" or ".span"
  for _, name in ipairs(self.names) do
    local statistic, message, id = self:observer(name):result()
    if not statistic then return nil, message, id end
    entries[#entries + 1] = { name .. param, statistic }
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
---@param kind "range"|"channel_span"
---@param options? { channels: integer }
---@return vise.Observer
M.observer = core.observer

--- Puts an observer in front of layers.
---@param model vise.Model
---@param layers string[]  Patterns over layer names, or full names.
---@param kind "range"|"channel_span"
---@param options? vise.RecorderOptions
---@return vise.Watch? watch
---@return string? message
---@return string? id
function M.attach(model, layers, kind, options)
  recorder.check(options)
  expect.model(model, "observe.attach", "layers")
  if type(layers) ~= "table" or #layers == 0 then
    fail.raise("E-OB-09", "layers must be a list of patterns, got %s",
      type(layers) == "table" and "an empty one" or type(layers))
  end
  local all, wanted = {}, {}
  for i, linear in ipairs(model:layers()) do all[i] = linear.name end
  for i, p in ipairs(layers) do
    local where = ("layers[%d]"):format(i)
    for _, name in ipairs(pattern.of(p, where):select(all, where)) do wanted[name] = true end
  end
  local watch = setmetatable({ names = {}, kind = kind, recorders = {}, undo = {},
    inputs = { firsts = {}, last = setmetatable({}, { __mode = "v" }) } }, Watch) -- weak: keeps no input alive
  local inputs = watch.inputs -- a hook that held the watch would keep it from being collected
  for _, linear in ipairs(model:layers()) do
    if wanted[linear.name] then
      local _, inp = linear.weight:shape()
      local r, message, id = recorder.new(kind, inp, options)
      if not r then
        watch:close()
        return nil, message, id
      end
      watch.names[#watch.names + 1] = linear.name
      watch.recorders[linear.name] = r
      watch.undo[#watch.undo + 1] = linear:hook(function(_, x)
        note_input(inputs, linear.name, x)
        r:see(x)
      end)
    end
  end
  return watch
end

return M
