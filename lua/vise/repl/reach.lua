--- What a name reaches, without running anybody's code: tables by their own fields and by `__index` where
--- that is a table, userdata by their methods, and what is known to be ours.

local lexer = require "vise.repl.lexer"
local names = require "vise.names"

local M = {}

local DEEPEST, MOST_KEYS = 10, 20000

local function index_of(v)
  local meta = debug.getmetatable(v)
  return meta and rawget(meta, "__index")
end

local function is_public(v)
  return rawequal(v, package.loaded.vise)
end

--- `v[key]` as far as it can be told.
---@param v any
---@param key any
---@return any
function M.index(v, key)
  if is_public(v) and type(key) == "string" and rawget(v, key) == nil then
    for _, name in ipairs(v.names()) do
      if name == key then return v[key] end
    end
  end
  for _ = 1, DEEPEST do
    if type(v) == "table" then
      local own = rawget(v, key)
      if own ~= nil then return own end
      if names.has(v) and type(key) == "string" then
        local method = rawget(debug.getmetatable(v), key)
        return method == nil and names.find(v, key) or method
      end
    end
    v = index_of(v)
    if type(v) ~= "table" then return nil end
  end
  return nil
end

--- The string keys that `v[...]` knows, each with its value where that is at hand.
---@param v any
---@return table<string, any>
function M.keys(v)
  local found, count = {}, 0
  if is_public(v) then
    for _, name in ipairs(v.names()) do found[name] = M.index(v, name) end
  end
  for _ = 1, DEEPEST do
    if type(v) == "table" then
      for key, value in next, v do
        count = count + 1
        if count > MOST_KEYS then return found end
        if type(key) == "string" and found[key] == nil then found[key] = value end
      end
    end
    v = names.has(v) and debug.getmetatable(v) or index_of(v)
    if type(v) ~= "table" then break end
  end
  return found
end

-- The text of a string token, nil if it is not whole.
local function string_value(token)
  if token.open then return nil end
  local chunk = load("return " .. token.text, "=literal", "t", {})
  return chunk and chunk()
end

---@alias vise.repl.Link { kind: "name"|"."|":"|"[", key: any, token: integer }

--- The names that end at token `last`: `a.b["c"]:d` is four links.  `last` then stands before the first.
---@param tokens vise.repl.Token[]  Without spaces.
---@param last integer
---@return vise.repl.Link[]? chain  nil where there is none.
function M.chain(tokens, last)
  local chain, i = {}, last
  while i >= 1 do
    local token = tokens[i]
    if token.kind == "name" then
      local before = tokens[i - 1] and tokens[i - 1].text
      local linked = before == "." or before == ":"
      table.insert(chain, 1, { kind = linked and before or "name", key = token.text, token = i })
      if not linked then return chain end
      i = i - 2
    elseif token.text == "]" and tokens[i - 2] and tokens[i - 2].text == "[" then
      local inner = tokens[i - 1]
      local key = inner.kind == "string" and string_value(inner) or tonumber(inner.text)
      if key == nil then return nil end
      table.insert(chain, 1, { kind = "[", key = key, token = i })
      i = i - 3
    elseif token.kind == "string" and #chain > 0 and chain[1].kind == ":" then
      table.insert(chain, 1, { kind = "literal", key = string_value(token), token = i })
      return chain
    elseif token.text == ")" and tokens[i - 2] and tokens[i - 2].text == "(" and tokens[i - 1].kind == "string" then
      table.insert(chain, 1, { kind = "literal", key = string_value(tokens[i - 1]), token = i })
      return chain
    else
      return nil
    end
  end
  return nil
end

--- The value of a chain.
---@param chain vise.repl.Link[]
---@param env table
---@return any value
---@return any owner  What its last link was looked up in.
function M.value(chain, env)
  local value, owner
  for i, link in ipairs(chain) do
    if i == 1 then
      if link.kind == "literal" then
        value = link.key
      else
        value = M.index(env, link.key)
        if value == nil then value = rawget(_G, link.key) end
      end
    else
      if value == nil then return nil end
      owner = value
      value = M.index(value, link.key)
    end
  end
  return value, owner
end

--- The tokens of a text without spaces and comments.
---@param s string
---@return vise.repl.Token[]
function M.words(s)
  local words = {}
  for _, token in ipairs(lexer.tokens(s)) do
    if token.kind ~= "space" and (token.kind ~= "comment" or token.open) then words[#words + 1] = token end
  end
  return words
end

--- A text that is nothing but a chain, such as `m.layers` or `vise.open`; nil for any other.
---@param s string
---@return vise.repl.Link[]?
function M.parse(s)
  local words = M.words(s)
  local chain = #words > 0 and M.chain(words, #words)
  if not chain or chain[1].token ~= 1 then return nil end
  return chain
end

--- How a chain is written.
---@param chain vise.repl.Link[]
---@return string
function M.written(chain)
  local parts = {}
  for i, link in ipairs(chain) do
    if link.kind == "[" then
      parts[i] = type(link.key) == "string" and ("[%q]"):format(link.key) or ("[%s]"):format(link.key)
    else
      parts[i] = (i > 1 and link.kind or "") .. tostring(link.key)
    end
  end
  return table.concat(parts)
end

return M
