--- The published recipe's 16-bit arithmetic, for comparing with it: W~, factors, R, scales, quotients
--- and decoded values are each rounded to bf16.
---
--- Codes made here are ordinary codes, and decode as such; what the published figures measure is
--- the decoded value rounded to bf16, which is what this codec's `decode` gives.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

-- In place.
local function round(t)
  local rounded <close> = try(t:to "bf16")
  try(rounded:to("f32", t))
end

-- [rows, groups] -> [rows, groups * size]: each scale stands over its group.
local function spread(scales, size)
  local rows, groups = scales:shape()
  local wide <close> = try(scales:to "f32")
  local column <close> = try(wide:reshape { rows * groups, 1 })
  local ones <close> = try(core.tensor("f32", { 1, size }))
  for i = 1, size do ones:set(i, 1) end
  local matrix <close> = try(core.matmul(column, ones))
  return try(matrix:reshape { rows, groups * size })
end

-- Centred codes, -8 to 7, as bytes: two nibbles of code + 8, the even column low.
local function pack(codes)
  local rows, columns = codes:shape()
  local pairs_of <close> = try(codes:reshape { rows * columns // 2, 2 })
  local even <close> = try(pairs_of:columns(1))
  local odd <close> = try(pairs_of:columns(2))
  local low <close> = try(even:copy())
  local high <close> = try(odd:copy())
  try(low:axpy(16, high, low))
  try(low:add(8 + 16 * 8, low))
  local bytes <close> = try(low:to "u8")
  return try(bytes:reshape { rows, columns // 2 })
end

-- Integers of -7 to 7 from quotients; 0 / 0, of a group of zeros, becomes 0.
local function to_codes(quotients)
  local integers <close> = try(quotients:to "i8")
  return try(integers:to "f32")
end

local function encode(scheme, residual)
  local group = scheme:fields().group
  local rows, columns = residual:shape()
  if columns % group ~= 0 then
    return fail.fail("E-PL-03", "emulate takes whole groups of %d inputs, the layer has %d", group, columns)
  end
  local plain <close> = try(core.encode(scheme, residual))
  local scale = plain:tensors().scale
  local steps <close> = spread(scale, group)
  local quotients <close> = try(residual:div(steps))
  round(quotients)
  local codes <close> = to_codes(quotients)
  local packed <close> = pack(codes)
  return core.coded(scheme, { rows, columns }, { codes = packed, scale = scale })
end

--- The codec of this arithmetic; see vise.algorithms.refine.
---@param scheme vise.Scheme
---@return vise.Codec
function M.codec(scheme)
  return {
    encode = function(residual) return fail.catch(encode, scheme, residual) end,
    decode = function(coded)
      local values = try(coded:decode())
      round(values)
      return values
    end,
    round = round,
  }
end

return M
