--- What is on the screen while a line is typed, and the least that must be written to change it.
---
--- A frame is drawn below what is there already: the text in rows as wide as the terminal, then lines
--- such as hints.  Rows are reached by moves relative to the cursor, so it does not matter where on the
--- screen the frame began; one that is higher than the screen is shown around the cursor.

local width = require "vise.repl.width"

local M = {}

---@class vise.repl.Frame
---@field prompt string      Before the first line.
---@field continued string   Before the others.
---@field text string
---@field cursor integer     Bytes before it.
---@field runs? { first: integer, last: integer, style: string }[]  Styles of bytes, in order.
---@field below? { text: string, style?: string }[]  Lines of plain text, already escaped.

---@class vise.repl.Screen
---@field write fun(bytes: string)
---@field styles table<string, string>  Style -> escape sequence; empty without colour.
---@field unicode boolean
---@field columns integer
---@field rows integer
local Screen = {}
Screen.__index = Screen

local RESET = "\27[0m"

---@param write fun(bytes: string)
---@param styles table<string, string>
---@param unicode boolean
---@return vise.repl.Screen
function M.new(write, styles, unicode)
  local self = setmetatable({ write = write, styles = styles, unicode = unicode }, Screen)
  self:forget()
  return self
end

--- The cursor stands at the start of an empty line: what was drawn above is done with.
function Screen:forget()
  self.shown, self.row, self.column = { { text = "", columns = 0 } }, 1, 0
end

--- One row as it is being filled.
local function new_row() return { parts = {}, columns = 0 } end

