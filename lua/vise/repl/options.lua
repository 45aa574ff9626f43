--- What may be given to the function at the cursor: fields of a table, choices of a value.  From the
--- descriptions of the Lua interface.

local docs = require "vise.repl.docs"

local M = {}

--- The described argument that a value is given for.
---@param words vise.repl.Token[]  Up to the cursor.
---@param env table
---@return vise.Value? argument
function M.argument(words, env)
  local chain, brace = docs.enclosing(words)
  if not chain then return nil end
  local entry = docs.entry(chain, env)
  if not entry then return nil end
  local position, depth = 1, 0
  for i = brace + 1, #words do
    local word = words[i].kind == "symbol" and words[i].text
    if word == "(" or word == "{" or word == "[" then depth = depth + 1 end
    if word == ")" or word == "}" or word == "]" then depth = depth - 1 end
    if word == "," and depth == 0 and words[brace].text == "(" then position = position + 1 end
  end
  return entry[2].arguments[position]
end

--- The fields that a table given for an argument may have.
---@param argument? vise.Value
---@return vise.Value[]
function M.fields(argument)
  if not argument then return {} end
  if argument.fields then return argument.fields end
  for class in argument[2]:gmatch "vise%.[%w.]+" do
    local found = require("vise.describe").type_named(class)
    if found and found.fields then return found.fields end
  end
  if argument[2]:find("vise.Config", 1, true) or argument[1] == "fields" then
    local list = {}
    for name in pairs(require("vise.config_fields").checks) do list[#list + 1] = { name, "any" } end
    return list
  end
  return {}
end

local function find_field(fields, name)
  for _, field in ipairs(fields) do
    if field[1] == name then return field end
  end
end

--- What a value in a table constructor or an argument list may be, when that is a choice.
---@return string[]?
function M.choices(words, env)
  local count = #words
  local key = words[count] and words[count].text == "=" and words[count - 1] and words[count - 1].text
  if key == "quant_type" or key == "fallback" then return require("vise.quant_types").forms end
  local argument = M.argument(words, env)
  if key then argument = find_field(M.fields(argument), key) end
  return argument and argument.choices
end

return M
