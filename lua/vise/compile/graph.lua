--- The graph of a forward: operations in the order in which they run, on values that are made once and
--- never change.

local M = {}

---@class vise.compile.Value
---@field id integer
---@field class string          "tensor", "rows": of the object that holds it.
---@field dtype? string         Of a tensor.
---@field shape? integer[]
---@field live boolean          Does it depend on the inputs?
---@field op? vise.compile.Op   What makes it.
---@field view_of? vise.compile.Value
---@field constant? userdata    The object itself.
---@field input? string         The name of the input that it is.
---@field place? userdata       The tensor it lies in, which outlives the forward: a cache's.
local Value = {}
Value.__index = Value

---@class vise.compile.Op
---@field name string
---@field call function
---@field args any[]     Values stand for what they are, also in tables of options; the place of the
---                      result is left out.
---@field count integer  Of arguments.
---@field layer string   The module that ran it.
---@field result vise.compile.Value

---@class vise.compile.Graph
---@field ops vise.compile.Op[]
---@field inputs vise.compile.Value[]
---@field output vise.compile.Value
---@field made userdata[]  Constants that belong to the graph.

local ids = 0

---@param fields table
---@return vise.compile.Value
function M.value(fields)
  ids = ids + 1
  fields.id = ids
  return setmetatable(fields, Value)
end

function M.is_value(x)
  return getmetatable(x) == Value
end

--- Bytes of a tensor's elements.
function Value:bytes()
  local bytes = M.SIZES[self.dtype]
  for _, d in ipairs(self.shape) do bytes = bytes * d end
  return bytes
end

--- The value in whose memory this one lies.
function Value:root()
  return self.view_of and self.view_of:root() or self
end

M.SIZES = { f64 = 8, f32 = 4, f16 = 2, bf16 = 2, f8e4m3 = 1, f8e5m2 = 1, i8 = 1, u8 = 1, i32 = 4, i64 = 8 }

--- Calls f(value, place, key) for each operand of an operation: place[key] is where it stands.
---@param op vise.compile.Op
---@param f fun(value: vise.compile.Value, place: table, key: any)
function M.each_operand(op, f)
  for i = 1, op.count do
    local arg = op.args[i]
    if M.is_value(arg) then
      f(arg, op.args, i)
    elseif type(arg) == "table" then
      for key, x in pairs(arg) do
        if M.is_value(x) then f(x, arg, key) end
      end
    end
  end
end

--- The arguments as the core takes them: `object_of(value)` in the place of each value.
---@param op vise.compile.Op
---@param object_of fun(value: vise.compile.Value): userdata
---@return any[] args
function M.bind(op, object_of)
  local args = table.move(op.args, 1, op.count, 1, {})
  for i = 1, op.count do
    local arg = args[i]
    if type(arg) == "table" and not M.is_value(arg) then
      args[i] = {}
      for key, x in pairs(arg) do args[i][key] = M.is_value(x) and object_of(x) or x end
    elseif M.is_value(arg) then
      args[i] = object_of(arg)
    end
  end
  return args
end

--- Puts other values in the place of some, everywhere.
---@param graph vise.compile.Graph
---@param instead table<vise.compile.Value, vise.compile.Value>
function M.replace(graph, instead)
  for _, op in ipairs(graph.ops) do
    M.each_operand(op, function(value, place, key) place[key] = instead[value] or value end)
    local result = op.result
    if result.view_of then result.view_of = instead[result.view_of] or result.view_of end
  end
  graph.output = instead[graph.output] or graph.output
end

return M
