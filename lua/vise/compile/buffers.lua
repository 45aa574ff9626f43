--- Plans the memory of a graph's values: from when to when each is needed, which may take the place of
--- another, and where each lies in one arena.

local graphs = require "vise.compile.graph"
local operators = require "vise.compile.operators"

local M = {}

local ALIGN = 64

---@class vise.compile.Buffer  What holds one value, or several after one another.
---@field bytes integer
---@field first integer   The operation that writes it first; 0: the inputs.
---@field last integer    The last one that reads it.
---@field index integer
---@field offset? integer

-- The last operation that reads each value or a view of it; the output is read when all is over.
local function last_uses(graph)
  local last = {}
  local function use(value, at)
    last[value:root()] = at
  end
  for at, op in ipairs(graph.ops) do
    if not op.result.view_of then
      graphs.each_operand(op, function(value) use(value, at) end)
    end
  end
  use(graph.output, #graph.ops + 1)
  return last
end

-- How many operands of `op` lie in the memory of `root`.
local function operands_in(op, root)
  local count = 0
  graphs.each_operand(op, function(value) count = count + (value:root() == root and 1 or 0) end)
  return count
end

-- The value whose memory the result of `op` may take: one that dies here, of the same size.
local function dying(op, at, last)
  for _, i in ipairs(operators[op.name].inplace or {}) do
    local value = op.args[i]
    local root = graphs.is_value(value) and value:root()
    local ours = root and root.live and not root.place and last[root] == at and operands_in(op, root) == 1
    if ours and value.dtype == op.result.dtype and value:bytes() == op.result:bytes()
      and root:bytes() == value:bytes() then
      return root
    end
  end
end

---@class vise.compile.Plan
---@field buffers vise.compile.Buffer[]
---@field rows { last: integer, rows?: userdata }[]  What rows of activations are made in, one after the other.
---@field of table<vise.compile.Value, table>  The buffer, or the rows, of each value.
---@field bytes integer        Of the arena.
---@field values integer       Tensors that lie in it,
---@field value_bytes integer  and what they would take side by side.
local Plan = {}
Plan.__index = Plan

local function aligned(bytes)
  return (bytes + ALIGN - 1) // ALIGN * ALIGN
end

function Plan:give(value, buffer)
  self.of[value] = buffer
  self.values, self.value_bytes = self.values + 1, self.value_bytes + aligned(value:bytes())
end

function Plan:add(value, first, last)
  local buffer = { bytes = aligned(value:bytes()), first = first, last = last, index = #self.buffers + 1 }
  self.buffers[buffer.index] = buffer
  self:give(value, buffer)
end

-- Rows of activations keep their own memory: a value takes rows that nobody reads any more.
function Plan:give_rows(value, at, last)
  for _, slot in ipairs(self.rows) do
    if slot.last < at then
      slot.last = last
      self.of[value] = slot
      return
    end
  end
  local slot = { last = last }
  self.rows[#self.rows + 1], self.of[value] = slot, slot
end

-- Gives every live tensor that is no view a buffer.  The output has one to itself, from the
-- beginning on: an older output may be an input.
local function assign(plan, graph)
  local last, output = last_uses(graph), graph.output:root()
  for _, value in ipairs(graph.inputs) do plan:add(value, 0, last[value] or 0) end
  for at, op in ipairs(graph.ops) do
    local result = op.result
    local before = result ~= output and not result.view_of and dying(op, at, last)
    if result.place then
      plan.of[result] = nil -- lies where it is
    elseif before then
      plan.of[before].last = last[result] or at
      plan:give(result, plan.of[before])
    elseif result.class == "rows" then
      plan:give_rows(result, at, last[result] or at)
    elseif result.class == "tensor" and not result.view_of then
      plan:add(result, result == output and 0 or at, last[result] or at)
    end
  end
end

local function overlap(a, b)
  return a.first <= b.last and b.first <= a.last
end

-- The lowest place where `buffer` fits between those that are needed at the same time.
local function place(buffer, placed)
  local offset = 0
  for _, other in ipairs(placed) do -- by offset
    if overlap(buffer, other) then
      if offset + buffer.bytes <= other.offset then break end
      offset = math.max(offset, other.offset + other.bytes)
    end
  end
  buffer.offset = offset
end

-- Finds the place of each buffer, the largest first.
local function place_all(plan)
  local order, placed = table.move(plan.buffers, 1, #plan.buffers, 1, {}), {}
  table.sort(order, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes > b.bytes end
    return a.index < b.index
  end)
  for _, buffer in ipairs(order) do
    place(buffer, placed)
    local at = #placed + 1
    while at > 1 and placed[at - 1].offset > buffer.offset do at = at - 1 end
    table.insert(placed, at, buffer)
    plan.bytes = math.max(plan.bytes, buffer.offset + buffer.bytes)
  end
end

--- Plans one arena for all values of a graph.
---@param graph vise.compile.Graph
---@return vise.compile.Plan
function M.plan(graph)
  local plan = setmetatable({ buffers = {}, rows = {}, of = {}, bytes = 0, values = 0, value_bytes = 0 }, Plan)
  assign(plan, graph)
  place_all(plan)
  return plan
end

return M
