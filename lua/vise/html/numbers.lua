--- Numbers as a page shows them.  Whatever is no number, or not finite, is shown and harms nothing.

local text = require "vise.text"

local M = {}

M.NONE = "–"

--- Is `v` a number that can be drawn?
M.is_finite = require("vise.finite").is

-- What stands for a value that is no finite number; nil for one that is.
local function odd(v)
  if M.is_finite(v) then return nil end
  if v == nil then return M.NONE end
  if v ~= v then return "NaN" end
  if v == math.huge then return "∞" end
  if v == -math.huge then return "-∞" end
  return type(v) == "userdata" and M.NONE or tostring(v)
end

--- Digits in groups of three: "1,234,567".
---@param v any
---@return string
function M.integer(v)
  local other = odd(v)
  if other then return other end
  local digits = ("%.0f"):format(v)
  local sign, rest = digits:match "^(%-?)(%d+)$"
  return sign .. rest:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
end

--- Four significant digits.
---@param v any
---@return string
function M.short(v)
  return odd(v) or (math.type(v) == "integer" and math.abs(v) < 1e6) and M.integer(v) or ("%.4g"):format(v)
end

--- Two decimals.
---@param v any
---@return string
function M.fixed(v)
  return odd(v) or math.abs(v) >= 1e7 and ("%.4g"):format(v) or ("%.2f"):format(v)
end

--- A share of 1 in percent, with the digits that it deserves.
---@param v any
---@return string
function M.percent(v)
  local other = odd(v)
  if other then return other end
  local p = 100 * v
  local size = math.abs(p)
  if size == 0 then return "0 %" end
  if size < 0.001 or size >= 1e5 then return ("%.1e %%"):format(p) end
  return (size < 0.1 and "%.4f %%" or size < 10 and "%.2f %%" or "%.1f %%"):format(p)
end

--- A share of 1 in percent, short, for ticks.
---@param v number
---@return string
function M.percent_tick(v)
  return M.tick(100 * v) .. " %"
end

--- "1.5 MiB".
---@param v any
---@return string
function M.bytes(v)
  return odd(v) or text.bytes(v)
end

--- "12 s", "3:05".
---@param v any
---@return string
function M.seconds(v)
  return odd(v) or text.seconds(v)
end

--- "128 × 512".
---@param shape any
---@return string
function M.shape(shape)
  if type(shape) ~= "table" then return M.NONE end
  if #shape == 0 then return "scalar" end
  local words = {}
  for i, d in ipairs(shape) do words[i] = tostring(d) end
  return table.concat(words, " × ")
end

--- A short form for ticks: "20k", "1.5M", "0.02".
---@param v number
---@return string
function M.tick(v)
  for _, step in ipairs { { 1e9, "G" }, { 1e6, "M" }, { 1e4, "k", 1e3 } } do
    local unit = step[3] or step[1]
    if math.abs(v) >= step[1] and math.abs(v) < 1e12 then return ("%.4g%s"):format(v / unit, step[2]) end
  end
  return (("%.4g"):format(v):gsub("e([-+])0+", "e%1"))
end

return M
