--- Recorders: how one layer's observer is fed.
---
--- streaming   each call gives one small statistic; they are merged when there are `flush_count` of
---             them or they take `flush_bytes`
--- buffered    the inputs themselves are kept until then: more memory, the same result
---
--- Merging largest and smallest values is exact, and sums are kept in the order of the rows (a
--- recorder of them streams every call), so the result has the same bits for every threshold.

local core = require "vise.core"
local fail = require "vise.fail"
local samples = require "vise.algorithms.samples"

local M = {}

---@class vise.RecorderOptions
---@field flush_count? integer  Calls between merges; 1 when streaming and no bytes are given.
---@field flush_bytes? integer  Bytes between merges.
---@field buffered? boolean
---@field keep? integer         Of the observer top: how many.
---@field rate? number          Of a moving average.
---@field sample? integer       Rows of the input to keep, spread evenly over all; 0 if not given.

---@class vise.Recorder
---@field observer? vise.Observer
---@field message? string  Of the first failure.
---@field id? string
local Recorder = {}
Recorder.__index = Recorder

local known = { flush_count = "integer", flush_bytes = "integer", buffered = "boolean", sample = "integer",
  keep = "integer", rate = "number" }

--- Raises for options that are none.
---@param options? vise.RecorderOptions
function M.check(options)
  for key, value in pairs(options or {}) do
    local kind = known[key]
    if not kind then fail.raise("E-OB-14", "unknown option '%s' of an observer", tostring(key)) end
    local fits = (kind == "boolean" or kind == "number") and type(value) == kind
      or kind == "integer" and math.type(value) == "integer" and value >= (key == "sample" and 0 or 1)
    if not fits then fail.raise("E-OB-14", "option '%s' of an observer is %s", key, tostring(value)) end
  end
end

local HISTOGRAM_BYTES = 8 * 4098

-- Kinds whose merging is exact, with the bytes of a small statistic.
local exact = {
  range = function() return 8 end,
  channel_span = function(channels) return 4 * channels end,
  histogram = function() return HISTOGRAM_BYTES end,
  token_span = function() return HISTOGRAM_BYTES end,
  top = function(_, keep) return 16 * (keep or 16) end,
}

---@param kind vise.ObserverKind
---@param channels integer
---@param options? vise.RecorderOptions
---@return vise.Recorder
function M.new(kind, channels, options)
  options = options or {}
  local shape = { channels = channels, keep = options.keep, rate = options.rate }
  fail.try(core.observer(kind, { channels = 1, keep = shape.keep, rate = shape.rate })):close() -- raises if wrong
  local count = options.flush_count
  if not count and not options.flush_bytes and not options.buffered then count = 1 end
  if not exact[kind] and not options.buffered then count = 1 end -- sums follow the order of the rows
  return setmetatable({ kind = kind, shape = shape, parts = {}, bytes = 0,
    flush_count = count or math.huge, flush_bytes = options.flush_bytes or math.huge,
    buffered = options.buffered or false,
    samples = (options.sample or 0) > 0 and samples.new(options.sample) or nil }, Recorder)
end

-- The observer, made when it is first needed: one of moments is large, and a layer that shares
-- another's needs none.
local function opened(self)
  self.observer = self.observer or fail.try(core.observer(self.kind, self.shape))
  return self.observer
end

-- What is kept of one call, and its bytes.
local function part_of(self, x)
  if self.buffered then
    local part = fail.try(x:copy())
    return part, part:bytes()
  end
  local part = fail.try(core.observer(self.kind, self.shape))
  self.parts[#self.parts + 1] = part -- here it is closed whatever happens
  fail.try(part:update(x))
  self.parts[#self.parts] = nil
  return part, exact[self.kind](self.shape.channels, self.shape.keep)
end

local function see(self, x)
  if self.samples then self.samples:update(x) end
  if self.flush_count == 1 and not self.buffered then
    fail.try(opened(self):update(x))
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
---@return vise.Observer
function Recorder:flush()
  local observer = opened(self)
  for i, part in ipairs(self.parts) do
    if self.buffered then fail.try(observer:update(part)) else fail.try(observer:merge(part)) end
    part:close()
    self.parts[i] = false
  end
  self.parts, self.bytes = {}, 0
  return observer
end

--- The rows that were kept, as one tensor.
---@return vise.Tensor?
function Recorder:sampled()
  if not self.samples or self.samples.seen == 0 then return nil end
  return self.samples:result()
end

--- Frees everything.
function Recorder:close()
  if self.observer then self.observer:close() end
  for _, part in ipairs(self.parts) do
    if part then part:close() end
  end
  if self.samples then self.samples:close() end
  self.parts = {}
end

return M
