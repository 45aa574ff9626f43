--- What stands around a drawing: title, axes, tick labels, captions; no line wider than asked.

local colour = require "vise.plot.colour"
local text = require "vise.text"

local M = {}

local UNICODE = { left = "│", tick = "┤", corner = "└", bottom = "─", down = "┬" }
local ASCII = { left = "|", tick = "+", corner = "+", bottom = "-", down = "+" }

--- Text made harmless, in ASCII if it has to be, no longer than `most`: elided in the middle.
---@param s string
---@param most integer
---@param unicode boolean
---@return string
function M.label(s, most, unicode)
  s = text.escape(tostring(s), not unicode)
  return text.elide(s, most, unicode)
end

--- Lines of words two blanks apart, none wider than `columns`.
---@param words (string|string[])[]  Words, or { word, its colour }.
---@param columns integer
---@param depth? integer  Of colours.
---@return string[]
function M.fold(words, columns, depth)
  local lines, used = {}, columns + 1
  for _, word in ipairs(words) do
    local plain, sgr = word, nil
    if type(word) == "table" then plain, sgr = word[1], word[2] end
    plain = text.elide(plain, columns)
    local wide, shown = text.width(plain), colour.paint(plain, sgr, depth or 0)
    if used + 2 + wide > columns then
      lines[#lines + 1], used = shown, wide
    else
      lines[#lines], used = lines[#lines] .. "  " .. shown, used + 2 + wide
    end
  end
  return lines
end

--- Labels of rows, right-aligned, and how wide they are with the axis: { [row] = label }.
---@param labels table<integer, string>
---@return integer
function M.margin(labels)
  local widest = 0
  for _, s in pairs(labels) do widest = math.max(widest, text.width(s)) end
  return widest + 2
end

-- The line of the horizontal axis and the line of its labels, which are { column, label }; those
-- that would touch each other are left out.
local function bottom(columns, marks, set)
  local line, labels, used = {}, {}, -1
  for c = 1, columns do line[c] = set.bottom end
  for _, mark in ipairs(marks) do
    local c, s = mark[1], mark[2]
    local wide = text.width(s)
    local first = math.max(0, math.min(columns - wide, c - 1 - wide // 2))
    if wide <= columns and first > used then
      line[c] = set.down
      labels[#labels + 1] = (" "):rep(first - math.max(used, 0)) .. s
      used = first + wide
    end
  end
  return set.corner .. table.concat(line), table.concat(labels)
end

--- Ticks of the horizontal axis as { column, label }: as many as leave room between their labels.
---@param a vise.Axis
---@param columns integer
---@param column_of fun(share: number): integer
---@return (string|integer)[][]
function M.under(a, columns, column_of)
  for most = math.max(2, math.min(8, columns // 4)), 2, -1 do
    local ticks, labels = a:ticks(most)
    local marks, need = {}, 0
    for i, v in ipairs(ticks) do
      marks[i] = { math.max(1, math.min(columns, column_of(a:share(v)))), labels[i] }
      need = need + text.width(labels[i]) + 2
    end
    if need <= columns or most == 2 then return marks end
  end
end

--- Ticks of the vertical axis as { [row] = label }: of those in one row the nearest to it.
---@param a vise.Axis
---@param rows integer
---@param row_of fun(share: number): integer
---@return table<integer, string>
function M.left(a, rows, row_of)
  local left, off, ticks, labels = {}, {}, a:ticks(math.max(2, rows // 3))
  for i, v in ipairs(ticks) do
    local share = a:share(v)
    local row = math.max(1, math.min(rows, row_of(share)))
    local distance = math.abs(share * (rows - 1) + row - rows)
    if not off[row] or distance < off[row] then left[row], off[row] = labels[i], distance end
  end
  return left
end

---@class vise.Frame
---@field canvas vise.Canvas
---@field left table<integer, string>     Labels by row.
---@field under (string|integer)[][]      { column, label }, from left to right.
---@field above? string[]                 Lines between the title and the drawing.
---@field below? string[]                 Lines after it.

--- The whole picture as text.
---@param frame vise.Frame
---@param options table
---@return string
function M.render(frame, options)
  local canvas, lines = frame.canvas, {}
  local set = options.unicode and UNICODE or ASCII
  local margin = M.margin(frame.left)
  if options.title then lines[1] = M.label(options.title, options.width, options.unicode) end
  for _, line in ipairs(frame.above or {}) do lines[#lines + 1] = line end
  for r = 1, canvas.rows do
    local s = frame.left[r]
    local left = s and (" "):rep(margin - 2 - text.width(s)) .. s .. " " .. set.tick
      or (" "):rep(margin - 1) .. set.left
    lines[#lines + 1] = left .. canvas:line(r, options.colour)
  end
  local axis, labels = bottom(canvas.columns, frame.under, set)
  lines[#lines + 1] = (" "):rep(margin - 1) .. axis
  if labels ~= "" then lines[#lines + 1] = (" "):rep(margin) .. labels end
  for _, line in ipairs(frame.below or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\n") .. "\n"
end

--- A picture of nothing.
---@param options table
---@param words? string[]
---@return string
function M.empty(options, words)
  local lines = { options.title and M.label(options.title, options.width, options.unicode) }
  lines[#lines + 1] = "no values to draw"
  for _, line in ipairs(M.fold(words or {}, options.width)) do lines[#lines + 1] = line end
  return table.concat(lines, "\n") .. "\n"
end

return M
