--- Values as text for people: what the prompt prints.

local text = require "vise.text"

local M = {}

local MAX_ENTRIES, MAX_LEVELS, MAX_ROWS, MAX_COLUMNS = 10, 2, 6, 8

local function number(v)
  if math.type(v) == "integer" then return tostring(v) end
  return ("%.6g"):format(v)
end

local function is_tensor(v)
  local meta = type(v) == "userdata" and getmetatable(v)
  return meta and meta.__name == "vise.tensor"
end

-- The corner of a tensor as aligned rows, then what all of it is like.
local function tensor(t)
  if t:closed() then return tostring(t) end
  local rows, columns = 1, t:count()
  local shape = { t:shape() }
  if #shape >= 2 then
    columns = shape[#shape]
    rows = columns > 0 and t:count() // columns or 0
  end
  local shown = {}
  for r = 1, math.min(rows, MAX_ROWS) do
    local cells = {}
    for c = 1, math.min(columns, MAX_COLUMNS) do
      local v = t:get((r - 1) * columns + c)
      cells[c] = math.type(v) == "integer" and v or ("%9.4g"):format(v)
    end
    if columns > MAX_COLUMNS then cells[#cells + 1] = "..." end
    shown[r] = cells
  end
  local out = { tostring(t), "\n", text.columns(shown, "  ") }
  if rows > MAX_ROWS then out[#out + 1] = "  ...\n" end
  if rows > MAX_ROWS or columns > MAX_COLUMNS then
    local s = t:statistics()
    out[#out + 1] = ("  min %.4g  mean %.4g  max %.4g  std %.4g"):format(s.min, s.mean, s.max, s.std)
    if s.zeros > 0 then out[#out + 1] = ("  zeros %.1f %%"):format(100 * s.zeros / s.count) end
    if s.nans + s.infinities > 0 then
      out[#out + 1] = ("  %d NaN, %d infinite"):format(s.nans, s.infinities)
    end
    out[#out + 1] = "\n"
  end
  return table.concat(out):gsub("\n$", "")
end

-- Keys in an order that people expect: 1, 2, ..., then names.
local function sorted_keys(t)
  local keys = {}
  for key in next, t do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local an, bn = type(a) == "number", type(b) == "number"
    if an ~= bn then return an end
    if an then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function entry_key(key, position)
  if key == position then return "" end
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key .. " = " end
  return ("[%s] = "):format(type(key) == "string" and ("%q"):format(text.escape(key)) or tostring(key))
end

local function render(v, level)
  if type(v) == "number" then return number(v) end
  if type(v) == "string" then return '"' .. text.escape(v) .. '"' end
  if is_tensor(v) then return level == 0 and tensor(v) or text.escape(tostring(v)) end
  local meta = getmetatable(v)
  if type(v) ~= "table" or type(meta) == "table" and meta.__tostring then
    return text.escape_lines(tostring(v))
  end
  local keys = sorted_keys(v)
  if #keys == 0 then return "{}" end
  if level >= MAX_LEVELS then return ("{ ... %d }"):format(#keys) end
  local parts, indent = {}, ("  "):rep(level + 1)
  for i = 1, math.min(#keys, MAX_ENTRIES) do
    parts[i] = indent .. entry_key(keys[i], i) .. render(rawget(v, keys[i]), level + 1)
  end
  if #keys > MAX_ENTRIES then parts[#parts + 1] = ("%s... %d more"):format(indent, #keys - MAX_ENTRIES) end
  return ("{\n%s\n%s}"):format(table.concat(parts, ",\n"), ("  "):rep(level))
end

--- One value as text, several lines if need be: tables two levels deep, ten entries each.
---@param v any
---@return string
function M.value(v)
  return render(v, 0)
end

return M
