--- Points in the plane, and which of them no other beats: the Pareto front.

local axis = require "vise.plot.axis"
local Canvas = require "vise.plot.canvas"
local colour = require "vise.plot.colour"
local fail = require "vise.fail"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local text = require "vise.text"
local values = require "vise.plot.values"

local M = {}

local HEIGHT, LONGEST_LABEL = 14, 24

-- Points as { x, y, label }, without those that cannot be drawn.
local function points_of(data, options)
  if type(data) ~= "table" then
    fail.raise("E-TN-14", "plot.scatter takes a list of { x, y, label }, got a %s", type(data))
  end
  local points, left_out = {}, 0
  for i, p in ipairs(data) do
    local x, y = type(p) == "table" and (p.x or p[1]), type(p) == "table" and (p.y or p[2])
    if type(x) ~= "number" or type(y) ~= "number" then
      fail.raise("E-TN-14", "plot.scatter: point %d is not { x, y } of two numbers", i)
    end
    local fits = values.range({ x }, options.log_x) and values.range({ y }, options.log_y)
    if fits then
      local label = p.label or p[3]
      points[#points + 1] = { x = x + 0.0, y = y + 0.0, label = label ~= nil and tostring(label) or nil }
    else
      left_out = left_out + 1
    end
  end
  return points, left_out
end

--- Marks the points of the front: going along x from the better end, each y that is better than all
--- before it.
local function mark_front(points, better)
  local sign_x, sign_y = better.x == "higher" and -1 or 1, better.y == "higher" and -1 or 1
  local sorted = table.move(points, 1, #points, 1, {})
  table.sort(sorted, function(a, b)
    if a.x ~= b.x then return sign_x * a.x < sign_x * b.x end
    return sign_y * a.y < sign_y * b.y
  end)
  local best, front = math.huge, {}
  for _, p in ipairs(sorted) do
    if sign_y * p.y < best then
      best, p.front = sign_y * p.y, true
      front[#front + 1] = p
    end
  end
  return front
end

local function check_better(better)
  for _, key in ipairs { "x", "y" } do
    if better[key] ~= nil and better[key] ~= "lower" and better[key] ~= "higher" then
      fail.raise("E-TN-13", "plot.scatter: better.%s is %s, expected lower or higher", key,
        text.escape(tostring(better[key])):sub(1, 40))
    end
  end
  return better
end

-- Writes a point's label beside it where nothing else is.
local function write_label(canvas, p, options)
  if not p.label then return end
  local label = frame.label(p.label, LONGEST_LABEL, options.unicode)
  local n = text.width(label)
  local sgr = p.front and colour.series(2) or nil
  local room = math.min(n + 2, canvas.columns - p.column)
  if room > n and canvas:free(p.column + 1, p.row, room) then
    canvas:write(p.column + 2, p.row, label, sgr)
  elseif canvas:free(p.column - n - 2, p.row, n + 2) then
    canvas:write(p.column - n - 1, p.row, label, sgr)
  elseif canvas:free(p.column - n // 2, p.row - 1, n) then
    canvas:write(p.column - n // 2, p.row - 1, label, sgr)
  end
end

local function draw(points, ax, ay, canvas, options)
  for _, p in ipairs(points) do
    p.column = (ax:share(p.x) * (canvas.columns - 1) + 0.5) // 1 + 1 | 0
    p.row = canvas.rows - ((ay:share(p.y) * (canvas.rows - 1) + 0.5) // 1 | 0)
  end
  local plain, best = options.unicode and "·" or ".", options.unicode and "●" or "*"
  -- The front comes last, above the others; labels only where they hide nothing.
  for _, front in ipairs { false, true } do
    for _, p in ipairs(points) do
      if (p.front or false) == front then
        canvas:put(p.column, p.row, front and best or plain, colour.series(front and 2 or 1))
      end
    end
  end
  for _, front in ipairs { true, false } do
    for _, p in ipairs(points) do
      if (p.front or false) == front then write_label(canvas, p, options) end
    end
  end
end

-- The front in words: what labels could not say.
local function front_words(front, options)
  local words = { (options.unicode and "●" or "*") .. " best:" }
  for _, p in ipairs(front) do
    local where = ("(%s, %s)"):format(axis.number(p.x), axis.number(p.y))
    words[#words + 1] = p.label and frame.label(p.label, LONGEST_LABEL, options.unicode) .. " " .. where or where
  end
  return words
end

--- Points, the best of them marked.
---@param data table[]  { x, y, label } each.
---@param options? vise.PlotOptions|table  better = { x = "lower", y = "lower" }: marks the Pareto front; log_x,
---log_y; x and y: names of the axes
---@return string
function M.scatter(data, options)
  options = options_of.check("scatter", options, { log_x = { "boolean" }, log_y = { "boolean" }, x = { "string" },
    y = { "string" }, better = { "table" } })
  local points, left_out = points_of(data, options)
  local words = left_out > 0 and { values.grouped(left_out) .. " not drawn" } or {}
  if #points == 0 then return frame.empty(options, words) end
  local xs, ys = {}, {}
  for i, p in ipairs(points) do xs[i], ys[i] = p.x, p.y end
  local x_lo, x_hi = values.range(xs)
  local y_lo, y_hi = values.range(ys)
  local ax, ay = axis.new(x_lo, x_hi, options.log_x), axis.new(y_lo, y_hi, options.log_y)
  local rows = options.height or HEIGHT
  local left = frame.left(ay, rows, function(share) return rows - ((share * (rows - 1) + 0.5) // 1 | 0) end)
  local canvas = Canvas.new(options.width - frame.margin(left), rows, false)
  local front = options.better and mark_front(points, check_better(options.better))
  draw(points, ax, ay, canvas, options)
  local under = frame.under(ax, canvas.columns, function(share)
    return (share * (canvas.columns - 1) + 0.5) // 1 + 1 | 0
  end)
  local below = frame.fold(words, options.width)
  if front then
    local lines = frame.fold(front_words(front, options), options.width)
    table.move(lines, 1, #lines, #below + 1, below)
  end
  if options.x then table.insert(below, 1, frame.label(options.x, options.width, options.unicode)) end
  local above = options.y and { frame.label(options.y, options.width, options.unicode) }
  return frame.render({ canvas = canvas, left = left, under = under, above = above, below = below }, options)
end

return M
