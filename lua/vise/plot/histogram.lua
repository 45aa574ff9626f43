--- The histogram: columns of a height like the count, marks for clip points.

local axis = require "vise.plot.axis"
local Canvas = require "vise.plot.canvas"
local colour = require "vise.plot.colour"
local fail = require "vise.fail"
local frame = require "vise.plot.frame"
local options_of = require "vise.plot.options"
local values = require "vise.plot.values"

local M = {}

local HEIGHT, MOST_BINS = 10, 256
local EIGHTHS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local THIRDS = { ".", ":", "#" }

---@class vise.Histogram
---@field lo number
---@field hi number
---@field counts integer[]
---@field outside integer
---@field words string[]    About all values.

-- How whole numbers from `lo` to `hi` fall into bins: each as many of them as the others.
local function whole_bins(lo, hi, most)
  local levels = hi - lo + 1
  local each = math.ceil(levels / most)
  local bins = math.ceil(levels / each)
  return lo - 0.5, lo - 0.5 + bins * each, bins
end

--- The counts of a tensor.
---@param t vise.Tensor
---@param whole boolean
---@param most integer  Bins that fit.
---@param options table
---@return vise.Histogram? counted  nil: there is no finite value.
---@return string[] words
local function count(t, whole, most, options)
  local s = fail.try(t:statistics())
  local words = values.words(s)
  if s.finite == 0 then return nil, words end
  -- Few values in many bins would be a comb.
  local enough = math.min(most, math.max(8, 2 * math.ceil(math.sqrt(s.finite))))
  local lo, hi, bins = s.min + 0.0, s.max + 0.0, options.bins or enough
  if options.range then
    lo, hi = values.check_range("histogram", options.range)
  elseif whole and not options.bins and hi - lo < 2 ^ 53 then
    lo, hi, bins = whole_bins(lo, hi, most)
  end
  local a = axis.new(lo, hi)
  local counts, inside = fail.try(t:histogram(a.lo, a.hi, bins)), 0
  for _, n in ipairs(counts) do inside = inside + n end
  return { lo = a.lo, hi = a.hi, counts = counts, outside = s.finite - inside, words = words }, words
end

-- Counts that somebody made before: { lo, hi, counts, below, above, nan }.
local function given_counts(h)
  local sum = 0
  for i = 1, #h.counts do sum = sum + h.counts[i] end
  local outside = (h.below or 0) + (h.above or 0)
  local words = { values.grouped(sum + outside + (h.nan or 0)) .. " values" }
  if (h.nan or 0) > 0 then words[2] = values.grouped(h.nan) .. " NaN" end
  return { lo = h.lo, hi = h.hi, counts = h.counts, outside = outside, words = words }, words
end

-- The share of the height that a count takes.
local function height_of(n, most, log)
  if n == 0 then return 0 end
  if not log then return n / most end
  return math.log(2 * n) / math.log(2 * most) -- one still shows
end

