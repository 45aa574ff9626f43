--- What may stand at the cursor.  Looks only at the text and at what names reach (vise.repl.reach):
--- nothing of a user's is run, and nothing is raised.

local docs = require "vise.repl.docs"
local lexer = require "vise.repl.lexer"
local literals = require "vise.repl.literals"
local names = require "vise.names"
local options = require "vise.repl.options"
local reach = require "vise.repl.reach"

local M = {}

---@class vise.repl.Candidate
---@field text string           What stands in place of the word.
---@field label string          What the list shows.
---@field doc? fun(): string?   One line about it.
---@field suffix? string        Follows when it is the only one.

---@class vise.repl.Completion
---@field from integer  Bytes before the word that is completed.
---@field list vise.repl.Candidate[]

--- Commands of the prompt, with what they do.
M.commands = {
  { ".full", "shows the last value without limits" }, { ".help", "how the prompt is used" },
  { ".load", "runs a file: .load FILE" }, { ".quit", "ends the session" },
  { ".save", "writes the lines that succeeded: .save FILE.lua, or .save FOLDER for a recipe" },
}

local function starts(name, prefix)
  return name:sub(1, #prefix) == prefix
end

local function by_label(a, b) return a.label < b.label end

-- One line about a value.
local function value_doc(value)
  local kind = type(value)
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind == "table" then return names.has(value) and "model" or "table" end
  return kind
end

local function member_doc(chain, name, kind, value, env)
  return function()
    local whole = table.move(chain, 1, #chain, 1, {})
    whole[#whole + 1] = { kind = kind, key = name }
    return docs.about(whole, value, env) or docs.module(reach.written(whole)) or value_doc(value)
  end
end

-- Fields or methods after "." or ":".
local function members(chain, prefix, kind, env)
  local value, found = reach.value(chain, env), {}
  if value == nil then return found end
  for name, field in pairs(reach.keys(value)) do
    local callable = type(field) == "function"
    local private = name:sub(1, 1) == "_" and prefix:sub(1, 1) ~= "_"
    if starts(name, prefix) and name:find "^[%a_][%w_]*$" and (kind == "." or callable) and not private then
      found[#found + 1] = { text = name, label = name, doc = member_doc(chain, name, kind, field, env),
        suffix = callable and kind == ":" and "(" or nil }
    end
  end
  table.sort(found, by_label)
  return found
end

-- Names that stand for themselves: options, keywords, globals.
local function free_names(words, prefix, env, at_key)
  local found, seen = {}, {}
  local function add(name, doc, suffix)
    if starts(name, prefix) and not seen[name] and name:find "^[%a_][%w_]*$" then
      seen[name] = true
      found[#found + 1] = { text = name, label = name, doc = doc, suffix = suffix }
    end
  end
  if at_key then
    for _, field in ipairs(options.fields(options.argument(words, env))) do
      add(field[1], function() return field[3] end, " = ")
    end
    table.sort(found, by_label)
    if prefix == "" and #found > 0 then return found end
  end
  local rest = #found
  if prefix == "" then return found end
  for word in pairs(lexer.keywords) do add(word, function() return "keyword" end) end
  for _, scope in ipairs { env, _G } do
    for name, value in next, scope do
      if type(name) == "string" then
        add(name, member_doc({}, name, "name", value, env))
      end
    end
  end
  local others = table.move(found, rest + 1, #found, 1, {})
  table.sort(others, by_label)
  table.move(others, 1, #others, rest + 1, found)
  return found
end

-- A word after a `?`, and the commands that begin with a dot.
local function at_line_start(head, env)
  local mark, topic = head:match "^(%s*%?%??%s*)([%w_.:]*)$"
  if mark then
    local lists, about = literals.topics()
    local list = literals.candidates(lists, topic, '"', about)
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    for _, candidate in ipairs(free_names({}, topic, env)) do list[#list + 1] = candidate end
    return #mark, list
  end
  local command, path = head:match "^%s*%.(%a+)%s+(%S*)$"
  if command then
    local list = literals.files(path, "]]")
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    return #head - #path, list
  end
  local word = head:match "^%s*(%.%a*)$"
  if not word then return nil end
  local list = {}
  for _, row in ipairs(M.commands) do
    if starts(row[1], word) then
      list[#list + 1] = { text = row[1], label = row[1], doc = function() return row[2] end, suffix = " " }
    end
  end
  return #head - #word, list
end

--- The candidates at the end of a text.
---@param head string
---@param env table  The globals of the session.
---@return integer from  Bytes before the word that is completed.
---@return vise.repl.Candidate[]
function M.candidates(head, env)
  local from, list = at_line_start(head, env)
  if from then return from, list end
  local shell = head:match "^%s*%$.-(%S*)$"
  if shell then
    list = literals.files(shell, "]]")
    for _, candidate in ipairs(list) do candidate.suffix = nil end
    return #head - #shell, list
  end
  local words = reach.words(head)
  local last = words[#words]
  if last and last.open then
    if last.kind == "comment" then return #head, {} end
    words[#words] = nil
    return literals.at(last, words, env)
  end
  local prefix = ""
  if last and (last.kind == "name" or last.kind == "keyword") and last.last == #head then
    prefix = last.text
    words[#words] = nil
    last = words[#words]
  end
  local before = last and last.text
  if last and (before == "." or before == ":") then
    local chain = reach.chain(words, #words - 1)
    return #head - #prefix, chain and members(chain, prefix, before, env) or {}
  end
  local at_key = before == "{" or before == "," or before == ";"
  return #head - #prefix, free_names(words, prefix, env, at_key)
end

--- What may stand at the cursor of a text.
---@param text string
---@param cursor integer  Bytes before it.
---@param env table       The globals of the session.
---@return vise.repl.Completion
function M.at(text, cursor, env)
  local head = text:sub(1, cursor)
  collectgarbage "stop" -- a walk over all that a large model holds would take longer than the answer
  local ok, from, list = pcall(M.candidates, head, env)
  collectgarbage "restart"
  if not ok then return { from = cursor, list = {} } end
  return { from = from, list = list }
end

--- What all candidates begin with.
---@param list vise.repl.Candidate[]
---@return string
function M.common(list)
  local prefix = list[1] and list[1].text or ""
  for i = 2, #list do
    local other, n = list[i].text, 0
    while n < #prefix and prefix:byte(n + 1) == other:byte(n + 1) do n = n + 1 end
    prefix = prefix:sub(1, n)
  end
  -- Not half a character, nor half an escape.
  while prefix ~= "" and not utf8.len(prefix) do prefix = prefix:sub(1, -2) end
  return (prefix:gsub("\\%d?%d?%d?$", ""))
end

return M
