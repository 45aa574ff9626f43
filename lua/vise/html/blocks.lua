--- Blocks that several sections use: tables, facts, figures, folded text.

local markup = require "vise.html.markup"

local M = {}

local h = markup.h

-- Text beyond this is cut: a page stays one that opens.
local MOST_TEXT = 256 * 1024

--- A table in a box of its own that scrolls under its heading.
---@param columns { [1]: string, n?: boolean }[]   Headings; `n` for numbers.
---@param rows any[][]
---@param caption? string
---@return vise.html.Node
function M.table(columns, rows, caption)
  local head, body = {}, {}
  for c, column in ipairs(columns) do head[c] = h.th { scope = "col", class = column.n and "n" or false, column[1] } end
  for r, row in ipairs(rows) do
    local cells = {}
    for c, column in ipairs(columns) do
      local cell = row[c]
      if cell == nil then cell = "" end
      cells[c] = c == 1 and h.th { scope = "row", cell } or h.td { class = column.n and "n" or false, cell }
    end
    body[r] = h.tr { cells }
  end
  return h.div { class = "wrap", tabindex = "0", h.table { caption and h.caption { caption } or false,
    h.thead { h.tr { head } }, markup.BREAK, h.tbody { body } } }
end

--- Names and what they are, in two columns.
---@param rows { [1]: string, [2]: any }[]
---@return vise.html.Node
function M.facts(rows)
  local out = {}
  for i, row in ipairs(rows) do out[i] = { h.dt { row[1] }, h.dd { row[2] } } end
  return h.dl { class = "facts", out }
end

--- A chart with what is to be said of it.
---@param chart vise.html.Node
---@param caption any
---@return vise.html.Node
function M.figure(chart, caption)
  return h.figure { h.div { class = "plot", chart }, caption and h.figcaption { caption } or false }
end

--- Text of several lines; the end of a very long one is left out, and that is said.
---@param s any
---@param most? integer  Bytes.
---@return vise.html.Node
function M.text(s, most)
  s, most = tostring(s), most or MOST_TEXT
  if #s <= most then return h.pre { tabindex = "0", markup.lines(s) } end
  local shown = s:sub(1, most):gsub("[^\n]*$", "", 1)
  if shown == "" then shown = s:sub(1, most) end
  return markup.join { h.pre { tabindex = "0", markup.lines(shown) },
    h.p { class = "note", ("%d more bytes are left out here."):format(#s - #shown) } }
end

--- Something that is folded away until it is asked for.
---@param title any
---@param content any
---@param open? boolean
---@return vise.html.Node
function M.fold(title, content, open)
  return h.details { class = "box", open = open or false, h.summary { title }, content }
end

--- The field that the script turns on, to search in an area of the page.
---@param area string   Its id; what is searched has the attribute data-name.
---@param what string
---@return vise.html.Node
function M.search(area, what)
  return h.div { class = "tools", hidden = true,
    h.input { type = "search", placeholder = "Find " .. what, ["aria-label"] = "Find " .. what,
      ["aria-controls"] = area } }
end

return M
