--- What a person typed as something to run: an expression, an assignment or statements.

local lexer = require "vise.repl.lexer"
local reach = require "vise.repl.reach"

local M = {}

---@class vise.repl.Chunk
---@field run function
---@field kind "expression"|"assignment"|"statement"
---@field text string        Without a leading "=" and a last ";".
---@field silent boolean     A ";" at the end asked for it.
---@field parts? vise.repl.Chunk[]  What it is made of, where that is several things.

-- The text without the `;` that ends it, and whether there was one.
local function split_end(source)
  local tokens = lexer.tokens(source)
  for i = #tokens, 1, -1 do
    local token = tokens[i]
    if token.text == ";" and token.kind == "symbol" then return source:sub(1, token.first - 1), true end
    if token.kind ~= "space" and token.kind ~= "comment" then break end
  end
  return source, false
end

-- `target = values` as a chunk that also gives the values.  nil for what is no such thing.
local function assignment(text, name, env)
  local words = reach.words(text)
  local equals
  for i, word in ipairs(words) do
    if word.text == "=" and word.kind == "symbol" then equals = i break end
  end
  local chain = equals and equals > 1 and reach.chain(words, equals - 1)
  if not chain or chain[1].token ~= 1 or chain[#chain].kind == ":" or chain[1].kind == "literal" then return nil end
  local at = words[equals].first
  return load(("return (function(...) %s = ...; return ... end)(%s\n)"):format(text:sub(1, at - 1),
    text:sub(at + 1)), name, "t", env)
end

-- A string between quotes ends with its line, so more lines do not help it.
local function unfinished(message)
  return message:find "<eof>'?$" ~= nil and not message:find "unfinished string near"
end

local MOST_SPLITS = 20

-- Statements with an expression behind them, `x = 1; x` or the same on two lines: they give its value.
local function statements_and_value(text, silent, name, env)
  local tokens, tried = lexer.tokens(text), 0
  for i = #tokens, 1, -1 do
    local token = tokens[i]
    local ends = token.text == ";" and token.kind == "symbol" or token.kind == "space" and token.text:find "\n"
    if ends and tried < MOST_SPLITS then
      tried = tried + 1
      local head, tail = text:sub(1, token.last), text:sub(token.last + 1)
      local run = tail:find "%S" and load(head .. "return " .. tail .. "\n", name, "t", env)
      if run then
        return { run = run, kind = "expression", text = tail, silent = silent, parts = {
          { kind = "statement", text = head, silent = false }, { kind = "expression", text = tail, silent = silent },
        } }
      end
    end
  end
  return nil
end

--- Compiles an input.
---@param source string
---@param name string  As load() takes it.
---@param env table
---@return vise.repl.Chunk? chunk
---@return string? message
---@return boolean? more    More lines could complete it.
function M.compile(source, name, env)
  local text, silent = split_end((source:gsub("^%s*=", "", 1)))
  local run, expression_message = load("return " .. text .. "\n", name, "t", env)
  if run then return { run = run, kind = "expression", text = text, silent = silent } end
  run = assignment(text, name, env)
  if run then return { run = run, kind = "assignment", text = text, silent = silent } end
  local message
  run, message = load(source, name, "t", env)
  if run then return { run = run, kind = "statement", text = source, silent = silent } end
  local several = statements_and_value(text, silent, name, env)
  if several then return several end
  return nil, message, unfinished(message) or unfinished(expression_message)
end

return M