local function put(self, row, shown, columns, style)
  local sequence = style and self.styles[style]
  if sequence ~= row.sequence then
    if row.sequence then row.parts[#row.parts + 1] = RESET end
    row.parts[#row.parts + 1] = sequence
    row.sequence = sequence
  end
  row.parts[#row.parts + 1] = shown
  row.columns = row.columns + columns
end

local function finish(row)
  if row.sequence then row.parts[#row.parts + 1] = RESET end
  return { text = table.concat(row.parts), columns = row.columns }
end

-- A prompt never takes more than leaves room for a few characters.
local function put_prompt(self, row, prompt)
  local room = self.columns - 8
  put(self, row, #prompt <= room and prompt or prompt:sub(1, math.max(room, 0)), math.min(#prompt, math.max(room, 0)),
    "prompt")
end

-- The rows of a text while they are laid out.
local Layout = {}
Layout.__index = Layout

function Layout:wrap(prompt)
  self.rows[#self.rows + 1] = finish(self.row)
  self.row = new_row()
  if prompt then put_prompt(self.screen, self.row, prompt) end
end

-- Notes the cursor's place when what comes next stands behind it.
function Layout:mark(at, cursor, columns)
  if not self.where and at + columns > cursor + 1 then
    self.where = { #self.rows + 1, self.row.columns + math.max(cursor - at + 1, 0) }
  end
end

-- ASCII: as many letters a row as fit.
function Layout:letters(letters, at, cursor, style)
  while letters ~= "" do
    local room = self.screen.columns - self.row.columns
    if room <= 0 then
      self:wrap()
      room = self.screen.columns
    end
    local part = letters:sub(1, room)
    self:mark(at, cursor, #part)
    put(self.screen, self.row, part, #part, style)
    letters, at = letters:sub(room + 1), at + #part
  end
end

-- One character, whatever it is.
function Layout:character(char, at, cursor, style)
  local shown, columns = width.show(char, self.screen.unicode)
  if self.row.columns + columns > self.screen.columns then self:wrap() end
  if not self.where and at > cursor then self.where = { #self.rows + 1, self.row.columns } end
  put(self.screen, self.row, shown, columns, style)
end

-- Bytes first to last, all of one style.
function Layout:piece(frame, first, last, style)
  local text, at, cursor = frame.text, first, frame.cursor
  while at <= last do
    local ascii = select(2, text:find("^[\x20-\x7e]+", at))
    if ascii then
      ascii = math.min(ascii, last)
      -- A mark behind the last letter belongs to it.
      if ascii > at and (text:byte(ascii + 1) or 0) >= 0x80 then ascii = ascii - 1 end
    end
    if ascii and (ascii > at or (text:byte(at + 1) or 0) < 0x80) then
      self:letters(text:sub(at, ascii), at, cursor, style)
      at = ascii + 1
    elseif text:byte(at) == 10 then
      if not self.where and at > cursor then self.where = { #self.rows + 1, self.row.columns } end
      self:wrap(frame.continued)
      at = at + 1
    else
      local char_last = width.last_of(text, at)
      self:character(text:sub(at, char_last), at, cursor, style)
      at = char_last + 1
    end
  end
  return at
end

-- The rows of the text, and where the cursor is among them.
local function lay_out(self, frame)
  local layout = setmetatable({ screen = self, rows = {}, row = new_row() }, Layout)
  put_prompt(self, layout.row, frame.prompt)
  local at = 1
  for _, run in ipairs(frame.runs or {}) do
    if run.first > at then at = layout:piece(frame, at, run.first - 1) end
    if run.last >= at then at = layout:piece(frame, math.max(at, run.first), run.last, run.style) end
  end
  layout:piece(frame, at, #frame.text)
  if not layout.where and layout.row.columns >= self.columns then layout:wrap() end
  local where = layout.where or { #layout.rows + 1, layout.row.columns }
  layout:wrap()
  if where[2] >= self.columns then where[2] = self.columns - 1 end
  return layout.rows, where
end

-- Text cut to the width of the screen.
local function clip(self, s)
  if width.text(s) < self.columns then return s end
  local out, columns = {}, 0
  for _, code in utf8.codes(s) do
    columns = columns + width.of(code)
    if columns >= self.columns then break end
    out[#out + 1] = utf8.char(code)
  end
  return table.concat(out)
end

-- The lines below, as many as there is room for.
local function add_below(self, rows, frame)
  for _, line in ipairs(frame.below or {}) do
    if #rows >= self.rows - 1 then break end
    local row = new_row()
    local shown = clip(self, line.text)
    put(self, row, shown, width.text(shown), line.style)
    rows[#rows + 1] = finish(row)
  end
end

-- The part of too many rows that holds the cursor.
local function window(self, rows, where)
  if #rows <= self.rows then return rows, where end
  local top = math.max(math.min(where[1] - self.rows // 2, #rows - self.rows), 0)
  return table.move(rows, top + 1, top + self.rows, 1, {}), { where[1] - top, where[2] }
end

-- Moves from where the cursor is to a place; rows that are not there yet are made.
local function go(self, out, row, column)
  if row > self.row then
    out[#out + 1] = ("\r\n"):rep(row - self.row)
    self.column = 0
  elseif row < self.row then
    out[#out + 1] = ("\27[%dA"):format(self.row - row)
  end
  self.row = row
  if column == self.column then return end
  if column == 0 then
    out[#out + 1] = "\r"
  elseif column == self.column - 1 then
    out[#out + 1] = "\b"
  else
    out[#out + 1] = ("\r\27[%dC"):format(column)
  end
  self.column = column
end

-- Writes one row where it differs from what is shown.
local function draw_row(self, out, index, row)
  local old = self.shown[index]
  if old and old.text == row.text then return end
  -- Text that only grew, without colours in the way, needs its new end alone.
  if old and old.columns > 0 and old.columns < self.columns and row.text:sub(1, #old.text) == old.text
    and old.text:sub(-#RESET) ~= RESET then
    go(self, out, index, old.columns)
    out[#out + 1] = row.text:sub(#old.text + 1)
  else
    go(self, out, index, 0)
    out[#out + 1] = row.text
    if row.columns < (old and old.columns or 0) then out[#out + 1] = "\27[K" end
  end
  self.column = row.columns
  if row.columns >= self.columns then -- the next move must not depend on how the terminal wraps
    out[#out + 1] = "\r"
    self.column = 0
  end
end

--- Draws a frame in place of the one before.
---@param frame vise.repl.Frame
function Screen:draw(frame)
  local rows, where = lay_out(self, frame)
  add_below(self, rows, frame)
  rows, where = window(self, rows, where)
  local out = {}
  for i, row in ipairs(rows) do draw_row(self, out, i, row) end
  if #rows < #self.shown then
    go(self, out, #rows + 1, 0)
    out[#out + 1] = "\27[J"
  end
  go(self, out, where[1], where[2])
  self.shown = rows
  if #out > 0 then self.write(table.concat(out)) end
end

--- The terminal has another size: what is shown goes, and the next frame is drawn whole.  A terminal that
--- became narrower has folded the rows.
---@param columns integer
---@param rows integer
function Screen:resize(columns, rows)
  if self.columns and self.row then
    local up = (self.column) // columns
    for i = 1, self.row - 1 do up = up + math.max((self.shown[i].columns + columns - 1) // columns, 1) end
    up = math.min(up, rows - 1)
    self.write("\r" .. (up > 0 and ("\27[%dA"):format(up) or "") .. "\27[J")
    self:forget()
  end
  self.columns, self.rows = columns, rows
end

--- Clears the screen; the next frame begins at its top.
function Screen:clear()
  self.write "\27[H\27[2J"
  self:forget()
end

--- Leaves the frame, whose cursor is at its end, for the line below it.
function Screen:leave()
  local out = {}
  go(self, out, #self.shown, self.shown[#self.shown].columns)
  self.write(table.concat(out) .. "\r\n")
  self:forget()
end

return M
