--- Takes out of a graph what need not run: operations that nobody uses, that depend on no input, or that
--- another one has done already.

local fail = require "vise.fail"
local graphs = require "vise.compile.graph"
local operators = require "vise.compile.operators"

local M = {}

--- Drops the operations that neither the output nor a cache depends on.
---@param graph vise.compile.Graph
function M.drop_unused(graph)
  local used, kept = {}, {}
  local function use(value)
    used[value] = true
    if value.view_of then use(value.view_of) end
  end
  use(graph.output)
  for i = #graph.ops, 1, -1 do
    local op = graph.ops[i]
    if used[op.result] or op.result.place then
      graphs.each_operand(op, use)
      table.insert(kept, op)
    end
  end
  graph.ops = {}
  for i = #kept, 1, -1 do graph.ops[#graph.ops + 1] = kept[i] end
end

local function compute(op)
  local args = graphs.bind(op, function(value) return value.constant end)
  return fail.try(op.call(table.unpack(args, 1, op.count)))
end

--- Computes what depends on no input.
---@param graph vise.compile.Graph
function M.fold(graph)
  local kept = {}
  for _, op in ipairs(graph.ops) do
    if op.result.live then
      kept[#kept + 1] = op
    else
      op.result.constant = compute(op)
      table.insert(graph.made, op.result.constant)
    end
  end
  graph.ops = kept
end

--- Converts constant vectors to what operators read them as.
---@param graph vise.compile.Graph
function M.convert_vectors(graph)
  local as_f32 = {}
  local function converted(value)
    if not as_f32[value] then
      local tensor = fail.try(value.constant:to "f32")
      table.insert(graph.made, tensor)
      as_f32[value] = graphs.value { class = "tensor", dtype = "f32", shape = value.shape, live = false,
        constant = tensor }
    end
    return as_f32[value]
  end
  for _, op in ipairs(graph.ops) do
    for _, key in ipairs(operators[op.name].vectors or {}) do
      local place = math.type(key) and op.args or op.args[3] or {}
      local value = place[key]
      if value and value.constant and value.dtype ~= "f32" then place[key] = converted(value) end
    end
  end
end

-- Gives each thing a text of its own: equal texts, equal things.
local function namer()
  local names, count = {}, 0
  local function name(x)
    if graphs.is_value(x) then return x.constant and name(x.constant) or "#" .. x.id end
    if type(x) == "number" or type(x) == "boolean" or x == nil then return ("%s %q"):format(math.type(x) or "", x) end
    if type(x) == "string" then return ("%q"):format(x) end
    if type(x) == "table" then
      local parts = {}
      for key, field in pairs(x) do parts[#parts + 1] = name(key) .. "=" .. name(field) end
      table.sort(parts)
      return "{" .. table.concat(parts, ",") .. "}"
    end
    if (getmetatable(x) or {}).__name == "vise.scheme" then return "scheme " .. name(x:fields()) end
    if not names[x] then
      count = count + 1
      names[x] = "@" .. count
    end
    return names[x]
  end
  return name
end

-- What rows of activations have to know of the packed weight that they are for.
local function layout_of(packed, name)
  return table.concat({ packed:kind(), select(2, packed:shape()), name(packed:scheme()) }, " ")
end

--- Lets operations that compute the same share one result.
---@param graph vise.compile.Graph
---@return integer saved  Operations that are gone, views not counted.
function M.share(graph)
  local name, first, instead, kept, saved = namer(), {}, {}, {}, 0
  for _, op in ipairs(graph.ops) do
    graphs.each_operand(op, function(value, place, key) place[key] = instead[value] or value end)
    local parts = { op.name, name(op.call) }
    for i = 1, op.count do
      parts[i + 2] = i == operators[op.name].alike and layout_of(op.args[i], name) or name(op.args[i])
    end
    local text = table.concat(parts, "|")
    if first[text] then
      instead[op.result] = first[text]
      saved = saved + (op.result.view_of and 0 or 1)
    else
      first[text] = op.result
      kept[#kept + 1] = op
    end
  end
  graph.ops = kept
  graphs.replace(graph, instead)
  return saved
end

--- Closes the constants of the graph's own that no operation uses any more.
---@param graph vise.compile.Graph
function M.close_unused(graph)
  local used, kept = { [graph.output.constant or false] = true }, {}
  for _, op in ipairs(graph.ops) do
    graphs.each_operand(op, function(value) if value.constant then used[value.constant] = true end end)
  end
  for _, object in ipairs(graph.made) do
    if used[object] then
      kept[#kept + 1] = object
    else
      object:close()
    end
  end
  graph.made = kept
end

return M
