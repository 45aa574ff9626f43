--- Markup: HTML that is well formed and escaped by construction.
---
---   h.td { class = "number", 12, " of ", total }
---
--- makes an element: names are attributes, the rest is content.  A string is text and is escaped,
--- whoever wrote it; only what this module made goes into a page as it is.  false is left out.

local text = require "vise.text"

local M = {}

---@class vise.html.Node
---@field html string
local Node = {}
Node.__index = Node
Node.__name = "vise.html.Node"

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Elements without content or an end.
local VOID = { br = true, hr = true, img = true, input = true, link = true, meta = true }

-- What text.escape lets through and a page must not hold: code points that show nothing or are no
-- characters.
local function is_unfit(code)
  return code == 0x180e or (code >= 0xfdd0 and code <= 0xfdef) or code & 0xfffe == 0xfffe
    or (code >= 0xfff9 and code <= 0xfffb) or (code >= 0xe0000 and code <= 0xe0fff)
end

local function visible(s)
  s = text.escape(s)
  if not s:find "[\x80-\xff]" then return s end
  return (s:gsub(utf8.charpattern, function(c)
    if #c == 1 then return nil end
    local code = utf8.codepoint(c)
    return is_unfit(code) and ("\\u{%x}"):format(code) or nil
  end))
end

--- Text of one line for a page: nothing in it moves, hides or ends anything.
---@param s any
---@return string
function M.escape(s)
  return (visible(tostring(s)):gsub("[&<>\"']", ENTITIES))
end

--- Text of several lines; quotes stay as they are, so it is for content, not for attributes.
---@param s string
---@return string
function M.escape_lines(s)
  return (s:gsub("\r\n", "\n"):gsub("[^\n]+", function(line)
    return visible((line:gsub("\t", "  "))):gsub("[&<>]", ENTITIES)
  end))
end

local function node(html)
  return setmetatable({ html = html }, Node)
end

--- Text that goes into the page as it is: for what stands in this program's own source only.
---@param html string
---@return vise.html.Node
function M.raw(html)
  return node(html)
end

--- Text with its line ends, for <pre>.
---@param s string
---@return vise.html.Node
function M.lines(s)
  return node(M.escape_lines(s))
end

local function add_content(out, item)
  if item == nil or item == false then return end
  if getmetatable(item) == Node then
    out[#out + 1] = item.html
  elseif type(item) == "table" and getmetatable(item) == nil then
    for i = 1, #item do add_content(out, item[i]) end
  else
    out[#out + 1] = M.escape(item)
  end
end

local function attributes_of(spec)
  local names = {}
  for name in pairs(spec) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  if #names == 0 then return "" end
  table.sort(names)
  local out = {}
  for _, name in ipairs(names) do
    local value = spec[name]
    if value == true then
      out[#out + 1] = " " .. name
    elseif value ~= false then
      out[#out + 1] = (' %s="%s"'):format(name, M.escape(value))
    end
  end
  return table.concat(out)
end

local function element(name, spec)
  local out = { "<", name, attributes_of(spec), ">" }
  if not VOID[name] then
    for i = 1, #spec do add_content(out, spec[i]) end
    out[#out + 1] = "</"
    out[#out + 1] = name
    out[#out + 1] = ">"
  end
  return node(table.concat(out))
end

--- A line end between elements.
M.BREAK = node "\n"

--- Several pieces one after the other.
---@param items any[]
---@return vise.html.Node
function M.join(items)
  local out = {}
  for i = 1, #items do add_content(out, items[i]) end
  return node(table.concat(out))
end

--- h.NAME { ... }: one element.
M.h = setmetatable({}, {
  __index = function(h, name)
    local function make(spec) return element(name, spec) end
    h[name] = make
    return make
  end,
})

return M
