--- Lines: one or several series over a common axis.

local axis = require "vise.plot.axis"
local Canvas = require "vise.plot.canvas"
local colour = require "vise.plot.colour"
local fail = require "vise.fail"
local finite = require "vise.finite"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local values = require "vise.plot.values"

local M = {}

local HEIGHT = 12
local LETTERS = { "*", "+", "o", "x", "#", "@" }
local LONG = 8192 -- a tensor of more elements is drawn from the least and the most of each column

---@class vise.Series
---@field name? string
---@field y number[]|vise.Tensor
---@field x? number[]

-- A tensor too long to be a list: two values a column, so that no peak is lost.
local function shortened(t, columns)
  local flat <close> = t:reshape { 1, -1 }
  local n = t:count()
  local least <close> = fail.try(flat:blocks(1, columns, "min"))
  local most <close> = fail.try(flat:blocks(1, columns, "max"))
  local x, y = {}, {}
  for i = 1, columns do
    x[2 * i - 1], x[2 * i] = 1 + (i - 1) * n / columns, 1 + (i - 0.5) * n / columns
    y[2 * i - 1], y[2 * i] = least:get(i), most:get(i)
  end
  return x, y
end

local function list_of(picture, v, columns)
  if not values.is_tensor(v) then return nil, values.numbers(picture, v) end
  if v:count() > LONG then return shortened(v, columns) end
  return nil, v:totable()
end

-- One series with both coordinates.
local function series_of(s, i, columns)
  local x, y = list_of("line", s.y, columns)
  if s.x then
    local _, given = list_of("line", s.x, columns)
    if #given ~= #y then
      fail.raise("E-TN-08", "plot.line: series %d has %d x and %d y", i, #given, #y)
    end
    x = given
  end
  if not x then
    x = {}
    for k = 1, #y do x[k] = k end
  end
  return { name = s.name, x = x, y = y }
end

local function all_series(data, columns)
  if type(data) == "table" and type(data[1]) == "table" or type(data) == "table" and data.y then
    local list = {}
    for i, s in ipairs(data.y and { data } or data) do
      if type(s) ~= "table" or s.y == nil then
        fail.raise("E-TN-14", "plot.line: series %d has no y = { ... }", i)
      end
      list[i] = series_of(s, i, columns)
    end
    return list
  end
  return { series_of({ y = data }, 1, columns) }
end

local function joint_range(list, key, log)
  local lo, hi
  for _, s in ipairs(list) do
    local a, b = values.range(s[key], log)
    if a then lo, hi = math.min(lo or a, a), math.max(hi or b, b) end
  end
  return lo, hi
end

local function drawable(v, log)
  return finite.is(v) and not (log and v <= 0)
end

-- Draws one series; says how many of its points could not be, and where the others are.
local function draw(canvas, s, ax, ay, letter, sgr)
  local px, py, left_out, drawn = nil, nil, 0, {}
  for i = 1, #s.y do
    if drawable(s.x[i], ax.log) and drawable(s.y[i], ay.log) then
      local x = (ax:share(s.x[i]) * (canvas.dots_wide - 1) + 0.5) // 1 | 0
      local y = (ay:share(s.y[i]) * (canvas.dots_high - 1) + 0.5) // 1 | 0
      canvas:segment(px or x, py or y, x, y, letter, sgr)
      px, py, drawn[#drawn + 1] = x, y, { x, y }
    else
      px, py, left_out = nil, nil, left_out + 1
    end
  end
  return left_out, drawn
end

-- Numbers the lines, each near its end: colours alone would not do.
local function number(canvas, drawn)
  for i, places in ipairs(drawn) do
    local at = places[math.max(1, (#places * (1 - 0.1 * (i - 1))) // 1 | 0)]
    if at then canvas:put(at[1] // 2 + 1, canvas.rows - at[2] // 4, tostring(i), colour.series(i)) end
  end
end

local function legend(list, braille, options)
  local words = {}
  for i, s in ipairs(list) do
    if #list > 1 or s.name then
      local sign = #list > 1 and braille and tostring(i) or braille and "⠶" or LETTERS[(i - 1) % #LETTERS + 1]
      words[#words + 1] = { sign .. " " .. frame.label(s.name or "series " .. i, 30, options.unicode),
        colour.series(i) }
    end
  end
  return words
end

--- Values over their number, or over x.
---@param data number[]|vise.Tensor|vise.Series|vise.Series[]
---@param options? vise.PlotOptions|table  log_x, log_y, x and y: names of the axes
---@return string
function M.line(data, options)
  options = options_of.check("line", options, { log_x = { "boolean" }, log_y = { "boolean" }, x = { "string" },
    y = { "string" } })
  local list = all_series(data, options.width - 8)
  local x_lo, x_hi = joint_range(list, "x", options.log_x)
  local y_lo, y_hi = joint_range(list, "y", options.log_y)
  if not x_lo or not y_lo then return frame.empty(options) end
  local ax, ay = axis.new(x_lo, x_hi, options.log_x), axis.new(y_lo, y_hi, options.log_y)
  local rows = options.height or HEIGHT
  -- Without colours Braille cannot tell series apart.
  local braille = options.unicode and (options.colour > 0 or #list == 1)
  local dots = braille and 4 or 1
  local left = frame.left(ay, rows, function(share) return rows - ((share * (dots * rows - 1) + 0.5) // dots | 0) end)
  local canvas, left_out, drawn = Canvas.new(options.width - frame.margin(left), rows, braille), 0, {}
  for i, s in ipairs(list) do
    local lost
    lost, drawn[i] = draw(canvas, s, ax, ay, LETTERS[(i - 1) % #LETTERS + 1], colour.series(i))
    left_out = left_out + lost
  end
  if braille and #list > 1 then number(canvas, drawn) end
  local under = frame.under(ax, canvas.columns, function(share)
    return (share * (canvas.columns - 1) + 0.5) // 1 + 1 | 0
  end)
  local below = frame.fold(legend(list, braille, options), options.width, options.colour)
  if options.x then table.insert(below, 1, frame.label(options.x, options.width, options.unicode)) end
  if left_out > 0 then below[#below + 1] = ("%s not drawn"):format(values.grouped(left_out)) end
  local above = options.y and { frame.label(options.y, options.width, options.unicode) }
  return frame.render({ canvas = canvas, left = left, under = under, above = above, below = below }, options)
end

return M
