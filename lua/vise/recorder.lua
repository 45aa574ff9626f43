--- Recorders: how one layer's observer is fed.
---
--- streaming   each call gives one small statistic; they are merged when there are `flush_count` of
---             them or they take `flush_bytes`
--- buffered    the inputs themselves are kept until then: more memory, the same result
---
--- Merging is exact (largest and smallest values), so the result has the same bits for every
--- threshold.

local core = require "vise.core"
local fail = require "vise.fail"
local samples = require "vise.algorithms.samples"

local M = {}

---@class vise.RecorderOptions
---@field flush_count? integer  Calls between merges; 1 when streaming and no bytes are given.
---@field flush_bytes? integer  Bytes between merges.
---@field buffered? boolean
---@field sample? integer       Rows of the input to keep, spread evenly over all; 0 if not given.

---@class vise.Recorder
---@field observer vise.Observer
---@field message? string  Of the first failure.
---@field id? string
local Recorder = {}
Recorder.__index = Recorder

local known = { flush_count = "integer", flush_bytes = "integer", buffered = "boolean", sample = "integer" }

--- Raises for options that are none.
---@param options? vise.RecorderOptions
function M.check(options)
  for key, value in pairs(options or {}) do
    local kind = known[key]
    if not kind then fail.raise("E-OB-14", "unknown option '%s' of an observer", tostring(key)) end
    local fits = kind == "boolean" and type(value) == "boolean"
      or kind == "integer" and math.type(value) == "integer" and value >= (key == "sample" and 0 or 1)
    if not fits then fail.raise("E-OB-14", "option '%s' of an observer is %s", key, tostring(value)) end
  end
end

---@param kind "range"|"channel_span"
---@param channels integer
---@param options? vise.RecorderOptions
---@return vise.Recorder?
---@return string? message
---@return string? id
function M.new(kind, channels, options)
  options = options or {}
  local observer, message, id = core.observer(kind, { channels = channels })
  if not observer then return nil, message, id end
  local count = options.flush_count
  if not count and not options.flush_bytes and not options.buffered then count = 1 end
  return setmetatable({ kind = kind, channels = channels, observer = observer, parts = {}, bytes = 0,
    flush_count = count or math.huge, flush_bytes = options.flush_bytes or math.huge,
    buffered = options.buffered or false,
    samples = (options.sample or 0) > 0 and samples.new(options.sample) or nil }, Recorder)
end

-- What is kept of one call, and its bytes.
local function part_of(self, x)
  if self.buffered then
    local part = fail.try(x:copy())
    return part, part:bytes()
  end
  local part = fail.try(core.observer(self.kind, { channels = self.channels }))
  self.parts[#self.parts + 1] = part -- here it is closed whatever happens
  fail.try(part:update(x))
  self.parts[#self.parts] = nil
  return part, 4 * (self.kind == "range" and 2 or self.channels)
end

local function see(self, x)
  if self.samples then self.samples:update(x) end
  if self.flush_count == 1 and not self.buffered then
    fail.try(self.observer:update(x))
    return true
  end
  local part, bytes = part_of(self, x)
  self.parts[#self.parts + 1] = part
  self.bytes = self.bytes + bytes
  if #self.parts >= self.flush_count or self.bytes >= self.flush_bytes then self:flush() end
  return true
end

--- Takes in what flows into the layer.  A failure is remembered and raised.
---@param x vise.Tensor  f32 [..., channels]
function Recorder:see(x)
  local ok, message, id = fail.catch(see, self, x)
  if ok then return end
  self.message, self.id = self.message or message, self.id or id
  fail.try(nil, message, id)
end

--- Merges what has been kept.
function Recorder:flush()
  for i, part in ipairs(self.parts) do
    if self.buffered then fail.try(self.observer:update(part)) else fail.try(self.observer:merge(part)) end
    part:close()
    self.parts[i] = false
  end
  self.parts, self.bytes = {}, 0
end

--- The rows that were kept, as one tensor.
---@return vise.Tensor?
function Recorder:sampled()
  if not self.samples or self.samples.seen == 0 then return nil end
  return self.samples:result()
end

--- Frees everything.
function Recorder:close()
  self.observer:close()
  for _, part in ipairs(self.parts) do
    if part then part:close() end
  end
  if self.samples then self.samples:close() end
  self.parts = {}
end

return M
