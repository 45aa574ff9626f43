--- Families: what turns the description of a model family into a class of models.  The DiT, the Llama
--- and the families that vise.models.register adds are made here.
---
---   {
---     family = "mixer",                      -- its name in manifests
---     names = { "TinyMixer" },               -- what config.json calls it
---     settings = { { "width", "integer", min = 1, max = 4096 }, ... },  -- what of config.json it uses
---     check = function(settings) return problem end,                    -- optional
---     blocks = { "blocks.", "depth" },       -- prefix of the repeated blocks, the setting that counts them
---     build = function(settings, weights) return { children = { ... }, ... } end,
---     takes = { "x" },                       -- the inputs of a forward, in the order of its arguments
---     chain = {                              -- the forward, block by block
---       start = function(model, inputs, ...) return { x = ... } end,     -- inputs by name -> the state
---       step = function(model, index, state, ...) ... end,               -- runs one block, 1 to depth
---       finish = function(model, state, ...) return y end,
---     },
---   }
---
--- A state is a table of tensors by name, each a handle of its own.  A step changes them in place, or puts
--- another in the place of one and closes that.  Between two steps a state can be kept, and taken up again
--- in another program; nothing else may pass from one block to the next.  A family whose forward is no such
--- chain gives `forward = function(model, inputs, ...) return y end` instead, and does without calibration
--- block by block.

local config_reader = require "vise.models.config"
local fail = require "vise.fail"
local module = require "vise.nn.module"
local new_inputs = require "vise.models.inputs"
local streams = require "vise.models.stream"
local suggest = require "vise.suggest"

local M = {}

---@class vise.Family
---@field family string
---@field names string[]  Values of _class_name, architectures or model_type.
---@field settings vise.ConfigField[]|fun(config: table, path: string): table?, string?, string?
---@field check? fun(settings: table): string?      What is wrong with them.
---@field build fun(settings: table, weights: vise.Weights): table  The model's fields; `children` are its
---                                                  modules in the order in which they run.
---@field blocks? { [1]: string, [2]: string }
---@field takes string[]
---@field inputs? fun(model: table, ...): table<string, vise.Tensor>  Checks the arguments; as they are if not given.
---@field chain? vise.Chain
---@field forward? fun(model: table, inputs: table<string, vise.Tensor>, ...): vise.Tensor  In place of a chain.
---Failures are raised.
---@field default_layers? fun(model: table): string[]  Those of the blocks, or all, if not given.
---@field close? fun(model: table)  Frees what build made beside the weights.
---@field workload? "language"|vise.FamilyWorkload  What the model usually does, for vise.workload.
---@field stream? vise.Stream  What writes and reads the residual stream, for vise.transform.

---@class vise.Chain
---@field start fun(model: table, inputs: table<string, vise.Tensor>, ...): table<string, vise.Tensor>
---@field step fun(model: table, index: integer, state: table<string, vise.Tensor>, ...)
---@field finish fun(model: table, state: table<string, vise.Tensor>, ...): vise.Tensor

---@class vise.FamilyWorkload
---@field calibrate fun(model: table, options: vise.WorkloadOptions)             Runs the model.
---@field answer fun(model: table, options: vise.WorkloadOptions): vise.Tensor  What is held against the float model's.

