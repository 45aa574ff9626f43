--- The grammar of -p:
---
---   NAME=VALUE         a value; NAME=A,B,C is a sweep, one run each
---   NAME=A,B           of a list: its items; NAME=[A,B],[C] sweeps over lists
---   NAME.KEY=VALUE     a key of a map that is there
---   +NAME.KEY=VALUE    a key that is not; +NAME=A,B adds to a list
---   ~NAME.KEY          without the key; ~NAME empties a list or a map
---
--- In double quotes a comma is part of the text, and "" is one quote.

local shape = require "vise.recipe.shape"

local M = {}

---@class vise.Override
---@field op ""|"+"|"~"
---@field name string
---@field key? string    Of a map.
---@field text? string   nil after ~
---@field shown string   As it was written, for messages.

--- Takes one override apart.
---@param word string   "bits=4", "~rules.head"
---@return vise.Override? override
---@return string? problem
function M.parse(word)
  local op, name, rest = word:match "^([+~]?)([%a_][%w_]*)(.*)$"
  local key, text
  if name then
    key, text = rest:match "^%.([^=]+)=(.*)$"
    if not key and op == "~" then key = rest:match "^%.([^=]+)$" end
    if not key then text = rest:match "^=(.*)$" end
  end
  local fine = name and (text ~= nil) == (op ~= "~") and (text or key or rest == "")
  if not fine then
    return nil, ("'%s' is not NAME=VALUE, +NAME=VALUE or ~NAME"):format(shape.shown(word))
  end
  return { op = op, name = name, key = key, text = text, shown = op .. name .. (key and "." .. key or "") }
end

-- The end of the item that begins at `at`: at a comma outside quotes, and outside brackets if it
-- begins with one.
local function item_end(text, at, brackets)
  local depth, quoted = 0, false
  brackets = brackets and text:sub(at, at) == "["
  for i = at, #text do
    local c = text:sub(i, i)
    if c == '"' then quoted = not quoted end
    if not quoted and brackets and c == "[" then depth = depth + 1 end
    if not quoted and brackets and c == "]" then depth = depth - 1 end
    if not quoted and depth == 0 and c == "," then return i - 1 end
  end
  if quoted then return nil, "a quote has no end" end
  if depth ~= 0 then return nil, "a bracket has no end" end
  return #text
end

-- What quotes around an item stand for.
local function unquoted(item)
  local inner = item:match '^"(.*)"$'
  return inner and inner:gsub('""', '"') or item
end

-- The items of a text between commas.
local function split(text, brackets)
  local items, at = {}, 1
  while at <= #text + 1 do
    local last, problem = item_end(text, at, brackets)
    if not last then return nil, problem end
    items[#items + 1] = text:sub(at, last)
    at = last + 2
  end
  return items
end

local function words_of(text)
  if text == "" then return {} end
  local items, problem = split(text, false)
  for i, item in ipairs(items or {}) do items[i] = unquoted(item) end
  return items, problem
end

--- The values that a text stands for: several are a sweep.
---@param text string
---@param is_list boolean  Each value is a list of items.
---@return (string|string[])[]? alternatives
---@return string? problem
function M.alternatives(text, is_list)
  if not is_list then
    if text == "" then return { "" } end
    return words_of(text)
  end
  if text:sub(1, 1) ~= "[" then
    local words, problem = words_of(text)
    return words and { words }, problem
  end
  local groups, problem = split(text, true)
  if not groups then return nil, problem end
  for i, group in ipairs(groups) do
    local inner = group:match "^%[(.*)%]$"
    if not inner then return nil, ("'%s' does not stand in brackets as the first does"):format(shape.shown(group)) end
    groups[i], problem = words_of(inner)
    if not groups[i] then return nil, problem end
  end
  return groups
end

return M
