--- Recordings: the inputs of every forward that a calibration runs, so that the forwards can be run again
--- block by block.  The forwards themselves answer as ever: a sampler goes on from what they give.

local States = require "vise.sequential.states"
local core = require "vise.core"
local fail = require "vise.fail"
local new_inputs = require "vise.models.inputs"

local try = fail.try

local M = {}

---@class vise.Recording
---@field states vise.States  The inputs.
---@field keep boolean        Whether they are kept, or only hashed.
---@field journal? vise.Journal
---@field forwards integer
---@field message? string     Why the forwards cannot be run again.
---@field id? string
local Recording = {}
Recording.__index = Recording

-- Can `value` be written down and given to a forward again?
local function is_plain(value)
  if type(value) == "table" then
    if getmetatable(value) then return false end
    for key, v in pairs(value) do
      if not is_plain(key) or not is_plain(v) then return false end
    end
    return true
  end
  return value == nil or type(value) == "boolean" or type(value) == "number" or type(value) == "string"
end

-- What follows the inputs of a forward.
local function extras_of(self, target, ...)
  local extras = { ... }
  for i = 1, select("#", ...) do
    local bad = type(extras[i]) == "table" and extras[i].cache and "a cache" or not is_plain(extras[i]) and
      "a " .. type(extras[i])
    if bad then
      self.id, self.message = "E-SQ-02", ("%s: forward %d of the calibration is given %s; block by block it is run "
        .. "again without what came before: give whole texts"):format(target.name or target.model.family,
        self.forwards + 1, bad)
      fail.try(nil, self.message, self.id)
    end
  end
  return extras
end

-- A copy of the inputs, and a line of hashes that stands for them.
local function copy_of(inputs)
  local copy, line, names = new_inputs {}, {}, {}
  for name in pairs(inputs) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    copy[name] = try(inputs[name]:copy())
    line[i] = ("%s %s %s"):format(name, table.concat({ copy[name]:shape() }, "x"), core.xxh3(copy[name]))
  end
  return copy, table.concat(line, " ")
end

local function close_all(tensors)
  for _, tensor in pairs(tensors) do tensor:close() end
end

-- What stands for the model's compute while it is recorded.
local function recorded(self, target, compute)
  return function(model, inputs, ...)
    local extras = extras_of(self, target, ...)
    local copy, line = copy_of(inputs)
    local y = compute(model, inputs, ...)
    self.forwards = self.forwards + 1
    self.lines[self.forwards] = line .. " " .. assert(core.json_encode(core.array(extras)))
    if self.keep then self.states:add(setmetatable(copy, nil), extras) else close_all(copy) end
    return y
  end
end

--- Begins to record the forwards of a target's model.  With a journal the inputs lie in its folder; where
--- that has them behind it already, they are only hashed.
---@param target vise.Target
---@return vise.Recording
function M.start(target)
  local model, journal = target.model, target.journal
  local self = setmetatable({ model = model, before = rawget(model, "compute"), lines = {}, forwards = 0,
    journal = journal, keep = not journal or journal.stage < 0, label = target.name or model.family,
    states = States.new(journal and journal.path, "inputs") }, Recording)
  rawset(model, "compute", recorded(self, target, model.compute))
  rawset(model, "recording", self) -- vise.compile refuses such a model
  return self
end

--- Lets the model alone again.  Safe to call twice.
function Recording:stop()
  if not self.model then return end
  rawset(self.model, "compute", self.before)
  rawset(self.model, "recording", nil)
  self.model = nil
end

--- Stops, and checks that there is something to go on with: forwards that can be run again and, for a
--- journal that is resumed, the same as those it began with.  Failures are raised.
---@return true
function Recording:finish()
  self:stop()
  if self.message then try(nil, self.message, self.id) end
  if self.forwards == 0 then
    try(nil, ("calibration ran no forward of %s"):format(self.label), "E-OB-10")
  end
  self.states:seal()
  if self.journal then self.journal:check_data(core.xxh3(table.concat(self.lines, "\n"))) end
  return true
end

--- Stops, and frees what was recorded.
function Recording:close()
  self:stop()
  self.states:remove()
end

return M
