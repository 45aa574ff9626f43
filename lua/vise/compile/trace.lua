--- Traces a forward: runs it once while every function of the core that takes or makes tensors is
--- heard, and writes down what has to run again when the inputs change.
---
--- A tensor that operators write into holds one value after the other; views of it, those that there
--- were before too, show the newest.

local core = require "vise.core"
local fail = require "vise.fail"
local graphs = require "vise.compile.graph"
local operators = require "vise.compile.operators"

local M = {}

---@class vise.compile.Held  What a tensor holds.
---@field storage { current: vise.compile.Value, version: integer, keeps?: string }
---@field value? vise.compile.Value  At this version of the storage.
---@field version integer
---@field parent? vise.compile.Held  What it is a view of,
---@field view? { name: string, call: function, args: any[], count: integer }  and how it was made.

---@class vise.compile.Trace
---@field ops vise.compile.Op[]
---@field held table<userdata, vise.compile.Held>
---@field names string[]  Of the modules that are running, the innermost last.
---@field busy boolean    Is the core called by the trace itself?
---@field places table<userdata, boolean>  Tensors of the cache, which may be written into.
---@field made userdata[]  Copies of what the forward made of Lua values.
local Trace = {}
Trace.__index = Trace

-- Objects that hold values.
local CLASSES = { ["vise.tensor"] = "tensor", ["vise.rows"] = "rows" }

local function class_of(x)
  return type(x) == "userdata" and CLASSES[(getmetatable(x) or {}).__name]
end

