--- The heat map: a matrix as blocks of colour, or of letters that grow denser.

local axis = require "vise.plot.axis"
local Canvas = require "vise.plot.canvas"
local colour = require "vise.plot.colour"
local core = require "vise.core"
local fail = require "vise.fail"
local finite = require "vise.finite"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local text = require "vise.text"
local values = require "vise.plot.values"

local M = {}

local HEIGHT = 16
local SHADES = { " ", "░", "▒", "▓", "█" }
local DENSER = { " ", ".", ":", "-", "=", "+", "*", "#", "%", "@" }

-- A matrix from lists of rows, or a tensor as it is.
local function matrix(x)
  if values.is_tensor(x) then return x end
  if type(x) ~= "table" then fail.raise("E-TN-14", "plot.heatmap takes a matrix, got a %s", type(x)) end
  local flat, columns = {}, nil
  for r, row in ipairs(x) do
    values.numbers("heatmap", row)
    columns = columns or #row
    if #row ~= columns then
      fail.raise("E-TN-08", "plot.heatmap: row %d has %d values, the first has %d", r, #row, columns)
    end
    table.move(row, 1, #row, #flat + 1, flat)
  end
  return core.tensor_of("f64", { #x, columns or 0 }, flat)
end

local function sizes(t)
  local shape = { t:shape() }
  local columns = #shape > 0 and shape[#shape] or 1
  return columns > 0 and t:count() // columns or 0, columns
end

-- Where a value lies on the ramp; nil if it is no number.
local function share_of(v, a)
  if not finite.is(v) then return nil end
  if a.log and v <= 0 then return 0 end
  return math.max(0, math.min(1, a:share(v)))
end

-- Two values a cell, one above the other, as the colours of the letter and of what is behind it.
local function half_blocks(canvas, map, rows, columns, a, depth)
  local function sgr(i, j, back)
    if i > rows then return nil end
    local share = share_of(map[(i - 1) * columns + j], a)
    if not share then return back and "41" or "31" end
    local r, g, b = colour.ramp(share)
    return colour.rgb(r, g, b, depth, back)
  end
  for i = 1, rows, 2 do
    for j = 1, columns do
      local below = sgr(i + 1, j, true)
      canvas:put(j, (i + 1) // 2, "▀", sgr(i, j, false) .. (below and ";" .. below or ""))
    end
  end
end

local function letters(canvas, map, rows, columns, a, ramp)
  for i = 1, rows do
    for j = 1, columns do
      local share = share_of(map[(i - 1) * columns + j], a)
      local letter = share and ramp[math.min(#ramp, (share * #ramp) // 1 + 1 | 0)] or "?"
      canvas:put(j, i, letter, not share and colour.warning or nil)
    end
  end
end

-- The ramp between its ends, or below them where it is narrow.
local function legend(a, ramp, options)
  local bar = ramp
  if not ramp then
    bar = {}
    for i = 1, 10 do
      local r, g, b = colour.ramp((i - 0.5) / 10)
      bar[i] = colour.paint("█", colour.rgb(r, g, b, options.colour, false), options.colour)
    end
  end
  local lo, hi = axis.number(a.lo), axis.number(a.hi) .. (a.log and " (log)" or "")
  local drawn = "[" .. table.concat(bar) .. "]"
  if #lo + #hi + #bar + 4 <= options.width then return { ("%s %s %s"):format(lo, drawn, hi) } end
  return { drawn, text.elide(("%s to %s"):format(lo, hi), options.width) }
end

-- Labels of the first, a middle and the last of n places.
local function ends(n, cells)
  local list = { { 1, "1" } }
  if cells > 1 then list[2] = { cells, tostring(n) } end
  return list
end

local function range(map, options)
  if options.range then return values.check_range("heatmap", options.range) end
  local lo, hi = values.range(map, options.log)
  if not lo then return nil end
  if not options.log and lo > 0 then lo = 0 end
  return lo, lo == 0 and hi == 0 and 1 or hi
end

local function words_of(map, rows, columns, options)
  local words = { ("%s x %s"):format(values.grouped(rows), values.grouped(columns)), "each cell: " .. options.what }
  local _, _, odd = values.range(map)
  if odd > 0 then words[3] = values.grouped(odd) .. " not finite (?)" end
  return words
end

--- A matrix, or a tensor as one: every cell stands for a block of it.
---@param x vise.Tensor|number[][]
---@param options? vise.PlotOptions|table  what = "absmax", "max", "mean", "min"; log; range = { lo, hi }; rows and
---columns: names of the axes
---@return string
function M.heatmap(x, options)
  options = options_of.check("heatmap", options, { what = { "choice", "absmax", "max", "mean", "min" },
    log = { "boolean" }, range = { "table" }, rows = { "string" }, columns = { "string" } })
  options.what = options.what or "absmax"
  local t = matrix(x)
  local rows, columns = sizes(t)
  if rows == 0 or columns == 0 then return frame.empty(options) end
  local halves = options.unicode and options.colour >= 256
  local high = math.min(rows, (options.height or HEIGHT) * (halves and 2 or 1))
  local left = { [1] = "1" }
  local canvas_rows = halves and (high + 1) // 2 or high
  if canvas_rows > 1 then left[canvas_rows] = tostring(rows) end
  local wide = math.min(columns, options.width - frame.margin(left))
  local blocks <close> = fail.try(t:blocks(high, wide, options.what))
  local map = blocks:totable()
  local lo, hi = range(map, options)
  local canvas = Canvas.new(wide, canvas_rows, false)
  local a, ramp = axis.new(lo or 0, hi or 1, options.log and lo ~= nil), nil
  if halves then
    half_blocks(canvas, map, high, wide, a, options.colour)
  else
    ramp = options.unicode and SHADES or DENSER
    letters(canvas, map, high, wide, a, ramp)
  end
  local below = lo and legend(a, ramp, options) or {}
  local words = frame.fold(words_of(map, rows, columns, options), options.width)
  table.move(words, 1, #words, #below + 1, below)
  if options.columns then table.insert(below, 1, frame.label(options.columns, options.width, options.unicode)) end
  local above = options.rows and { frame.label(options.rows, options.width, options.unicode) }
  return frame.render({ canvas = canvas, left = left, under = ends(columns, wide), above = above, below = below },
    options)
end

return M
