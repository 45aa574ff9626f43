--- A tensor for people: what it is, what all of it is like, its first values.

local spark = require("vise.plot.spark").spark
local text = require "vise.text"

local M = {}

local MOST = 4 << 20            -- elements that are all looked at
local PIECES, PIECE = 64, 65536 -- of a larger tensor: so many pieces of at most so many elements
local BINS = 24

-- Statistics of several parts as those of one: counts add up, variances by Chan's formula.
local function merge(a, b)
  if not a then return b end
  for _, field in ipairs { "nans", "infinities", "zeros", "count" } do a[field] = a[field] + b[field] end
  if b.finite == 0 then return a end
  if a.finite == 0 then
    for _, field in ipairs { "min", "max", "mean", "std", "finite" } do a[field] = b[field] end
    return a
  end
  local n, delta = a.finite + b.finite, b.mean - a.mean
  local m2 = a.std ^ 2 * a.finite + b.std ^ 2 * b.finite + delta ^ 2 * a.finite * b.finite / n
  a.mean = a.mean + delta * b.finite / n
  a.std, a.finite = math.sqrt(m2 / n), n
  a.min, a.max = math.min(a.min, b.min), math.max(a.max, b.max)
  return a
end

-- Views that together are the tensor, or an even sample of a large one; the caller closes them.
local function pieces(t)
  local count, shape = t:count(), { t:shape() }
  if count <= MOST then return { t }, false end
  local width = shape[#shape]
  local matrix = #shape == 2 and t or t:reshape { count // width, width }
  if width > PIECE then -- rows that are too long: the start of each
    local rows, list = count // width, {}
    local n = math.min(rows, PIECES)
    for i = 1, n do
      local row = matrix:rows((i - 1) * rows // n + 1)
      list[i] = row:columns(1, PIECE)
    end
    if rows > 1 then return list, true end
    local flat = t:reshape { count }
    for i = 1, PIECES do
      local first = (i - 1) * (count // PIECES) + 1
      list[i] = flat:rows(first, math.min(first + PIECE - 1, count))
    end
    return list, true
  end
  local rows, each, list = count // width, math.max(PIECE // width, 1), {}
  for i = 1, PIECES do
    local first = (i - 1) * (rows // PIECES) + 1
    list[i] = matrix:rows(first, math.min(first + each - 1, rows))
  end
  return list, true
end

--- What a tensor is like: of all its elements, or of an even sample when there are more than four
--- million.
---@param t vise.Tensor
---@return table? statistics  As of t:statistics(), with `sampled` (how many were looked at, or nil) and
---`counts`, a histogram of the finite ones; nil when the dtype has none.
function M.statistics(t)
  local parts, sampled = pieces(t)
  local sum
  for _, part in ipairs(parts) do
    local s = part:statistics()
    if not s then return nil end
    sum = merge(sum, s)
  end
  if sum.finite > 0 and sum.max > sum.min then
    sum.counts = {}
    for _, part in ipairs(parts) do
      for i, n in ipairs(part:histogram(sum.min, sum.max, BINS) or {}) do sum.counts[i] = (sum.counts[i] or 0) + n end
    end
  end
  if sampled then sum.sampled, sum.count = sum.count, t:count() end
  return sum
end

local function percent(n, of)
  if n == 0 then return "0" end
  local share = 100 * n / of
  return share < 0.01 and "<0.01" or ("%.2f"):format(share):gsub("%.?0+$", "")
end

-- Phrases beside each other, as many on a line as there is room for.
local function folded(phrases, columns)
  local lines = {}
  for _, phrase in ipairs(phrases) do
    local line = lines[#lines]
    if line and text.width(line) + 2 + text.width(phrase) < columns then
      lines[#lines] = line .. "  " .. phrase
    else
      lines[#lines + 1] = "  " .. phrase
    end
  end
  return table.concat(lines, "\n")
end

-- "min -1  mean 0  max 1  std 0.5  zero 3 %  NaN 0 %", the shape of the histogram
local function statistics_line(t, options)
  local s = M.statistics(t)
  if not s then return nil end
  local looked, words = s.sampled or s.count, {}
  if s.finite > 0 then
    for i, name in ipairs { "min", "mean", "max", "std" } do words[i] = ("%s %.4g"):format(name, s[name]) end
  end
  words[#words + 1] = ("zero %s %%"):format(percent(s.zeros, looked))
  words[#words + 1] = ("NaN %s %%"):format(percent(s.nans, looked))
  if s.infinities > 0 then words[#words + 1] = ("infinite %s %%"):format(percent(s.infinities, looked)) end
  if s.counts then
    local most = math.max(table.unpack(s.counts))
    words[#words + 1] = spark(s.counts, { width = BINS, unicode = options.unicode, range = { 0, most } })
  end
  if s.sampled then words[#words + 1] = ("(of %d sampled elements of %d)"):format(s.sampled, s.count) end
  return folded(words, options.columns)
end

local function cell(t, i)
  local v = t:get(i)
  if v ~= v then return "NaN" end
  return math.type(v) == "integer" and tostring(v) or ("%.4g"):format(v)
end

-- How many columns of cells fit: a space of two before each, room for dots behind them.
local function fitting(rows, columns)
  local room, n = columns - 6, #(rows[1] or {})
  for c = 1, n do
    local widest = 0
    for _, row in ipairs(rows) do widest = math.max(widest, #row[c]) end
    room = room - widest - 2
    if room < 0 then return math.max(c - 1, 1) end
  end
  return n
end

-- The first values: rows of a matrix, one row of anything else.
local function values(t, options)
  local shape, count = { t:shape() }, t:count()
  local columns = #shape >= 1 and shape[#shape] or 1
  local rows = columns > 0 and count // columns or 0
  local most = options.full and 64 or 8
  local shown = {}
  for r = 1, math.min(rows, options.full and 1000 or options.rows) do
    shown[r] = {}
    for c = 1, math.min(columns, most) do shown[r][c] = cell(t, (r - 1) * columns + c) end
  end
  local n = options.full and most or fitting(shown, options.columns)
  for r, row in ipairs(shown) do
    shown[r] = table.move(row, 1, n, 1, {})
    if columns > n then shown[r][n + 1] = "..." end
  end
  local out = text.columns(shown, "  ")
  if rows > #shown then out = out .. ("  ... %d more rows\n"):format(rows - #shown) end
  return (out:gsub("\n$", ""))
end

--- The lines about a tensor.
---@param t vise.Tensor
---@param options vise.ShowOptions
---@return string
function M.text(t, options)
  if t:closed() then return tostring(t) end
  local out = { text.escape(options.name and options.name .. ": " .. tostring(t) or tostring(t)) .. "  "
    .. text.bytes(t:bytes()) }
  if t:count() > 0 then
    if t:count() > 1 then out[#out + 1] = statistics_line(t, options) end
    out[#out + 1] = values(t, options)
  end
  return table.concat(out, "\n")
end

return M