local function is_names(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, name in ipairs(value) do
    if type(name) ~= "string" or name == "" then return false end
  end
  return true
end

local function is_function(value) return type(value) == "function" end

local function is_field_list(value)
  if type(value) ~= "table" then return false end
  for _, field in ipairs(value) do
    if type(field) ~= "table" or type(field[1]) ~= "string" or type(field[2]) ~= "string" then return false end
  end
  return true
end

local function is_chain(value)
  return type(value) == "table" and is_function(value.start) and is_function(value.step)
    and is_function(value.finish)
end

-- By field: what it may be, in words, and the check.
local fields = {
  family = { "a word of lower-case letters, digits, - and _",
    function(v) return type(v) == "string" and v:find "^%l[%w_-]*$" ~= nil and #v <= 60 end },
  names = { "a list of names", is_names },
  settings = { "a list of { name, kind } or a function", function(v) return is_function(v) or is_field_list(v) end },
  check = { "a function", is_function },
  build = { "a function", is_function },
  blocks = { "{ prefix, setting }", function(v) return is_names(v) and #v == 2 end },
  takes = { "a list of names", is_names },
  inputs = { "a function", is_function },
  chain = { "{ start, step, finish }", is_chain },
  forward = { "a function", is_function },
  default_layers = { "a function", is_function },
  close = { "a function", is_function },
  workload = { "{ calibrate, answer } or \"language\"", function(v)
    return v == "language" or type(v) == "table" and is_function(v.calibrate) and is_function(v.answer)
  end },
  stream = { "a table of who writes and who reads", function(v) return type(v) == "table" end },
}
local needed = { "family", "names", "settings", "build", "takes" }

--- Raises E-MD-20 for what describes no family.
---@param description any
function M.check(description)
  if type(description) ~= "table" then
    fail.raise("E-MD-20", "register takes the description of a family, got %s", type(description))
  end
  for field, value in pairs(description) do
    local known = fields[field]
    if not known then
      local names = {}
      for name in pairs(fields) do names[#names + 1] = name end
      fail.raise("E-MD-20", "a family has no field '%s'%s", tostring(field), suggest.hint(tostring(field), names))
    elseif not known[2](value) then
      fail.raise("E-MD-20", "%s of a family must be %s", field, known[1])
    end
  end
  for _, field in ipairs(needed) do
    if description[field] == nil then
      fail.raise("E-MD-20", "a family needs %s: %s", field, fields[field][1])
    end
  end
  if (description.chain == nil) == (description.forward == nil) then
    fail.raise("E-MD-20", "a family needs a forward or a chain, and has %s", description.chain and "both" or "neither")
  end
  if description.chain and not description.blocks then
    fail.raise("E-MD-20", "a family with a chain needs blocks: %s", fields.blocks[1])
  end
  local problem = description.stream and streams.problem(description.stream)
  if problem then fail.raise("E-MD-20", "stream of family %s %s", description.family, problem) end
end

-- The arguments as they are: handles of their own, which the forward may close.
local function plain_inputs(model, ...)
  local inputs = {}
  for i, name in ipairs(model.takes) do
    local x = (select(i, ...))
    if type(x) ~= "userdata" or not x.reshape then
      fail.raise("E-MD-12", "%s is a %s, expected a tensor", name, type(x))
    end
    inputs[name] = fail.try(x:reshape { x:shape() })
  end
  return inputs
end

local function settings_reader(description)
  local read, problem_of = description.settings, description.check
  if is_function(read) then return read end
  return function(config, path)
    local settings, message, id = config_reader.read(config, read, path)
    if not settings then return nil, message, id end
    local problem = problem_of and problem_of(settings)
    if problem then return fail.fail("E-MD-10", "%s: %s", path, problem) end
    return settings
  end
end

-- The layers whose names begin with the prefix of the blocks; all where there are none.
local function layers_of_blocks(model)
  local names, prefix = {}, model:repeated() or ""
  for _, layer in ipairs(model:layers()) do
    if layer.name:sub(1, #prefix) == prefix then names[#names + 1] = layer.name end
  end
  return names
end

-- The forward that a chain amounts to.
local function follow(chain)
  return function(model, inputs, ...)
    local state <close> = new_inputs(chain.start(model, inputs, ...))
    local _, count = model:repeated()
    for index = 1, count do chain.step(model, index, state, ...) end
    return chain.finish(model, state, ...)
  end
end

local function check_built(self, description)
  if type(self) ~= "table" or type(self.children) ~= "table" then
    fail.raise("E-MD-20", "build of family %s gave %s, expected a table with children", description.family,
      type(self) == "table" and "a table without children" or "a " .. type(self))
  end
  for i, child in ipairs(self.children) do
    if type(child) ~= "table" or not child.kind or not child.children then
      fail.raise("E-MD-20", "children[%d] of family %s is no module", i, description.family)
    end
  end
  return self
end

--- Makes the class of a family.
---@param description vise.Family
---@return table class
function M.define(description)
  local Class = module.class(description.family)
  Class.takes, Class.workload = description.takes, description.workload
  Class.settings_of = settings_reader(description)
  Class.default_layers = description.default_layers or layers_of_blocks
  Class.chain, Class.stream = description.chain, description.stream
  Class.compute = description.chain and follow(description.chain) or description.forward

  --- Makes a model of checked settings.
  function Class.new(settings, weights)
    local self = check_built(description.build(settings, weights), description)
    self.name, self.settings = "", settings
    if description.workload == "language" and not settings.max_position_embeddings then
      fail.raise("E-MD-20", "family %s predicts texts, but has no setting max_position_embeddings", description.family)
    end
    return setmetatable(self, Class)
  end

  --- The prefix of the repeated blocks' names, and how many there are; nothing without blocks.
  function Class:repeated()
    if description.blocks then return description.blocks[1], self.settings[description.blocks[2]] end
  end

  --- The repeated block that a layer belongs to, from 1; nil for those outside.
  ---@param name string
  ---@return integer?
  function Class:block_of(name)
    local prefix = self:repeated()
    local index = prefix and name:sub(1, #prefix) == prefix and name:match("^(%d+)%.", #prefix + 1)
    return index and math.tointeger(index) + 1 or nil
  end

  --- Checks what a forward is given and makes tensors of it.
  function Class:inputs(...)
    return new_inputs((description.inputs or plain_inputs)(self, ...))
  end

  local function forward(self, ...)
    local inputs <close> = self:inputs(...)
    return self:compute(inputs, select(#self.takes + 1, ...))
  end

  --- Runs the model.
  ---@return vise.Tensor?
  ---@return string? message
  ---@return string? id
  function Class:forward(...)
    return fail.catch(forward, self, ...)
  end

  --- Gives up what was built; the checkpoint stays open.
  function Class:release()
    if description.close then description.close(self) end
    self.weights:close()
  end

  --- Gives up everything the model holds.
  function Class:close()
    self:release()
    self.checkpoint:close()
  end

  Class.__close = Class.close
  return Class
end

return M
