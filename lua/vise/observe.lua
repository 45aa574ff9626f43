--- Observers on layers: statistics of what flows into them.
---
---   local watch <close> = vise.observe.attach(model, { "*.attn1.to_q" }, "channel_span")
---   model:forward(...)
---   local span = watch:observer("transformer_blocks.0.attn1.to_q"):result()

local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local pattern = require "vise.pattern"

local M = {}

---@class vise.Watch
---@field names string[]   The layers observed, in the model's order.
local Watch = {}
Watch.__index = Watch

--- The observer of one layer.
---@param name string
---@return vise.Observer
function Watch:observer(name)
  local o = self.observers[name]
  if not o then fail.raise("E-OB-09", "layer %s is not observed", tostring(name)) end
  return o
end

--- The layers that nothing has flowed into yet.
---@return string[]
function Watch:unseen()
  local list = {}
  for _, name in ipairs(self.names) do
    if self.observers[name]:count() == 0 then list[#list + 1] = name end
  end
  return list
end

--- Removes the hooks; the observers keep what they have seen.  Safe to call twice.
function Watch:detach()
  for _, undo in ipairs(self.undo) do undo() end
  self.undo = {}
end

--- Removes the hooks and frees the observers.
function Watch:close()
  self:detach()
  for _, o in pairs(self.observers) do o:close() end
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
---@return vise.Watch
function M.attach(model, layers, kind)
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
  local watch = setmetatable({ names = {}, observers = {}, undo = {} }, Watch)
  for _, linear in ipairs(model:layers()) do
    if wanted[linear.name] then
      local _, inp = linear.weight:shape()
      local o, message, id = core.observer(kind, { channels = inp })
      if not o then
        watch:close()
        return nil, message, id
      end
      watch.names[#watch.names + 1] = linear.name
      watch.observers[linear.name] = o
      watch.undo[#watch.undo + 1] = linear:hook(function(_, x) fail.try(o:update(x)) end)
    end
  end
  return watch
end

return M
