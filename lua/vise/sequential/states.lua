--- States: what passes between the blocks of a model, one set of named tensors for each forward of the
--- calibration.  They are kept in memory, or in files of about 64 MiB that are read mapped.

local core = require "vise.core"
local fail = require "vise.fail"
local new_inputs = require "vise.models.inputs"

local try = fail.try

local M = {}

--- Bytes of the states that are held before they go into a file.
M.PART_BYTES = 64 << 20

---@class vise.States
---@field count integer
---@field files string[]     Their names, in the folder.
---@field folder? string     nil: in memory.
---@field bytes integer      Of all tensors.
---@field largest integer    Bytes of the largest state.
---@field extras table[]     What followed the inputs of each forward: plain data, with n.
local States = {}
States.__index = States

--- Makes an empty set.
---@param folder? string
---@param name string  Of its files, before a number.
---@return vise.States
function M.new(folder, name)
  return setmetatable({ folder = folder, name = name, count = 0, files = {}, bytes = 0, largest = 0, held = {},
    held_bytes = 0, extras = {} }, States)
end

--- Takes up a set that lies in files.
---@param folder string
---@param about table  What `describe` gave.
---@return vise.States
function M.of_files(folder, about)
  local self = M.new(folder, about.name)
  for key, value in pairs(about) do self[key] = value end
  return self
end

--- What has to be known of a set in files to take it up again: plain data.
---@return table
function States:describe()
  return { name = self.name, count = self.count, files = core.array(self.files), bytes = self.bytes,
    largest = self.largest, extras = core.array(self.extras) }
end

local function path_of(self, file) return self.folder .. "/" .. file end

-- Writes what is held into a file of its own.
local function flush(self)
  if #self.held == 0 then return end
  local entries, first = {}, self.count - #self.held
  for i, state in ipairs(self.held) do
    local names = {}
    for name in pairs(state) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do entries[#entries + 1] = { ("%d.%s"):format(first + i, name), state[name] } end
  end
  local file = ("%s-%d.safetensors"):format(self.name, #self.files + 1)
  try(core.safetensors_write(path_of(self, file), entries, {}))
  self.files[#self.files + 1] = file
  self:drop()
end

--- Adds a state, whose tensors belong to the set from now on.
---@param state table<string, vise.Tensor>
---@param extras table  What followed the inputs of its forward.
function States:add(state, extras)
  local bytes = 0
  for _, tensor in pairs(state) do bytes = bytes + tensor:bytes() end
  self.held[#self.held + 1] = state
  self.count, self.extras[self.count + 1] = self.count + 1, extras
  self.bytes, self.largest, self.held_bytes = self.bytes + bytes, math.max(self.largest, bytes), self.held_bytes + bytes
  if self.folder and self.held_bytes >= M.PART_BYTES then flush(self) end
end

--- Says that nothing more comes: in a folder, everything is in files then.
function States:seal()
  if self.folder then flush(self) end
end

-- A state of its own of tensors by name.
local function copied(tensors)
  local state = new_inputs {}
  for name, tensor in pairs(tensors) do state[name] = try(tensor:copy()) end
  return state
end

-- Calls f for the states of one file.
local function each_in(self, file, f)
  local opened <close> = try(core.safetensors_open(path_of(self, file)))
  local by_number, order = {}, {}
  for _, full in ipairs(opened:names()) do
    local number, name = full:match "^(%d+)%.(.+)$"
    number = math.tointeger(number)
    if not number or not self.extras[number] then
      fail.try(nil, ("%s: tensor %s is of no state; quantize without resume"):format(path_of(self, file),
        core.escape(full)), "E-SQ-05")
    end
    if not by_number[number] then by_number[number], order[#order + 1] = new_inputs {}, number end
    by_number[number][name] = try(opened:tensor(full))
  end
  table.sort(order)
  for _, number in ipairs(order) do
    local mapped <close> = by_number[number]
    f(number, copied(mapped))
  end
end

--- Calls f(number, state, extras) for each state in turn; the state is a copy and belongs to f.
---@param f fun(number: integer, state: vise.models.Inputs, extras: table)
function States:each(f)
  local function call(number, state) f(number, state, self.extras[number]) end
  for _, file in ipairs(self.files) do each_in(self, file, call) end
  local first = self.count - #self.held
  for i, state in ipairs(self.held) do call(first + i, copied(state)) end
end

--- Frees what is held in memory.
function States:drop()
  for _, state in ipairs(self.held) do
    for _, tensor in pairs(state) do tensor:close() end
  end
  self.held, self.held_bytes = {}, 0
end

--- Gives everything up, the files with it.
function States:remove()
  self:drop()
  for _, file in ipairs(self.files) do core.disk.remove(path_of(self, file)) end
  self.files = {}
end

return M
