--- Bare weights: a checkpoint of a family that this program has no forward for.  Every 2-D float
--- tensor NAME.weight is a layer, with NAME.bias where it fits.
---
--- Whether such a tensor is a linear layer or an embedding is not written in the file: by default
--- only what lies in repeated blocks (a number in the name) is taken, and what is called an embedding
--- is not.

local Linear = require "vise.nn.linear"
local fail = require "vise.fail"
local module = require "vise.nn.module"

---@class vise.models.Bare: vise.nn.Module
---@field family "weights"
---@field config table?
---@field checkpoint vise.Checkpoint
---@field why string  Why there is no forward.
local Bare = module.class "Bare"

local FLOATS = { f32 = true, f16 = true, bf16 = true }

local function is_matrix(info)
  return FLOATS[info.dtype] and #info.shape == 2 and info.shape[1] > 0 and info.shape[2] > 0
end

--- A tensor of the checkpoint; a failure is raised as a vise.Failure.
local function take(self, name)
  local tensor = fail.try(self.checkpoint:tensor(name))
  self.taken[#self.taken + 1] = tensor
  return tensor
end

local function bias_of(self, name, outputs)
  local info = self.checkpoint:info(name .. ".bias")
  if not info or not FLOATS[info.dtype] or #info.shape ~= 1 or info.shape[1] ~= outputs then return nil end
  return take(self, name .. ".bias")
end

local function collect(self)
  for _, full in ipairs(self.checkpoint:names()) do
    local name, info = full:match "^(.+)%.weight$", self.checkpoint:info(full)
    if name and is_matrix(info) then
      local bias = bias_of(self, name, info.shape[1])
      self.children[#self.children + 1] = Linear.new(name, info.shape[1], info.shape[2], take(self, full), bias)
    end
  end
  return self
end

--- Makes layers of the matrices of a checkpoint.
---@param checkpoint vise.Checkpoint
---@param why string
---@return vise.models.Bare? model
---@return string? message
---@return string? id
function Bare.new(checkpoint, why)
  local self = setmetatable({ name = "", children = {}, taken = {}, checkpoint = checkpoint, why = why,
    config = checkpoint.config, family = "weights" }, Bare)
  local ok, message, id = fail.catch(collect, self)
  if ok and #self.children == 0 then
    ok, message, id = nil, ("%s: no 2-D float tensor NAME.weight in it, and %s"):format(checkpoint.path, why), "E-MD-19"
  end
  if ok then return self end
  for _, tensor in ipairs(self.taken) do tensor:close() end
  return nil, message, id
end

--- The layers that are quantized unless a plan says otherwise: those in repeated blocks, or all when
--- no name has a number; embeddings never.
---@return string[] names
function Bare:default_layers()
  local numbered, all = {}, {}
  for _, layer in ipairs(self:layers()) do
    if not layer.name:lower():find "embed" then
      all[#all + 1] = layer.name
      if layer.name:find "%.%d+%." then numbered[#numbered + 1] = layer.name end
    end
  end
  return #numbered > 0 and numbered or all
end

--- There is no forward: fails with E-MD-16.
---@return nil
---@return string message
---@return string id
function Bare:forward()
  return fail.fail("E-MD-16", "%s cannot run: %s", self.checkpoint.path, self.why)
end

--- Gives up everything the model holds.
function Bare:close()
  for _, tensor in ipairs(self.taken) do tensor:close() end
  self.taken = {}
  self.checkpoint:close()
end

Bare.__close = Bare.close

return Bare
