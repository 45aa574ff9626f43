--- Text for terminals: hostile names made harmless, columns, sizes, times.

local M = {}

-- Control characters of C1, and the marks that reorder what follows them.
local function hidden(code)
  return code < 0x20 or (code >= 0x7f and code <= 0x9f) or (code >= 0x200b and code <= 0x200f)
    or (code >= 0x2028 and code <= 0x202e) or (code >= 0x2060 and code <= 0x206f) or code == 0xfeff or code == 0x61c
end

--- `s` with everything escaped that could move a cursor, colour a line or hide text.
---@param s string
---@param ascii? boolean  And every letter beyond ASCII.
---@return string
function M.escape(s, ascii)
  if not s:find "[^\x20-\x7e]" then return s end
  local out, at = {}, 1
  while at <= #s do
    local last = at
    if not utf8.len(s, at, at) then
      out[#out + 1] = ("\\x%02x"):format(s:byte(at))
    else
      local code = utf8.codepoint(s, at)
      last = at + #utf8.char(code) - 1 -- not up to the next first byte: stray ones may follow
      if hidden(code) or ascii and code > 0x7e then
        out[#out + 1] = (code < 0x100 and "\\x%02x" or "\\u{%x}"):format(code)
      else
        out[#out + 1] = s:sub(at, last)
      end
    end
    at = last + 1
  end
  return table.concat(out)
end

--- The same, line by line: for messages and help, which may have several.
---@param s string
---@return string
function M.escape_lines(s)
  return (s:gsub("[^\n]+", function(line) return M.escape((line:gsub("\t", "  "))) end))
end

--- "4x64" of { 4, 64 }.
---@param shape integer[]
---@return string
function M.shape(shape)
  return #shape == 0 and "scalar" or table.concat(shape, "x")
end

--- Columns on a terminal: code points, which is right for the scripts without wide letters.
local function width(s)
  return utf8.len(s) or #s
end

M.width = width

--- A text of some columns: what is too much goes from the middle, where names differ least.
---@param s string
---@param most integer
---@param unicode? boolean  Dots as one letter.
---@return string
function M.elide(s, most, unicode)
  local n = width(s)
  if n <= most then return s end
  local dots = unicode and "…" or ("..."):sub(1, math.max(0, most - 2))
  local keep = math.max(0, most - width(dots))
  local head = (keep + 1) // 2
  local tail = keep - head
  if not utf8.len(s) then return s:sub(1, head) .. dots .. s:sub(#s - tail + 1) end
  return s:sub(1, utf8.offset(s, head + 1) - 1) .. dots .. s:sub(utf8.offset(s, n - tail + 1))
end

-- Does a column hold numbers below its first cell, which may be a heading?  "-" stands for none.
local function is_numeric(rows, c)
  local found = false
  for r = math.min(2, #rows), #rows do
    local cell = rows[r][c]
    local shown = tostring(cell == nil and "-" or cell)
    if shown:find "^%s*[-+]?%d[%d.eE+-]*[x%%]?$" or shown:find "^%s*[-+]?inf$" then
      found = true
    elseif shown ~= "-" then
      return false
    end
  end
  return found
end

local LEAST_CELL, GAP = 12, 2 -- columns that a cell of words keeps; between cells

-- Takes from the widest columns of words what lines have too much; `whole` are left alone.
local function squeeze(widths, right, most, whole)
  local sum = GAP * (#widths - 1)
  for _, w in ipairs(widths) do sum = sum + w end
  while sum > most do
    local widest
    for c, w in ipairs(widths) do
      if not right[c] and not whole[c] and w > LEAST_CELL and (not widest or w > widths[widest]) then widest = c end
    end
    if not widest then return end
    widths[widest], sum = widths[widest] - 1, sum - 1
  end
end

-- Columns in as many bands as lines need: { first, last } each, of which all but the first repeat
-- column 1.
local function bands_of(widths, most)
  local bands, used = { { 1, 1 } }, widths[1] or 0
  for c = 2, #widths do
    if used + GAP + widths[c] > most and bands[#bands][2] > 1 then
      bands[#bands + 1], used = { c, c }, widths[1]
    end
    bands[#bands][2], used = c, used + GAP + widths[c]
  end
  return bands
end

local function measure(rows, ascii)
  local widths, right = {}, {}
  for _, row in ipairs(rows) do
    for c, cell in ipairs(row) do
      widths[c] = math.max(widths[c] or 0, width(M.escape(tostring(cell), ascii)))
    end
  end
  for c in ipairs(widths) do right[c] = is_numeric(rows, c) end
  return widths, right
end

--- Rows of cells as aligned lines; columns of numbers go to the right, with their heading.
---@param rows (string|number)[][]
---@param indent? string
---@param most? integer  Columns of a line: where they are too few, long words lose their middle, and then
---the table is folded into bands that begin with the first column.
---@param ascii? boolean  No letters beyond ASCII.
---@param whole? table<integer, boolean>  Columns that keep their middle: what people type again.
---@return string
function M.columns(rows, indent, most, ascii, whole)
  local widths, right = measure(rows, ascii)
  local bands, lines = { { 1, #widths } }, {}
  if most then
    most = most - #(indent or "")
    squeeze(widths, right, most, whole or {})
    bands = bands_of(widths, most)
  end
  for b, band in ipairs(bands) do
    if b > 1 then lines[#lines + 1] = "" end
    for _, row in ipairs(rows) do
      local cells = {}
      for c, cell in ipairs(row) do
        if c == 1 or c >= band[1] and c <= band[2] then
          local shown = M.elide(M.escape(tostring(cell), ascii), widths[c])
          local space = (" "):rep(widths[c] - width(shown))
          cells[#cells + 1] = right[c] and space .. shown or shown .. space
        end
      end
      lines[#lines + 1] = (indent or "") .. table.concat(cells, "  "):gsub("%s+$", "")
    end
  end
  return table.concat(lines, "\n") .. (#lines > 0 and "\n" or "")
end

--- The same, to be printed: lines fit the terminal, and are as long as they are where there is none,
--- so that a program that reads them gets whole names.
---@param rows (string|number)[][]
---@param indent? string
---@param whole? table<integer, boolean>
---@return string
function M.table(rows, indent, whole)
  local here = require("vise.terminal").of "stdout"
  return M.columns(rows, indent, here.fixed and here.columns or nil, not here.unicode, whole)
end

--- Names and what is said of each, to be printed: on a terminal what is said is folded between words, so
--- that paths and commands stay whole.
---@param rows { [1]: string, [2]: string }[]
---@param indent? string
---@return string
function M.pairs(rows, indent)
  local here, names, most = require("vise.terminal").of "stdout", {}, 0
  for i, row in ipairs(rows) do
    names[i] = M.escape(row[1], not here.unicode)
    most = math.max(most, width(names[i]))
  end
  local lines, below = {}, (indent or "") .. (" "):rep(most + GAP)
  for i, row in ipairs(rows) do
    local said = M.escape(row[2], not here.unicode)
    if here.fixed then said = M.wrap(said, here.columns, below):sub(#below + 1) end
    lines[i] = ("%s%s%s%s\n"):format(indent or "", names[i], (" "):rep(most + GAP - width(names[i])), said)
  end
  return table.concat(lines)
end

--- How wide help and other running text may be: as wide as the terminal, and not wider than reads
--- well.
---@return integer
function M.page_width()
  return math.max(40, math.min(96, require("vise.terminal").of("stdout").columns))
end

--- Words folded into lines of at most `columns`; blank lines stay.
---@param s string
---@param columns integer
---@param indent? string
---@return string
function M.wrap(s, columns, indent)
  local lines, prefix = {}, indent or ""
  for paragraph in (s .. "\n"):gmatch "([^\n]*)\n" do
    local line = ""
    for word in paragraph:gmatch "%S+" do
      if line ~= "" and width(prefix .. line) + 1 + width(word) > columns then
        lines[#lines + 1] = prefix .. line
        line = ""
      end
      line = line == "" and word or line .. " " .. word
    end
    lines[#lines + 1] = line == "" and "" or prefix .. line
  end
  return table.concat(lines, "\n")
end

--- A byte count for people: "512 B", "1.5 MiB".
---@param n number
---@return string
function M.bytes(n)
  local units, i = { "B", "KiB", "MiB", "GiB", "TiB" }, 1
  while n >= 1024 and i < #units do
    n, i = n / 1024, i + 1
  end
  return (i == 1 and "%.0f %s" or "%.1f %s"):format(n, units[i])
end

--- Seconds for people: "0.52 s", "12 s", "3:05", "1:02:09".
---@param s number
---@return string
function M.seconds(s)
  if s < 10 then return ("%.2f s"):format(s) end
  if s < 59.5 then return ("%.0f s"):format(s) end
  s = math.floor(s + 0.5)
  if s < 3600 then return ("%d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

return M
