--- A sheet of terminal cells to draw on: letters with colours, and dots, eight to a cell in Braille
--- or one where there is no Unicode.

local colour = require "vise.plot.colour"

local M = {}

---@class vise.Canvas
---@field columns integer
---@field rows integer
---@field dots_wide integer
---@field dots_high integer
local Canvas = {}
Canvas.__index = Canvas

-- The bits of the eight dots of a Braille letter: [column][row from the bottom].
local BRAILLE = { { 0x40, 0x04, 0x02, 0x01 }, { 0x80, 0x20, 0x10, 0x08 } }

--- An empty sheet.
---@param columns integer
---@param rows integer
---@param braille boolean  Dots are eight to a cell.
---@return vise.Canvas
function M.new(columns, rows, braille)
  local self = setmetatable({ columns = columns, rows = rows, braille = braille, letters = {}, colours = {},
    bits = {}, dots_wide = braille and 2 * columns or columns, dots_high = braille and 4 * rows or rows }, Canvas)
  for r = 1, rows do self.letters[r], self.colours[r], self.bits[r] = {}, {}, {} end
  return self
end

--- Puts a letter in a cell; what lies outside is not drawn.
---@param c integer  From the left, from 1.
---@param r integer  From the top, from 1.
---@param letter string
---@param sgr? string
function Canvas:put(c, r, letter, sgr)
  if c < 1 or c > self.columns or r < 1 or r > self.rows then return end
  self.letters[r][c], self.colours[r][c] = letter, sgr
end

--- Is nothing in these cells of a row?
---@param c integer
---@param r integer
---@param n integer
---@return boolean
function Canvas:free(c, r, n)
  if c < 1 or c + n - 1 > self.columns or r < 1 or r > self.rows then return false end
  for i = c, c + n - 1 do
    if self.letters[r][i] or self.bits[r][i] then return false end
  end
  return true
end

--- Puts text in a row, a letter a cell.
function Canvas:write(c, r, s, sgr)
  for _, code in utf8.codes(s) do
    self:put(c, r, utf8.char(code), sgr)
    c = c + 1
  end
end

--- Sets a dot, counted from the lower left corner, from 0.
---@param x integer
---@param y integer
---@param letter string  What stands for it where there is no Braille.
---@param sgr? string
function Canvas:dot(x, y, letter, sgr)
  if x < 0 or x >= self.dots_wide or y < 0 or y >= self.dots_high then return end
  if not self.braille then return self:put(x + 1, self.rows - y, letter, sgr) end
  local c, r = x // 2 + 1, self.rows - y // 4
  self.bits[r][c] = (self.bits[r][c] or 0) | BRAILLE[x % 2 + 1][y % 4 + 1]
  self.colours[r][c] = sgr
end

--- Sets the dots of a line.
function Canvas:segment(x1, y1, x2, y2, letter, sgr)
  local steps = math.max(math.abs(x2 - x1), math.abs(y2 - y1), 1)
  for i = 0, steps do
    self:dot((x1 + (x2 - x1) * i / steps + 0.5) // 1 | 0, (y1 + (y2 - y1) * i / steps + 0.5) // 1 | 0, letter, sgr)
  end
end

local function letter_at(self, r, c)
  local bits = self.bits[r][c]
  if self.letters[r][c] or not bits then return self.letters[r][c] or " " end
  return utf8.char(0x2800 + bits)
end

--- One row as text; blanks at its end are left out.
---@param r integer
---@param depth integer  Of colours.
---@return string
function Canvas:line(r, depth)
  local last = self.columns
  while last > 0 and letter_at(self, r, last) == " " do last = last - 1 end
  local out, run, run_colour = {}, {}, nil
  for c = 1, last do
    local letter = letter_at(self, r, c)
    local sgr = letter ~= " " and self.colours[r][c] or nil
    if sgr ~= run_colour then
      out[#out + 1] = colour.paint(table.concat(run), run_colour, depth)
      run, run_colour = {}, sgr
    end
    run[#run + 1] = letter
  end
  out[#out + 1] = colour.paint(table.concat(run), run_colour, depth)
  return table.concat(out)
end

return M
