--- The weights of a model while it is built: hands out mapped tensors by name, checks each against
--- the shape that the config implies, and keeps account of what does not fit.  Tensors that a transform
--- changed or added lie over those of the checkpoint.

local Conv1D = require "vise.nn.conv1d"
local Embedding = require "vise.nn.embedding"
local Linear = require "vise.nn.linear"
local suggest = require "vise.suggest"

---@class vise.Weights
---@field checkpoint vise.Checkpoint
---@field taken vise.Tensor[]
---@field missing { name: string, shape: integer[] }[]
---@field problem? { message: string, id: string }  The first tensor that does not fit.
---@field overlay table<string, vise.Tensor>  Handles of its own, by name.
---@field used table<string, true>  What of the overlay was taken.
---@field turned vise.nn.Conv1D[]  Layers that may hold a copy of their weight.
---@field partial? boolean  Changed weights of quantized layers are not in the overlay.
local Weights = {}
Weights.__index = Weights

local FLOATS = { f32 = true, f16 = true, bf16 = true }

local function handle_of(tensor) return tensor:reshape { tensor:shape() } end

---@param checkpoint vise.Checkpoint
---@param overlay? table<string, vise.Tensor>  Taken before the checkpoint's; they stay the caller's.
---@return vise.Weights
function Weights.new(checkpoint, overlay)
  local handles = {}
  for name, tensor in pairs(overlay or {}) do handles[name] = handle_of(tensor) end
  return setmetatable({ checkpoint = checkpoint, taken = {}, missing = {}, overlay = handles, used = {},
    turned = {} }, Weights)
end

--- What is known of a tensor, changed or not; nil if there is none.
---@param name string
---@return { dtype: string, shape: integer[] }?
function Weights:info(name)
  local over = self.overlay[name]
  if over then return { dtype = over:dtype(), shape = { over:shape() } } end
  return self.checkpoint:has(name) and self.checkpoint:info(name) or nil
end

--- A tensor as it is, changed or not.
---@param name string  Of one that there is.
---@return vise.Tensor?
---@return string? message
---@return string? id
function Weights:current(name)
  local over = self.overlay[name]
  if not over then return self.checkpoint:tensor(name) end
  self.used[name] = true
  return handle_of(over)
end

local function same(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

local function show(shape)
  return "[" .. table.concat(shape, ", ") .. "]"
end

local function find_problem(name, info, shape)
  if not same(info.shape, shape) then
    return { id = "E-MD-07",
      message = ("%s is %s, the config implies %s"):format(name, show(info.shape), show(shape)) }
  end
  if not FLOATS[info.dtype] then
    return { id = "E-MD-08", message = ("%s holds %s, expected f32, f16 or bf16"):format(name, info.dtype) }
  end
end

--- Takes a tensor.  What is missing or does not fit is remembered, and an empty place given instead.
---@param name string
---@param shape integer[]
---@return vise.Tensor?
function Weights:tensor(name, shape)
  local info = self:info(name)
  if not info then
    self.missing[#self.missing + 1] = { name = name, shape = shape }
    return nil
  end
  self.problem = self.problem or find_problem(name, info, shape)
  if self.problem then return nil end
  local tensor, message, id = self:current(name)
  if not tensor then
    self.problem = { message = message, id = id }
    return nil
  end
  self.taken[#self.taken + 1] = tensor
  return tensor
end

--- Takes `name.weight` and, if `biased`, `name.bias`.
---@param name string
---@param outputs integer
---@param inputs integer
---@param biased boolean
---@return vise.nn.Linear
function Weights:linear(name, outputs, inputs, biased)
  local weight = self:tensor(name .. ".weight", { outputs, inputs })
  local bias = biased and self:tensor(name .. ".bias", { outputs }) or nil
  return Linear.new(name, outputs, inputs, weight, bias)
end

--- Takes a layer whose `name.weight` is stored [inputs, outputs].
---@param name string
---@param outputs integer
---@param inputs integer
---@param biased boolean
---@return vise.nn.Conv1D
function Weights:conv1d(name, outputs, inputs, biased)
  local stored = self:tensor(name .. ".weight", { inputs, outputs })
  local bias = biased and self:tensor(name .. ".bias", { outputs }) or nil
  local layer = Conv1D.new(name, outputs, inputs, stored, bias)
  self.turned[#self.turned + 1] = layer
  return layer
end

---@param name string
---@param ids integer
---@param width integer
---@return vise.nn.Embedding
function Weights:embedding(name, ids, width)
  return Embedding.new(name, self:tensor(name .. ".weight", { ids, width }))
end

local function missing_message(missing, names)
  local first = missing[1].name
  local what = #missing == 1 and "tensor " .. first .. " is missing"
    or ("%d tensors are missing, first %s"):format(#missing, first)
  return what .. suggest.hint(first, names)
end

--- Tells what does not fit, if anything.  `prefix` and `blocks` say how the repeated blocks are named
--- and how many the config has: tensors of one more mean that the config and the file disagree.
---@param prefix? string  "model.layers."; nil: there are no repeated blocks.
---@param blocks? integer
---@return string? message  nil when everything fits.
---@return string? id
function Weights:verdict(prefix, blocks)
  if self.problem then return self.problem.message, self.problem.id end
  local names = self.checkpoint:names()
  if #self.missing > 0 then return missing_message(self.missing, names), "E-MD-06" end
  for _, name in ipairs(prefix and names or {}) do
    local index = name:sub(1, #prefix) == prefix and tonumber(name:match("^%d+", #prefix + 1))
    if index and index >= blocks then
      return ("%s belongs to block %d, the config has %d blocks"):format(name, index, blocks), "E-MD-09"
    end
  end
end

--- Gives the tensors back.
function Weights:close()
  for _, layer in ipairs(self.turned) do layer:release() end
  for _, tensor in ipairs(self.taken) do tensor:close() end
  for _, tensor in pairs(self.overlay) do tensor:close() end
  self.taken, self.overlay, self.turned = {}, {}, {}
end

return Weights