function Trace:where()
  return self.names[#self.names] or "the model"
end

function Trace:new_value(object, fields)
  fields.class = class_of(object)
  if fields.class == "tensor" then
    self.busy = true
    fields.dtype, fields.shape = object:dtype(), { object:shape() }
    self.busy = false
  end
  return graphs.value(fields)
end

-- Starts to follow an object; `keeps` says why nothing may be written into it.
function Trace:follow(object, value, keeps)
  local storage = { current = value, version = 0, keeps = keeps }
  self.held[object] = { storage = storage, value = value, version = 0 }
  return self.held[object]
end

function Trace:held_by(object)
  local held = self.held[object]
  if held then return held end
  return self:follow(object, self:new_value(object, { constant = object, live = false }),
    "a tensor that was there before the forward")
end

-- Writes an operation down.
function Trace:add(name, call, args, count, result)
  while count > 0 and args[count] == nil do count = count - 1 end
  local op = { name = name, call = call, args = args, count = count, layer = self:where(), result = result }
  graphs.each_operand(op, function(value) result.live = result.live or value.live end)
  result.op = op
  self.ops[#self.ops + 1] = op
  return result
end

-- A view of the newest value of its parent.
function Trace:renew(held)
  local view, of = held.view, self:value_of(held.parent)
  local args = table.move(view.args, 2, view.count, 2, { of })
  local old = held.value
  local value = graphs.value { class = "tensor", dtype = old.dtype, shape = old.shape, live = false, view_of = of }
  return self:add(view.name, view.call, args, view.count, value)
end

function Trace:value_of(held)
  if held.version ~= held.storage.version then
    held.value = held.parent and self:renew(held) or held.storage.current
    held.version = held.storage.version
  end
  return held.value
end

-- The arguments of a call with values for objects; `out` is left out.
function Trace:arguments(out, ...)
  local args, count, live = { ... }, select("#", ...), false
  local function value(x)
    local v = self:value_of(self:held_by(x))
    live = live or v.live
    return v
  end
  for i = 1, count do
    local arg = args[i]
    if i == out then
      args[i] = nil
    elseif class_of(arg) then
      args[i] = value(arg)
    elseif type(arg) == "table" then
      args[i] = {}
      for key, x in pairs(arg) do args[i][key] = class_of(x) and value(x) or x end
    end
  end
  return args, count, live
end

-- Does a view show all of what it is a view of, in the same order?
local function is_whole(held)
  return not held.parent or held.view.name == "tensor:reshape" and is_whole(held.parent)
end

-- The value of the whole storage, whose newest value was written through a view of it.
function Trace:whole(held, value)
  local root = held
  while root.parent do root = root.parent end
  if root == held then return value end
  local shape = root.value.shape
  local whole = graphs.value { class = "tensor", dtype = value.dtype, shape = shape, live = false, view_of = value }
  return self:add(held.view.name, held.view.call, { value, table.move(shape, 1, #shape, 1, {}) }, 2, whole)
end

-- `object` was written into and now holds `value`.
function Trace:write(name, object, value)
  local held = self:held_by(object)
  local keeps = not value.place and (held.storage.keeps or not is_whole(held) and "a part of a tensor")
  if keeps then
    fail.raise("E-CP-02", "%s: %s writes into %s", self:where(), name, keeps)
  end
  held.storage.version = held.storage.version + 1
  held.storage.current = self:whole(held, value)
  held.value, held.version = value, held.storage.version
end

function Trace:keep_copy(object)
  self.busy = true
  local copy = fail.try(object:copy())
  self.busy = false
  self.made[#self.made + 1] = copy
  return copy
end

-- Writes down a call that was made, and passes its results on.
function Trace:settle(call, object, ...)
  if not class_of(object) then return object, ... end
  local operator = call.operator
  if operator.made then
    self:follow(object, self:new_value(object, { constant = self:keep_copy(object), live = false }))
  elseif operator.view then
    local parent = self:held_by(call.first)
    if call.args[1]:root().place and call.name ~= "tensor:reshape" then
      fail.raise("E-CP-01", "%s: %s takes a part of a cache, which is larger the next time", self:where(), call.name)
    end
    local value = self:new_value(object, { live = false, view_of = call.args[1] })
    self:add(call.name, call.f, call.args, call.count, value)
    self.held[object] = { storage = parent.storage, parent = parent, version = parent.storage.version,
      value = value, view = { name = call.name, call = call.f, args = call.args, count = call.count } }
  else
    local place = operator.into and object or nil
    if place and not self.places[place] then
      fail.raise("E-CP-02", "%s: %s writes into a part of a tensor", self:where(), call.name)
    end
    local value = self:add(call.name, call.f, call.args, call.count,
      self:new_value(object, { live = place ~= nil, place = place }))
    if place or object == call.out then
      self:write(call.name, object, value)
    else
      self:follow(object, value)
    end
  end
  return object, ...
end

-- What every call of the core goes through.
function Trace:hear(name, f, ...)
  local operator = operators[name]
  if self.busy or operator and operator.about then return f(...) end
  if operator and operator.refused then
    fail.raise("E-CP-01", "%s: %s %s", self:where(), name, operator.refused)
  end
  if operator and operator.made then return self:settle({ operator = operator }, f(...)) end
  local args, count, live = self:arguments(operator and operator.out, ...)
  if not operator then
    if live then
      fail.raise("E-CP-01", "%s: %s takes values that depend on the inputs, and gives them to Lua or does "
        .. "something that cannot be done again", self:where(), name)
    end
    return f(...)
  end
  return self:settle({ name = name, operator = operator, f = f, args = args, count = count, first = (...),
    out = operator.out and (select(operator.out, ...)) }, f(...))
end

-- Lets every module say while it runs; returns what undoes it.
local function name_modules(trace, model)
  local changed, seen = {}, {}
  local function visit(module)
    if seen[module] then return end -- it may be at several places of the tree
    seen[module] = true
    local forward, names = module.forward, trace.names
    if type(forward) == "function" and module.name and module.name ~= "" then
      changed[#changed + 1] = { module, rawget(module, "forward") }
      module.forward = function(...)
        names[#names + 1] = module.name
        local results = table.pack(forward(...))
        names[#names] = nil
        return table.unpack(results, 1, results.n)
      end
    end
    for _, child in ipairs(module.children or {}) do visit(child) end
  end
  visit(model)
  return function()
    for _, entry in ipairs(changed) do entry[1].forward = entry[2] end
  end
end

-- Runs the forward with the recorder on.
local function record(trace, model, run)
  local undo = name_modules(trace, model)
  core.record(function(name, f, ...) return trace:hear(name, f, ...) end)
  local ok, result, second = pcall(run)
  fail.whole(function()
    core.record(nil)
    undo()
  end)
  if not ok then error(result, 0) end
  if class_of(result) ~= "tensor" then
    fail.raise("E-CP-03", "the forward gave a %s, expected a tensor", type(result))
  elseif second ~= nil then
    fail.raise("E-CP-03", "the forward gave several results, expected one tensor")
  end
  return result
end

--- Traces one forward.
---@param model table     Its modules give their names to what they run.
---@param inputs { name: string, tensor: vise.Tensor }[]
---@param run fun(): vise.Tensor  Computes from these tensors; raises what fails.
---@param places userdata[]       Tensors that it may write into, a cache's.
---@return vise.compile.Graph
function M.trace(model, inputs, run, places)
  local trace = setmetatable({ ops = {}, held = setmetatable({}, { __mode = "k" }), names = {}, busy = false,
    places = {}, made = {} }, Trace)
  for _, place in ipairs(places) do trace.places[place] = true end
  local graph = { ops = trace.ops, inputs = {}, made = trace.made }
  for i, input in ipairs(inputs) do
    local value = trace:new_value(input.tensor, { input = input.name, live = true })
    graph.inputs[i] = value
    trace:follow(input.tensor, value, ("the input '%s'"):format(input.name))
  end
  local result = record(trace, model, run)
  local held = trace:held_by(result)
  graph.output = trace:value_of(held)
  if not held.storage.keeps then result:close() end
  return graph
end

return M
