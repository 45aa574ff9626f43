--- What replays a graph: the tensors in their places, and a flat list of calls.

local buffers = require "vise.compile.buffers"
local core = require "vise.core"
local fail = require "vise.fail"
local graphs = require "vise.compile.graph"
local operators = require "vise.compile.operators"

local M = {}

local try = fail.try

---@class vise.compile.Step
---@field call function
---@field args any[]
---@field count integer
---@field layer string

---@class vise.compile.Program
---@field steps vise.compile.Step[]
---@field inputs vise.Tensor[]      Where the inputs go.
---@field positions table[]         Options that say where the cache ends.
---@field output vise.Tensor
---@field objects userdata[]        Views of the arena, and rows.
---@field arena vise.Tensor
---@field workspace userdata
---@field plan vise.compile.Plan
local Program = {}
Program.__index = Program

local function tensor_at(arena, buffer, value)
  local bytes <close> = try(arena:rows(buffer.offset + 1, buffer.offset + value:bytes()))
  return try(bytes:cast(value.dtype, value.shape))
end

-- Rows to make others in: one of zeros, of the same kind.
local function rows_of(slot, op)
  if not slot.rows then
    local packed, options = op.args[2], op.args[3] or {}
    local zeros <close> = try(core.tensor("f32", { 1, (select(2, packed:shape())) }))
    slot.rows = try(core.rows(zeros, packed, { scheme = options.scheme, scale = options.scale }))
  end
  return slot.rows
end

-- A function that makes the object of a value when it is first asked for.
local function objects_of(program)
  local objects = {}
  local function object_of(value)
    if value.constant or value.place then return value.constant or value.place end
    if not objects[value] then
      local made
      if value.view_of then
        local args = graphs.bind(value.op, object_of)
        made = try(value.op.call(table.unpack(args, 1, value.op.count)))
      elseif value.class == "rows" then
        made = rows_of(program.plan.of[value], value.op)
      else
        made = tensor_at(program.arena, program.plan.of[value], value)
      end
      objects[value] = made
      program.objects[#program.objects + 1] = made
    end
    return objects[value]
  end
  return object_of
end

local function step_of(op, object_of)
  local out = operators[op.name].out
  local args = graphs.bind(op, object_of)
  if out then args[out] = object_of(op.result) end
  return { call = op.call, args = args, count = math.max(op.count, out or 0), layer = op.layer }
end

-- Notes the options of an operator that say where the cache ends.
local function note_position(program, op, args, cache_ends)
  local options = args[operators[op.name].position]
  if not cache_ends or not options or not options.position then return end
  if options.position ~= cache_ends then
    fail.raise("E-CP-01", "%s: %s at position %d, not %d where the cache ends", op.layer, op.name, options.position,
      cache_ends)
  end
  program.positions[#program.positions + 1] = options
end

local function build(program, graph, cache_ends)
  program.plan = buffers.plan(graph)
  program.arena = try(core.tensor("u8", { program.plan.bytes }))
  local object_of = objects_of(program)
  for i, value in ipairs(graph.inputs) do program.inputs[i] = object_of(value) end
  for _, op in ipairs(graph.ops) do
    if not op.result.view_of then
      local step = step_of(op, object_of)
      program.steps[#program.steps + 1] = step
      note_position(program, op, step.args, cache_ends)
    end
  end
  program.output = object_of(graph.output)
end

--- Makes the program of a graph.
---@param graph vise.compile.Graph
---@param cache_ends? integer  Positions held when it was traced; nil without a cache.
---@return vise.compile.Program
function M.new(graph, cache_ends)
  local program = setmetatable({ steps = {}, inputs = {}, positions = {}, objects = {},
    workspace = core.workspace() }, Program)
  local ok, problem = pcall(build, program, graph, cache_ends)
  if ok then return program end
  program:close()
  error(problem, 0)
end

local function replay(steps)
  for i = 1, #steps do
    local step = steps[i]
    local result, message, id = step.call(table.unpack(step.args, 1, step.count))
    if result == nil then
      try(nil, id == "E-RN-01" and message or ("%s: %s"):format(step.layer, message), id)
    end
  end
end

--- Runs all steps on what lies in the inputs; a failure is raised as a vise.Failure.
---@param position? integer  Where the cache ends, if there is one.
function Program:run(position)
  for _, options in ipairs(self.positions) do options.position = position end
  try(self.workspace:begin())
  local ok, problem = pcall(replay, self.steps)
  self.workspace:finish()
  if not ok then error(problem, 0) end
end

--- Runs once, for the scratch that operators want.
function Program:warm(position)
  self:run(position)
  try(self.workspace:begin())
  self.workspace:finish()
end

function Program:close()
  for _, object in ipairs(self.objects) do object:close() end
  if self.arena then self.arena:close() end
  self.workspace:close()
end

return M
