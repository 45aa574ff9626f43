--- The words of Lua, also of a text that is not finished: for colours, indentation and completion.

local M = {}

---@class vise.repl.Token
---@field kind "name"|"keyword"|"number"|"string"|"comment"|"symbol"|"space"|"other"
---@field first integer
---@field last integer
---@field text string
---@field open? boolean  A string or comment that does not end.

--- The words that Lua keeps for itself.
M.keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return
    then true until while]]):gmatch "%a+" do
  M.keywords[word] = true
end

-- Symbols of several characters by their first.
local symbols = { ["."] = { "...", ".." }, ["<"] = { "<<", "<=" }, [">"] = { ">>", ">=" }, ["/"] = { "//" },
  ["="] = { "==" }, ["~"] = { "~=" }, [":"] = { "::" } }

-- Where a long bracket that begins at `at` ends; nil and no end, or nothing if none begins there.
local function long_bracket(s, at)
  local level = s:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, last = s:find("]" .. level .. "]", at, true)
  return last or #s, last == nil
end

local function quoted(s, at)
  local quote, i = s:sub(at, at), at + 1
  while i <= #s do
    local c = s:sub(i, i)
    if c == "\\" then
      i = i + 1
    elseif c == quote then
      return i, false
    elseif c == "\n" then
      return i - 1, true
    end
    i = i + 1
  end
  return #s, true
end

local function comment(s, at)
  local last, open = long_bracket(s, at + 2)
  if last then return last, open end
  return (s:find("\n", at, true) or #s + 1) - 1, false
end

local function number(s, at)
  return select(2, s:find("^0[xX][%x.]*[pP]?[+-]?%x*", at)) or select(2, s:find("^%d[%d.]*[eE][+-]?%d+", at))
    or select(2, s:find("^%.?%d[%d.]*", at))
end

-- The token at `at` that is no name, space or number: kind, last byte, does it lack its end?
local function scan_other(s, at, c)
  if c == '"' or c == "'" then return "string", quoted(s, at) end
  if c == "-" and s:byte(at + 1) == 45 then return "comment", comment(s, at) end
  if c == "[" then
    local last, open = long_bracket(s, at)
    if last then return "string", last, open end
  end
  for _, symbol in ipairs(symbols[c] or {}) do
    if s:sub(at, at + #symbol - 1) == symbol then return "symbol", at + #symbol - 1 end
  end
  return c:find "%p" and "symbol" or "other", at
end

-- The same of any token.
local function scan(s, at)
  local last = select(2, s:find("^[%a_][%w_]*", at))
  if last then return M.keywords[s:sub(at, last)] and "keyword" or "name", last end
  last = select(2, s:find("^%s+", at))
  if last then return "space", last end
  local c = s:sub(at, at)
  last = c:find "[%d.]" and number(s, at)
  if last then return "number", last end
  return scan_other(s, at, c)
end

--- All tokens of a text, spaces too: together they are the text.
---@param s string
---@return vise.repl.Token[]
function M.tokens(s)
  local list, at = {}, 1
  while at <= #s do
    local kind, last, open = scan(s, at)
    list[#list + 1] = { kind = kind, first = at, last = last, text = s:sub(at, last), open = open or nil }
    at = last + 1
  end
  return list
end

local openers = { ["function"] = true, ["do"] = true, ["if"] = true, ["repeat"] = true, ["{"] = true, ["("] = true,
  ["["] = true }
local closers = { ["end"] = true, ["until"] = true, ["}"] = true, [")"] = true, ["]"] = true }
local halves = { ["else"] = true, ["elseif"] = true }

--- Does this word close a block, or its first half?
---@param word string
---@return boolean
function M.closes(word)
  return closers[word] or halves[word] or false
end

-- How many blocks a line opens and leaves open; a closer in front of all counted for the lines above.
local function opened(tokens)
  local depth, begun = 0, false
  for _, token in ipairs(tokens) do
    local word = token.text
    if token.kind == "keyword" or token.kind == "symbol" then
      if openers[word] then depth = depth + 1 end
      if closers[word] and (begun or depth > 0) then depth = depth - 1 end
      if halves[word] and begun then depth = 0 end
      if halves[word] and not begun then depth = 1 end
    end
    if token.kind ~= "space" then begun = true end
  end
  return depth
end

--- How far the line after `s` is indented.
---@param s string  Whole lines, without the last line end.
---@return integer
function M.indent(s)
  local tokens = M.tokens(s)
  local final = tokens[#tokens]
  if final and final.open then return 0 end
  local line, start = {}, 1
  for _, token in ipairs(tokens) do
    local broken = token.kind == "space" and token.text:find("\n[^\n]*$")
    if broken then line, start = {}, token.first + broken else line[#line + 1] = token end
  end
  local now = #s:match("^ *", start)
  local depth = opened(line)
  return math.max(now + (depth > 0 and 2 or depth < 0 and -2 or 0), 0)
end

local pairs_of = { ["("] = ")", ["["] = "]", ["{"] = "}" }

--- The bracket that belongs to the one at byte `at`.
---@param tokens vise.repl.Token[]
---@param at integer
---@return integer? other
function M.partner(tokens, at)
  local stack = {}
  for _, token in ipairs(tokens) do
    if token.kind == "symbol" then
      if pairs_of[token.text] then
        stack[#stack + 1] = token
      elseif token.text == ")" or token.text == "]" or token.text == "}" then
        local open = table.remove(stack)
        if open and pairs_of[open.text] == token.text then
          if open.first == at then return token.first end
          if token.first == at then return open.first end
        end
      end
    end
  end
  return nil
end

return M
