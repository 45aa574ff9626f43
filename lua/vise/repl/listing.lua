--- Candidates as lines: with what is known about each when they are few, in columns when they are many.

local text = require "vise.text"
local width = require "vise.repl.width"

local M = {}

local DOCUMENTED = 40 -- more candidates than this are listed without a word about each

--- Text of any origin as a terminal may get it.
---@param s string
---@param unicode boolean
---@return string
function M.plain(s, unicode)
  local shown = text.escape((s:gsub("%s", " ")))
  if unicode or not shown:find "[\x80-\xff]" then return shown end
  local out = {}
  for _, code in utf8.codes(shown) do out[#out + 1] = code < 0x80 and utf8.char(code) or ("\\u{%x}"):format(code) end
  return table.concat(out)
end

local function pad(s, columns)
  return s .. (" "):rep(columns - width.text(s))
end

-- One candidate a line, with its doc.
local function documented(list, first, most, columns, unicode)
  local widest, lines = 0, {}
  local last = math.min(first + most - 1, #list)
  for i = first, last do widest = math.max(widest, width.text(M.plain(list[i].label, unicode))) end
  widest = math.min(widest, columns // 2)
  for i = first, last do
    local ok, doc = pcall(list[i].doc or tostring, list[i].doc and nil or "")
    doc = ok and doc or ""
    local label = M.plain(list[i].label, unicode)
    lines[#lines + 1] = { text = "  " .. pad(label, widest) .. (doc ~= "" and "  " .. M.plain(doc, unicode) or "") }
  end
  return lines, last
end

-- Candidates beside each other, read down the columns.
local function in_columns(list, first, most, columns, unicode)
  local widest = 1
  local last = math.min(first + 4 * most * columns // 4, #list)
  for i = first, last do widest = math.max(widest, width.text(M.plain(list[i].label, unicode))) end
  local across = math.max((columns - 2) // (widest + 2), 1)
  last = math.min(first + across * most - 1, #list)
  local rows, lines = (last - first) // across + 1, {}
  for r = 1, rows do
    local cells = {}
    for c = 1, across do
      local candidate = list[first + (c - 1) * rows + r - 1]
      if candidate and first + (c - 1) * rows + r - 1 <= last then
        cells[c] = pad(M.plain(candidate.label, unicode), widest)
      end
    end
    lines[r] = { text = "  " .. table.concat(cells, "  "):gsub("%s+$", "") }
  end
  return lines, last
end

--- One page of candidates.
---@param list vise.repl.Candidate[]
---@param first integer    The first to show.
---@param columns integer  Of the screen.
---@param rows integer
---@param unicode boolean
---@return { text: string, style?: string }[] lines
---@return integer last  The last one shown.
function M.page(list, first, columns, rows, unicode)
  local most = math.max(math.min(rows - 3, 12), 1)
  local has_docs = #list <= DOCUMENTED and columns >= 40 and list[1].doc ~= nil
  local lines, last = (has_docs and documented or in_columns)(list, first, most, columns, unicode)
  if last < #list then
    lines[#lines + 1] = { text = ("  ... %d more, Tab shows them"):format(#list - last), style = "hint" }
  end
  return lines, last
end

return M
