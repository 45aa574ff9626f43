--- Colours of Lua text: which style each word has, and what a style is on this terminal.

local lexer = require "vise.repl.lexer"

local M = {}

local MOST = 50000 -- bytes; a longer text is shown plain, so that typing stays quick

--- What the styles look like with 16 colours, which each terminal has chosen to be readable.
M.styles = {
  prompt = "\27[1m", keyword = "\27[35m", string = "\27[32m", number = "\27[36m", comment = "\27[90m",
  wrong = "\27[31m", bracket = "\27[1;4m", hint = "\27[90m", name = "\27[34m", candidate = "\27[0m",
}

local constants = { ["true"] = true, ["false"] = true, ["nil"] = true }

-- The bracket at the cursor or just before it, and its partner.
local function brackets(tokens, text, cursor)
  for _, at in ipairs { cursor + 1, cursor } do
    if text:find("^[%(%)%[%]{}]", at) then
      local other = lexer.partner(tokens, at)
      if other then return { [at] = true, [other] = true } end
    end
  end
  return {}
end

--- The styles of a text.
---@param text string
---@param cursor integer
---@param known? fun(name: string): boolean  Is there a global of that name?
---@return { first: integer, last: integer, style: string }[]
function M.runs(text, cursor, known)
  if #text > MOST then return {} end
  local tokens, runs = lexer.tokens(text), {}
  local lit = brackets(tokens, text, cursor)
  local previous
  for _, token in ipairs(tokens) do
    local style
    if token.kind == "keyword" then
      style = constants[token.text] and "number" or "keyword"
    elseif token.kind == "name" and previous ~= "." and previous ~= ":" and known and known(token.text) then
      style = "name"
    elseif token.kind == "string" or token.kind == "number" or token.kind == "comment" then
      style = token.kind
    elseif token.kind == "other" then
      style = "wrong"
    elseif lit[token.first] then
      style = "bracket"
    end
    if style then runs[#runs + 1] = { first = token.first, last = token.last, style = style } end
    if token.kind ~= "space" then previous = token.text end
  end
  return runs
end

return M
