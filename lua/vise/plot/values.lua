--- What a picture is made of: tensors and lists of numbers, read by the engine.

local axis = require "vise.plot.axis"
local core = require "vise.core"
local fail = require "vise.fail"
local finite = require "vise.finite"
local text = require "vise.text"

local M = {}

--- Is this a tensor?
function M.is_tensor(x)
  local meta = type(x) == "userdata" and getmetatable(x)
  return meta and meta.__name == "vise.tensor" or false
end

--- A list of numbers as it was given, each one a number.
---@param picture string
---@param list any
---@return number[]
function M.numbers(picture, list)
  if type(list) ~= "table" then
    fail.raise("E-TN-14", "plot.%s takes a tensor or a list of numbers, got a %s", picture, type(list))
  end
  for i = 1, #list do
    if type(list[i]) ~= "number" then
      fail.raise("E-TN-14", "plot.%s: value %d is a %s, expected a number", picture, i, type(list[i]))
    end
  end
  return list
end

--- A tensor of the values, nil if there are none, and whether they are whole numbers.
---@param picture string
---@param x vise.Tensor|number[]
---@return vise.Tensor?
---@return boolean? whole
function M.tensor(picture, x)
  if M.is_tensor(x) then
    local dtype = x:dtype()
    local whole = not not dtype:find "^[iu]%d"
    return x:count() > 0 and x or nil, whole
  end
  local list, whole = M.numbers(picture, x), true
  for i = 1, #list do whole = whole and math.type(list[i]) == "integer" end
  if #list == 0 then return nil end
  return core.tensor_of("f64", { #list }, list), whole
end

--- The largest and smallest number of a list that may be drawn; nil if none may.
---@param list number[]
---@param log? boolean  Only what is above 0 may.
---@return number? lo
---@return number? hi
---@return integer left_out
function M.range(list, log)
  local lo, hi, out = nil, nil, 0
  for i = 1, #list do
    local v = list[i]
    if not finite.is(v) or log and v <= 0 then
      out = out + 1
    else
      if not lo or v < lo then lo = v + 0.0 end
      if not hi or v > hi then hi = v + 0.0 end
    end
  end
  return lo, hi, out
end

--- 1234567 as "1,234,567".
function M.grouped(n)
  local s = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (s:gsub("^,", ""))
end

--- What is worth saying about all values.
---@param s table  The result of t:statistics().
---@return string[]
function M.words(s)
  local words = { M.grouped(s.count) .. (s.count == 1 and " value" or " values") }
  if s.finite > 0 then
    for _, name in ipairs { "min", "mean", "max", "std" } do
      words[#words + 1] = name .. " " .. axis.number(s[name])
    end
    if s.zeros > 0 then words[#words + 1] = ("zero %s %%"):format(axis.number(100 * s.zeros / s.count)) end
  end
  if s.nans > 0 then words[#words + 1] = M.grouped(s.nans) .. " NaN" end
  if s.infinities > 0 then words[#words + 1] = M.grouped(s.infinities) .. " infinite" end
  return words
end

--- Raises for a range that is none.
---@param picture string
---@param range any
---@return number lo
---@return number hi
function M.check_range(picture, range)
  local lo, hi = range[1], range[2]
  local fine = type(lo) == "number" and type(hi) == "number" and lo < hi and lo > -math.huge and hi < math.huge
  if not fine then
    fail.raise("E-TN-13", "plot.%s: range is { %s, %s }, expected two finite numbers, the smaller first", picture,
      text.escape(tostring(lo)), text.escape(tostring(hi)))
  end
  return lo, hi
end

return M
