--- Colours of pictures as the terminal's own sequences.

local M = {}

local SERIES = { "36", "33", "35", "32", "31", "94" }
-- Dark blue over green to yellow: as bright as the value, and told apart by the colour-blind.
local ANCHORS = { { 68, 1, 84 }, { 59, 82, 139 }, { 33, 145, 140 }, { 94, 201, 98 }, { 253, 231, 37 } }
local FEW_GREYS = { "30", "90", "37", "97" }

M.warning = "31"
M.faint = "2"

--- The colour of the i-th thing drawn.
---@param i integer
---@return string
function M.series(i)
  return SERIES[(i - 1) % #SERIES + 1]
end

--- Text in a colour; as it is without one.
---@param s string
---@param sgr? string
---@param depth integer
---@return string
function M.paint(s, sgr, depth)
  if not sgr or depth == 0 or s == "" then return s end
  return ("\27[%sm%s\27[0m"):format(sgr, s)
end

-- A channel of 0 to 255 as a level of the cube of 216 colours.
local function level(v)
  return v < 48 and 0 or v < 115 and 1 or (v - 35) // 40
end

--- A colour as a sequence's parameters.
---@param r integer
---@param g integer
---@param b integer
---@param depth integer
---@param back boolean  Behind the letter.
---@return string
function M.rgb(r, g, b, depth, back)
  local where = back and 48 or 38
  if depth > 256 then return ("%d;2;%d;%d;%d"):format(where, r, g, b) end
  if depth == 256 then
    if r == g and g == b and r >= 4 and r < 247 then return ("%d;5;%d"):format(where, 232 + (r - 3) * 24 // 245) end
    return ("%d;5;%d"):format(where, 16 + 36 * level(r) + 6 * level(g) + level(b))
  end
  local grey = (r * 299 + g * 587 + b * 114) // 1000
  local code = tonumber(FEW_GREYS[grey // 64 + 1])
  return tostring(back and code + 10 or code)
end

--- The colour of a share of the way from least to most.
---@param share number  0 to 1
---@return integer r
---@return integer g
---@return integer b
function M.ramp(share)
  local at = math.max(0, math.min(1, share)) * (#ANCHORS - 1)
  local i = math.min(#ANCHORS - 2, at // 1 | 0)
  local rest, out = at - i, {}
  for c = 1, 3 do
    out[c] = (ANCHORS[i + 1][c] + (ANCHORS[i + 2][c] - ANCHORS[i + 1][c]) * rest + 0.5) // 1 | 0
  end
  return out[1], out[2], out[3]
end

return M