-- A column of cells from the bottom, as high as `share`; what is there shows, however small.
local function pile(canvas, first, wide, share, unicode, sgr)
  if share <= 0 then return end
  local parts = unicode and EIGHTHS or THIRDS
  local full = math.max(1, (share * canvas.rows * #parts + 0.5) // 1 | 0)
  for r = 1, canvas.rows do
    local part = math.min(#parts, full - (r - 1) * #parts)
    if part <= 0 then break end
    for c = first, first + wide - 1 do canvas:put(c, canvas.rows - r + 1, parts[part], sgr) end
  end
end

-- Labels of the counts, by row.
local function count_labels(most, rows, log)
  local left, a = {}, axis.new(log and 0.5 or 0, most, log)
  for _, v in ipairs((a:ticks(math.max(2, rows // 3)))) do
    if v >= 1 and v % 1 == 0 then
      local row = rows - math.ceil(height_of(v, most, log) * rows - 1e-9) + 1
      if row >= 1 and row <= rows then left[row] = axis.count(v) end
    end
  end
  if not next(left) then left[1] = axis.count(most) end
  return left
end

-- The marks, each { value, label }, as columns of their own; those outside are only named.
local function draw_marks(canvas, marks, a, options)
  local under, words = {}, {}
  for _, mark in ipairs(marks or {}) do
    local v, name = mark, nil
    if type(mark) == "table" then v, name = mark[1], mark[2] end
    if type(v) ~= "number" then fail.raise("E-TN-13", "plot.histogram: a mark is a %s, expected a number", type(v)) end
    local share = a:share(v)
    words[#words + 1] = "^ " .. (name and frame.label(name, 30, options.unicode) .. " " or "") .. axis.number(v)
    if share >= 0 and share <= 1 then
      local c = math.min(canvas.columns, (share * canvas.columns) // 1 + 1 | 0)
      under[c] = true
      for r = 1, canvas.rows do
        if canvas:free(c, r, 1) then canvas:put(c, r, options.unicode and "┊" or ":", colour.warning) end
      end
    end
  end
  return under, words
end

-- The row of ^ below the axis; nil if no mark lies inside.
local function mark_line(under, columns, margin)
  local line = {}
  for c = 1, columns do line[c] = under[c] and "^" or " " end
  local s = table.concat(line):gsub("%s+$", "")
  return s ~= "" and (" "):rep(margin) .. s or nil
end

local function draw(h, options)
  local rows, most = options.height or HEIGHT, 1
  for _, n in ipairs(h.counts) do most = math.max(most, n) end
  local left = count_labels(most, rows, options.log)
  local room, bins = options.width - frame.margin(left), #h.counts
  local wide = math.max(1, room // bins)
  local canvas, a = Canvas.new(wide * bins, rows, false), axis.new(h.lo, h.hi)
  for i, n in ipairs(h.counts) do
    pile(canvas, (i - 1) * wide + 1, wide, height_of(n, most, options.log), options.unicode, colour.series(1))
  end
  local marked, words = draw_marks(canvas, options.marks, a, options)
  local under = frame.under(a, canvas.columns, function(share) return (share * canvas.columns) // 1 + 1 | 0 end)
  local all = table.move(h.words, 1, #h.words, 1, {})
  if h.outside > 0 then all[#all + 1] = values.grouped(h.outside) .. " outside" end
  table.move(words, 1, #words, #all + 1, all)
  local below = { mark_line(marked, canvas.columns, frame.margin(left)) }
  table.move(frame.fold(all, options.width), 1, #all, #below + 1, below)
  local unit = options.unit and { frame.label(options.unit, options.width, options.unicode) }
  return frame.render({ canvas = canvas, left = left, under = under, above = unit, below = below }, options)
end

-- Counts in as many bins as there is room for.
local function squeezed(counts, most)
  if #counts <= most then return counts end
  local each, out = math.ceil(#counts / most), {}
  for i, n in ipairs(counts) do
    local bin = (i - 1) // each + 1
    out[bin] = (out[bin] or 0) + n
  end
  return out, #out * each / #counts
end

--- How values lie.
---@param x vise.Tensor|number[]|table  Or { lo, hi, counts, below, above, nan }.
---@param options? vise.PlotOptions|table  bins, log, range = { lo, hi }, marks = { 3, { -3, "clip" } }, unit
---@return string
function M.histogram(x, options)
  options = options_of.check("histogram", options, { bins = { "integer", 1, MOST_BINS }, log = { "boolean" },
    range = { "table" }, marks = { "table" }, unit = { "string" } })
  local most = math.min(MOST_BINS, options.width - 8)
  if options.bins then options.bins = math.min(options.bins, most) end
  local h, words
  if type(x) == "table" and x.counts then
    h, words = given_counts(x)
    local counts, stretch = squeezed(h.counts, most)
    h.counts, h.hi = counts, h.lo + (h.hi - h.lo) * (stretch or 1)
  else
    local t, whole = values.tensor("histogram", x)
    if not t then return frame.empty(options, { "0 values" }) end
    h, words = count(t, whole, most, options)
  end
  if not h or #h.counts == 0 then return frame.empty(options, words) end
  return draw(h, options)
end

return M
