--- The published recipe's 16-bit arithmetic, for comparing with it: W~, factors, R, scales, quotients
--- and decoded values are each rounded to bf16.
---
--- Codes made here are ordinary codes, and decode as such; what the published figures measure is the
--- decoded value with every product rounded to bf16, which is what this codec's `decode` gives.

local core = require "vise.core"
local fail = require "vise.fail"
local groups = require "vise.algorithms.groups"

local try = fail.try

local M = {}

local THRESHOLDS = { 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5 } -- of f4e2m1: a code up for what lies above
local LARGE = 1e30     -- makes any difference of two bf16 numbers near these more than 1
local ROW_SCALE = 2688 -- the largest f8e4m3 times the largest f4e2m1
local F8_LARGEST = 448

-- In place.
local function round(t)
  local rounded <close> = try(t:to "bf16")
  try(rounded:to("f32", t))
end

-- 1 in the place of 0, in place.
local function repair(t)
  for i, v in ipairs(t:totable()) do
    if v == 0 then t:set(i, 1) end
  end
end

-- Nibbles as f32 [rows, columns] to bytes, the even column low.
local function pack(nibbles)
  local rows, columns = nibbles:shape()
  local pairs_of <close> = try(nibbles:reshape { rows * columns // 2, 2 })
  local even <close> = try(pairs_of:columns(1))
  local odd <close> = try(pairs_of:columns(2))
  local low <close> = try(even:copy())
  local high <close> = try(odd:copy())
  try(low:axpy(16, high, low))
  local bytes <close> = try(low:to "u8")
  return try(bytes:reshape { rows, columns // 2 })
end

local int4 = {}

function int4.encode(scheme, residual, indicator)
  local plain <close> = try(core.encode(scheme, residual))
  local scale = plain:tensors().scale
  local steps <close> = groups.spread(scale, indicator)
  local quotients <close> = try(residual:div(steps))
  round(quotients)
  local integers <close> = try(quotients:to "i8") -- 0 / 0, of a group of zeros, becomes 0
  local nibbles <close> = try(integers:to "f32")
  try(nibbles:add(8, nibbles))
  return { codes = pack(nibbles), scale = scale:copy() }
end

function int4.decode(coded)
  local values = try(coded:decode())
  round(values)
  return values
end

local nvfp4 = {}

-- The index of the nearest magnitude, the smaller one of two that are as near, and 8 more below 0.
local function float_nibbles(y)
  local negative <close> = try(y:mul(-LARGE))
  try(negative:clamp(0, 1, negative))
  local flipped <close> = try(y:mul(-1))
  local positive <close> = try(y:clamp(0, 3e38))
  try(flipped:clamp(0, 3e38, flipped))
  local size <close> = try(positive:add(flipped))
  local nibbles = try(size:mul(0))
  for i, threshold in ipairs(THRESHOLDS) do
    local above <close> = try(size:sub(threshold))
    try(above:mul(LARGE, above))
    try(above:clamp(0, 1, above))
    try(nibbles:add(above, nibbles))
    -- Only what does not become 0 has a sign.
    if i == 1 then try(negative:mul(above, negative)) end
  end
  return try(nibbles:axpy(8, negative, nibbles))
end

function nvfp4.encode(_, residual, indicator, group)
  local rows, columns = residual:shape()
  local all <close> = groups.indicator(columns, columns)
  local row <close> = groups.largest(residual, columns)
  round(row)
  try(row:div(ROW_SCALE, row))
  round(row)
  repair(row)
  local scaled <close> = groups.spread(row, all)
  try(residual:div(scaled, scaled))
  round(scaled)
  local steps <close> = groups.largest(scaled, group)
  round(steps)
  try(steps:div(6, steps))
  round(steps)
  try(steps:clamp(0, F8_LARGEST, steps))
  repair(steps)
  local wide <close> = groups.spread(steps, indicator)
  try(scaled:div(wide, scaled))
  round(scaled)
  local nibbles <close> = float_nibbles(scaled)
  local flat <close> = try(row:reshape { rows })
  return { codes = pack(nibbles), scale = try(steps:to "f8e4m3"), second = try(flat:to "bf16") }
end

function nvfp4.decode(coded)
  local rows, columns = coded:shape()
  local tensors = coded:tensors()
  local second = try(tensors.second:copy())
  for i = 1, rows do second:set(i, 1) end
  local inner <close> = try(core.coded(coded:scheme(), { rows, columns }, { codes = tensors.codes,
    scale = tensors.scale, second = second }))
  local values = try(inner:decode())
  round(values)
  local column <close> = try(tensors.second:reshape { rows, 1 })
  local all <close> = groups.indicator(columns, columns)
  local wide <close> = groups.spread(column, all)
  try(values:mul(wide, values))
  round(values)
  return values
end

local function encode(scheme, residual)
  local fields = scheme:fields()
  local group = fields.group
  local rows, columns = residual:shape()
  if columns % group ~= 0 then
    return fail.fail("E-PL-03", "emulate takes whole groups of %d inputs, the layer has %d", group, columns)
  end
  local indicator <close> = groups.indicator(columns, group)
  local how = fields.element == "f4e2m1" and nvfp4 or int4
  return core.coded(scheme, { rows, columns }, how.encode(scheme, residual, indicator, group))
end

--- The codec of this arithmetic; see vise.algorithms.refine.
---@param scheme vise.Scheme
---@return vise.Codec
function M.codec(scheme)
  local how = scheme:fields().element == "f4e2m1" and nvfp4 or int4
  return {
    encode = function(residual) return fail.catch(encode, scheme, residual) end,
    decode = function(coded) return fail.catch(how.decode, coded) end,
    round = round,
  }
end

return M
