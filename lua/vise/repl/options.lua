--- What may be given to the function at the cursor: fields of a table, choices of a value.  From the
--- descriptions of the Lua interface.

local describe = require "vise.describe"
local docs = require "vise.repl.docs"

local M = {}

-- The types that a type expression names.
local function types_of(value)
  local found = {}
  for name in value[2]:gmatch "vise%.[%w.]+" do found[#found + 1] = describe.type_named(name) end
  return found
end

--- The fields that a table given for an argument may have.
---@param argument? vise.Value
---@return vise.Value[]
function M.fields(argument)
  if not argument then return {} end
  if argument.fields then return argument.fields end
  for _, found in ipairs(types_of(argument)) do
    if found.fields then return found.fields end
  end
  return {}
end

local function find_field(fields, name)
  for _, field in ipairs(fields) do
    if field[1] == name then return field end
  end
  return nil
end

-- Which argument of a call the cursor is in, and the keys of the tables that it is inside of there.
local function place(words, opener)
  local position, path, depth = 1, {}, 0
  for i = opener + 1, #words do
    local word = words[i].kind == "symbol" and words[i].text
    if word == "{" or word == "(" or word == "[" then
      depth = depth + 1
      path[depth] = word == "{" and words[i - 1].text == "=" and words[i - 2].text or false
    elseif word == "}" or word == ")" or word == "]" then
      path[depth] = nil
      depth = math.max(depth - 1, 0)
    elseif word == "," and depth == 0 and words[opener].text == "(" then
      position = position + 1
    end
  end
  return position, path
end

--- The described value that is given at the cursor: an argument of a call, or a field inside it.
---@param words vise.repl.Token[]  Up to the cursor.
---@param env table
---@return vise.Value? argument
function M.argument(words, env)
  local chain, opener = docs.enclosing(words)
  local entry = chain and docs.entry(chain, env)
  if not entry then return nil end
  local position, path = place(words, opener)
  local argument = entry[2].arguments[position]
  for _, key in ipairs(path) do
    if key then argument = find_field(M.fields(argument), key) end
  end
  return argument
end

--- What a value in a table constructor or an argument list may be, when that is a choice.
---@return string[]?
function M.choices(words, env)
  local count = #words
  local key = words[count] and words[count].text == "=" and words[count - 1] and words[count - 1].text
  if key == "quant_type" or key == "fallback" then return require("vise.quant_types").forms end
  local argument = M.argument(words, env)
  if key then argument = find_field(M.fields(argument), key) end
  if not argument then return nil end
  for _, found in ipairs(types_of(argument)) do
    if found.choices then return found.choices end
  end
  return argument.choices
end

return M
