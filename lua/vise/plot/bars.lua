--- Bars: one a row, its label on the left, its value on the right.

local axis = require "vise.plot.axis"
local colour = require "vise.plot.colour"
local fail = require "vise.fail"
local finite = require "vise.finite"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local text = require "vise.text"
local values = require "vise.plot.values"

local M = {}

local EIGHTHS = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" }
local LEAST_BAR = 4 -- columns that a bar has at least where it fits

-- { label, value } pairs from what was given.
local function rows_of(data, labels)
  local rows = {}
  if values.is_tensor(data) then data = data:totable() end
  if type(data) ~= "table" then
    fail.raise("E-TN-14", "plot.bars takes a tensor, numbers or { label, value } pairs, got a %s", type(data))
  end
  for i, row in ipairs(data) do
    local label, value = labels and labels[i] or i, row
    if type(row) == "table" then label, value = row.label or row[1], row.value or row[2] end
    if type(value) ~= "number" then
      fail.raise("E-TN-14", "plot.bars: row %d has a %s, expected a number", i, type(value))
    end
    rows[i] = { tostring(label), value + 0.0 }
  end
  return rows
end

-- The part of the width that a value takes: from 0, or from the least of a logarithmic axis.
local function scale_of(rows, log)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row[2] end
  local lo, hi = values.range(list, log)
  if not lo then return function() return 0, 0 end end
  if log then
    local a = axis.new(lo / 2, hi, true) -- the least still shows
    return function(v) return 0, v > 0 and math.min(1, a:share(v)) or 0 end
  end
  lo, hi = math.min(0, lo), math.max(0, hi)
  if lo == hi then return function() return 0, 0 end end
  local half = hi / 2 - lo / 2 -- the whole may overflow
  local zero = half > 0 and -lo / 2 / half or 0
  return function(v) return zero, half > 0 and (v / 2 - lo / 2) / half or 0 end
end

-- A bar from zero to a share of the width.
local function bar(zero, share, wide, unicode)
  local from, to = math.min(zero, share) * wide, math.max(zero, share) * wide
  local first = (from + 0.5) // 1 | 0
  if zero > 0 or not unicode then
    local last = (to + 0.5) // 1 | 0
    if last == first and to > from then
      if share < zero and first > 0 then first = first - 1 else last = math.min(wide, first + 1) end
    end
    return (" "):rep(first) .. (unicode and "█" or "#"):rep(last - first)
  end
  local eighths = (to * 8 + 0.5) // 1 | 0
  if eighths == 0 and to > 0 then eighths = 1 end
  return ("█"):rep(eighths // 8) .. (EIGHTHS[eighths % 8] or "")
end

-- Labels, values and bars share the width; labels give way first, down to a third.
local function columns_of(rows, shown, options)
  local label, value = 0, 0
  for i, row in ipairs(rows) do
    row[1] = text.escape(row[1], not options.unicode)
    label, value = math.max(label, text.width(row[1])), math.max(value, text.width(shown[i]))
  end
  label = math.min(label, math.max(6, options.width - value - 4 - math.max(LEAST_BAR, options.width // 3)))
  return label, value, math.max(1, options.width - label - value - 2)
end

--- Numbers as bars, in the order given.
---@param data vise.Tensor|number[]|table[]  Numbers, or { label, value } pairs.
---@param options? vise.PlotOptions|table  labels, log, unit, most = rows shown
---@return string
function M.bars(data, options)
  options = options_of.check("bars", options, { labels = { "table" }, log = { "boolean" }, unit = { "string" },
    most = { "integer", 1, 100000 } })
  local rows = rows_of(data, options.labels)
  local all = #rows
  if all == 0 then return frame.empty(options) end
  for i = #rows, (options.most or #rows) + 1, -1 do rows[i] = nil end
  local shown, unit = {}, options.unit and " " .. frame.label(options.unit, 10, options.unicode) or ""
  for i, row in ipairs(rows) do shown[i] = axis.number(row[2]) .. (finite.is(row[2]) and unit or "") end
  local label, value, wide = columns_of(rows, shown, options)
  local place, lines = scale_of(rows, options.log), {}
  if options.title then lines[1] = frame.label(options.title, options.width, options.unicode) end
  for i, row in ipairs(rows) do
    local name = text.elide(row[1], label, options.unicode)
    local zero, share = place(row[2])
    local drawn = finite.is(row[2]) and bar(zero, share, wide, options.unicode) or ""
    lines[#lines + 1] = ("%s%s %s%s %s"):format(name, (" "):rep(label - text.width(name)),
      colour.paint(drawn, colour.series(1), options.colour), (" "):rep(wide - text.width(drawn)),
      (" "):rep(value - text.width(shown[i])) .. shown[i])
  end
  if all > #rows then lines[#lines + 1] = ("%d more"):format(all - #rows) end
  return table.concat(lines, "\n") .. "\n"
end

return M
