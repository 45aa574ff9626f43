--- Per-group scale search in the plainest way: the oracle of core.encode's `search`.

local core = require "vise.core"

local M = {}

local function bf16(x)
  local bits = string.unpack("<I4", string.pack("<f", x))
  local rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000
  return (string.unpack("<f", string.pack("<I4", rounded & 0xffffffff)))
end

-- To nearest, ties to even, of a value far below 2^51.
local function round(x)
  return x + 6755399441055744.0 - 6755399441055744.0
end

-- The codes' values for a group with one scale, and their squared error.
local function try_scale(group, s)
  local values, sum = {}, 0
  for i, w in ipairs(group) do
    local q = math.max(-8, math.min(7, round(w / s)))
    values[i] = q * s
    sum = sum + (values[i] - w) ^ 2
  end
  return values, sum
end

--- Decoded values of signed 4-bit codes in groups: of 41 ratios 0.60, 0.61, ... 1.00 of max / 7, the
--- one with the least squared error; scales are rounded to bf16 before they are used.
---@param x vise.Tensor  f32 [rows, columns], columns a multiple of the group
---@param group integer
---@param first? integer  Of the ratios, in hundredths: 100 searches nothing.
---@return vise.Tensor   f32
function M.int4(x, group, first)
  local values, out = x:totable(), {}
  for start = 1, #values, group do
    local part = table.move(values, start, start + group - 1, 1, {})
    local top, best, least = 0, nil, math.huge
    for _, w in ipairs(part) do top = math.max(top, math.abs(w)) end
    for k = first or 60, 100 do
      local s = bf16(k / 100 * (top / 7))
      local decoded, sum = try_scale(part, s == 0 and 1 or s)
      if sum < least then best, least = decoded, sum end
    end
    table.move(best, 1, #best, start, out)
  end
  return core.tensor_of("f32", { x:shape() }, out)
end

return M
