--- Norms fused into the layers that read them, which leaves x / rms(x): a function that a rotation of
--- x passes through.
---
---   RMSNorm    (x / rms(x) o g) W' = x / rms(x) (W diag(g))'
---   LayerNorm  the same of c(x) = x - mean(x), and its shift t goes into the bias: b + W t
---
--- c passes through whatever is added to x: it is taken at the writers and the embeddings instead, whose
--- outputs then have no mean, and LayerNorm of such an x is RMSNorm.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

-- A vector of numbers in f64.
local function vector(work, name)
  local t <close> = work:tensor(name)
  return try(t:to "f64")
end

local function fill(value)
  return function(w)
    for i = 1, w:count() do w:set(i, value) end
  end
end

-- W t for the shift t of a norm, f64 [out], with the weight as it was.
local function shifted(work, layer, shift)
  local w <close> = work:tensor(layer .. ".weight")
  local wide <close> = try(w:to "f64")
  local transposed = work.stream.transposed[layer] or false
  local out, inputs = wide:shape()
  if transposed then out, inputs = inputs, out end
  local values, t, sums = wide:totable(), shift:totable(), {}
  for o = 1, out do
    local sum = 0.0
    for i = 1, inputs do
      sum = sum + t[i] * (transposed and values[(i - 1) * out + o] or values[(o - 1) * inputs + i])
    end
    sums[o] = sum
  end
  return try(core.tensor_of("f64", { out }, sums))
end

-- The shift of a norm goes into the bias of a layer, which is made if there is none.
local function add_shift(work, layer, shift)
  local more = shifted(work, layer, shift)
  local bias = layer .. ".bias"
  if not work:info(bias) then work:create(bias, { more:count() }) end
  work:change(bias, function(b)
    for i = 1, b:count() do b:set(i, b:get(i) + more:get(i)) end
  end)
end

-- Takes the mean out of what enters the stream.
local function center(work)
  local stream = work.stream
  for _, name in ipairs(stream.embeddings) do work:rotate(name, "in", { block = 1, center = true }) end
  for _, name in ipairs(stream.writers) do work:rotate(name, "out", { block = 1, center = true }) end
end

--- Fuses every norm of the stream.
---@param work vise.TransformWork
function M.norms(work)
  local stream = work.stream
  if stream.norm and work.settings[stream.norm] ~= "rms" then
    center(work)
    work:set(stream.norm, "rms")
  end
  for _, reader in ipairs(stream.readers) do
    local scale = vector(work, reader.norm .. ".weight")
    local shift = work:info(reader.norm .. ".bias") and vector(work, reader.norm .. ".bias")
    for _, layer in ipairs(reader.layers) do
      if shift then add_shift(work, layer, shift) end
      work:rotate(layer, "in", { block = 1, diagonal = scale })
    end
    work:change(reader.norm .. ".weight", fill(1))
    if shift then work:change(reader.norm .. ".bias", fill(0)) end
  end
end

--- Gives the head a matrix of its own where it is the embedding's.
---@param work vise.TransformWork
function M.untie(work)
  local head = work.stream.head
  if not (head and head.tied) then return end
  work:copy(head.name .. ".weight", work.stream.embeddings[1] .. ".weight")
  work:set(head.setting, false)
end

return M
