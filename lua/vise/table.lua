--- Plain text tables: one line a row, columns as wide as what they hold.

local M = {}

local function width(text)
  return utf8.len(text) or #text
end

local function pad(text, to, left)
  local fill = (" "):rep(to - width(text))
  return left and text .. fill or fill .. text
end

--- Formats rows under headings.  Columns of text stand left, those that begin with a digit or a
--- sign right.
---@param headings string[]
---@param rows string[][]
---@return string
function M.format(headings, rows)
  local widths, left = {}, {}
  for c, heading in ipairs(headings) do
    widths[c], left[c] = width(heading), false
    for _, row in ipairs(rows) do
      widths[c] = math.max(widths[c], width(row[c]))
      if not row[c]:find "^[%d%+%-%.]" and row[c] ~= "" then left[c] = true end
    end
  end
  local lines = {}
  local function add(row)
    local cells = {}
    for c, text in ipairs(row) do cells[c] = pad(text, widths[c], left[c]) end
    lines[#lines + 1] = (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  add(headings)
  local rule = {}
  for c, w in ipairs(widths) do rule[c] = ("-"):rep(w) end
  lines[#lines + 1] = table.concat(rule, "  ")
  for _, row in ipairs(rows) do add(row) end
  return table.concat(lines, "\n")
end

--- 1,234,567
---@param n integer
---@return string
function M.thousands(n)
  local text = ("%d"):format(n)
  while true do
    local replaced
    text, replaced = text:gsub("^(%-?%d+)(%d%d%d)", "%1,%2")
    if replaced == 0 then return text end
  end
end

return M
