--- Type expressions in the notation of LuaCATS, read into trees:
---
---   vise.Tensor|number   { kind = "union", { kind = "name", name = ... }, ... }
---   string[]             { kind = "array", of = ... }
---   integer?             { kind = "optional", of = ... }
---   table<K, V>          { kind = "name", name = "table", K, V }
---   fun(x: number): T    { kind = "fun", arguments = { { "x", ... } }, returns = { ... } }
---   { a: T, b?: U }      { kind = "table", fields = { { "a", ... }, { "b", ..., optional = true } } }
---   [A, B]               { kind = "tuple", A, B }
---   "text"               { kind = "literal", value = "text" }

local M = {}

---@class vise.Type
---@field kind "union"|"array"|"optional"|"name"|"fun"|"table"|"tuple"|"literal"
---@field name? string
---@field value? string|boolean
---@field of? vise.Type
---@field fields? table[]
---@field arguments? table[]
---@field returns? vise.Type[]

local Reader = {}
Reader.__index = Reader

function Reader:fail(expected)
  error(("type %q, column %d: expected %s"):format(self.text, self.at, expected), 0)
end

-- Takes what a pattern matches here, after spaces; nil if it does not.
function Reader:take(pattern)
  local first, last, found = self.text:find("^%s*(" .. pattern .. ")", self.at)
  if not first then return nil end
  self.at = last + 1
  return found
end

function Reader:need(pattern, what)
  return self:take(pattern) or self:fail(what)
end

-- Items between commas, up to what closes them.
function Reader:list(read, close)
  local items = {}
  if self:take(close) then return items end
  repeat items[#items + 1] = read(self) until not self:take ","
  self:need(close, "a comma or the end")
  return items
end

function Reader:named()
  local name = self:take "%[%d+%]" or self:take "%.%.%." or self:need("[%a_][%w_]*", "a name")
  local optional = self:take "%?" ~= nil
  return { name, self:take ":" and self:union() or { kind = "name", name = "any" }, optional = optional }
end

function Reader:fun()
  self:need("%(", "(")
  local tree = { kind = "fun", arguments = self:list(Reader.named, "%)"), returns = {} }
  if self:take ":" then
    repeat tree.returns[#tree.returns + 1] = self:union() until not self:take ","
  end
  return tree
end

function Reader:primary()
  local quoted = self:take '"[^"]*"'
  if quoted then return { kind = "literal", value = quoted:sub(2, -2) } end
  if self:take "%(" then
    local inner = self:union()
    self:need("%)", ")")
    return inner
  end
  if self:take "{" then return { kind = "table", fields = self:list(Reader.named, "}") } end
  if self:take "%[" then
    local tree = self:list(Reader.union, "%]")
    tree.kind = "tuple"
    return tree
  end
  local name = self:need("[%a_][%w_.]*", "a type")
  if name == "fun" and self.text:find("^%s*%(", self.at) then return self:fun() end
  if name == "true" or name == "false" then return { kind = "literal", value = name == "true" } end
  local tree = self:take "<" and self:list(Reader.union, ">") or {}
  tree.kind, tree.name = "name", name
  return tree
end

function Reader:postfix()
  local tree = self:primary()
  while true do
    if self:take "%[%]" then
      tree = { kind = "array", of = tree }
    elseif self:take "%?" then
      tree = { kind = "optional", of = tree }
    else
      return tree
    end
  end
end

function Reader:union()
  local tree = self:postfix()
  if not self.text:find("^%s*|", self.at) then return tree end
  tree = { kind = "union", tree }
  while self:take "|" do tree[#tree + 1] = self:postfix() end
  return tree
end

--- Reads a type expression.  Raises for what is none.
---@param text string
---@return vise.Type
function M.parse(text)
  local reader = setmetatable({ text = text, at = 1 }, Reader)
  local tree = reader:union()
  if not text:find("^%s*$", reader.at) then reader:fail "the end" end
  return tree
end

--- The names in a type expression that may be classes: those with a dot.
---@param text string
---@return fun(): string?
function M.names(text)
  return text:gmatch "vise%.[%w_.]*[%w_]"
end

return M
