--- Caches for generation: the keys and values of what came before, in buffers made once.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

---@class vise.nn.CacheLayer
---@field length integer      Positions held.
---@field capacity integer
---@field k vise.Tensor       f32 [capacity, width]
---@field v vise.Tensor
local CacheLayer = {}
CacheLayer.__index = CacheLayer

-- Raises E-MD-11 unless `count` more positions fit.
function CacheLayer:check_room(count)
  if self.length + count > self.capacity then
    fail.raise("E-MD-11", "the cache has room for %d positions: %d are taken and %d more do not fit",
      self.capacity, self.length, count)
  end
end

--- Adds what one forward computed.
---@param k vise.Tensor  f32 [1, T, width]
---@param v vise.Tensor
function CacheLayer:append(k, v)
  local batch, count = k:shape()
  if batch ~= 1 then fail.raise("E-MD-11", "a cache holds one sequence, not %d", batch) end
  self:check_room(count)
  try(self.k:put(k, { position = self.length }))
  try(self.v:put(v, { position = self.length }))
  self.length = self.length + count
end

local function held(buffer, length)
  local rows <close> = try(buffer:rows(1, length))
  return try(rows:reshape { 1, length, -1 })
end

---@return vise.Tensor  [1, length, width], a view
function CacheLayer:keys()
  return held(self.k, self.length)
end

---@return vise.Tensor
function CacheLayer:values()
  return held(self.v, self.length)
end

--- Keys with all that there is room for; what lies past the positions held is finite.
---@return vise.Tensor  [1, capacity, width], a view
function CacheLayer:all_keys()
  return try(self.k:reshape { 1, self.capacity, -1 })
end

---@return vise.Tensor
function CacheLayer:all_values()
  return try(self.v:reshape { 1, self.capacity, -1 })
end

---@class vise.nn.Cache
---@field layers vise.nn.CacheLayer[]
local Cache = {}
Cache.__index = Cache

--- Makes an empty cache.
---@param layers integer    How many attentions share it.
---@param capacity integer  Positions.
---@param width integer     Of one key: kv_heads * head size.
---@return vise.nn.Cache
function Cache.new(layers, capacity, width)
  local cache = setmetatable({ layers = {} }, Cache)
  for i = 1, layers do
    cache.layers[i] = setmetatable({
      length = 0, capacity = capacity,
      k = try(core.tensor("f32", { capacity, width })),
      v = try(core.tensor("f32", { capacity, width })),
    }, CacheLayer)
  end
  return cache
end

--- Positions held.
---@return integer
function Cache:length()
  return self.layers[1].length
end

--- Forgets everything; the buffers stay.
function Cache:clear()
  self:hold(0)
end

--- Forgets all positions but the first `length`, or takes for held what lies in the buffers already.
---@param length integer
function Cache:hold(length)
  for _, layer in ipairs(self.layers) do layer.length = length end
end

function Cache:close()
  for _, layer in ipairs(self.layers) do
    layer.k:close()
    layer.v:close()
  end
end

Cache.__close = Cache.close

return Cache
