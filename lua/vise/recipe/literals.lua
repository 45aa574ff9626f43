--- Reads a recipe's header.lua: one table constructor of literals, parsed here and never executed.
---
--- Strings (quoted and long), numbers, true, false, nil, nested tables and comments; a `return`
--- before the table is allowed, so that the file is also a Lua file to an editor.

local text = require "vise.text"

local M = {}

local MAX_BYTES, MAX_DEPTH, MAX_VALUES, MAX_SHOWN = 1 << 20, 32, 20000, 40

---@class vise.HeaderReader
---@field text string
---@field at integer
---@field name string
---@field values integer                 How many were read.
---@field places table<string, integer>  "params.bits" -> where its key or value stands.
local Reader = {}
Reader.__index = Reader

local function line_at(source, at)
  local _, newlines = source:sub(1, at - 1):gsub("\n", "")
  return newlines + 1
end

-- Raises { message }: caught in M.parse, the only caller.
function Reader:fail(what)
  error({ message = ("%s:%d: %s"):format(self.name, line_at(self.text, self.at), what) }, 0)
end

-- What stands here, for messages.
function Reader:found()
  if self.at > #self.text then return "the end of the file" end
  local word = self.text:match("^[%w_]+", self.at) or self.text:match("^[^\n]", self.at)
  return ("'%s'"):format(text.escape(word:sub(1, MAX_SHOWN)))
end

-- If a long bracket opens here: its content, and the place after it.
function Reader:long_bracket()
  local first, last, equals = self.text:find("^%[(=*)%[", self.at)
  if not first then return nil end
  local stop, after = self.text:find("]" .. equals .. "]", last + 1, true)
  if not stop then self:fail "a long bracket has no end" end
  return self.text:sub(last + 1, stop - 1), after + 1
end

-- Skips spaces and comments.
function Reader:skip()
  while true do
    self.at = self.text:find("%S", self.at) or #self.text + 1
    if self.text:sub(self.at, self.at + 1) ~= "--" then return end
    self.at = self.at + 2
    local _, after = self:long_bracket()
    self.at = after or self.text:find("\n", self.at, true) or #self.text + 1
  end
end

function Reader:take(symbol)
  self:skip()
  if self.text:sub(self.at, self.at + #symbol - 1) ~= symbol then return false end
  self.at = self.at + #symbol
  return true
end

local simple_escapes = {
  a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v",
  ["\\"] = "\\", ['"'] = '"', ["'"] = "'", ["\n"] = "\n",
}

-- One escape sequence; `at` is after the backslash.  Returns its bytes.
function Reader:escape_sequence()
  local c = self.text:sub(self.at, self.at)
  if simple_escapes[c] then
    self.at = self.at + 1
    return simple_escapes[c]
  end
  local hex = self.text:match("^x(%x%x)", self.at)
  if hex then
    self.at = self.at + 3
    return string.char(tonumber(hex, 16))
  end
  local decimal = self.text:match("^%d%d?%d?", self.at)
  if decimal and tonumber(decimal) < 256 then
    self.at = self.at + #decimal
    return string.char(tonumber(decimal))
  end
  local code = self.text:match("^u{(%x+)}", self.at)
  if code and #code <= 6 and tonumber(code, 16) <= 0x10ffff then
    self.at = self.at + #code + 3
    return utf8.char(tonumber(code, 16))
  end
  if c == "z" then
    self.at = self.text:find("%S", self.at + 1) or #self.text + 1
    return ""
  end
  return self:fail(("no escape sequence '\\%s'"):format(text.escape(c)))
end

function Reader:quoted_string(quote)
  local parts = {}
  self.at = self.at + 1
  while true do
    local stop = self.text:find("[\\\n" .. quote .. "]", self.at)
    local c = stop and self.text:sub(stop, stop)
    if not stop or c == "\n" then self:fail "a string has no end" end
    parts[#parts + 1] = self.text:sub(self.at, stop - 1)
    self.at = stop + 1
    if c == quote then return table.concat(parts) end
    parts[#parts + 1] = self:escape_sequence()
  end
end

function Reader:number()
  local word = self.text:match("^-?%s*[%w.]*", self.at)
  -- An exponent's sign is not part of the match above.
  if word:find "^-?%s*0[xX]" == nil and word:find "[eE]$" then
    word = word .. (self.text:match("^[+-]%d+", self.at + #word) or "")
  end
  local value = word:find "^-?%s*[%d.]" and tonumber((word:gsub("%s", "")))
  if not value then self:fail(("'%s' is not a number"):format(word:sub(1, MAX_SHOWN):gsub("%s", " "))) end
  self.at = self.at + #word
  return value
end

local words = { ["true"] = true, ["false"] = false }

-- A value; `path` names its place.
function Reader:value(depth, path)
  self:skip()
  self.values = self.values + 1
  if self.values > MAX_VALUES then self:fail(("more than %d values"):format(MAX_VALUES)) end
  local c = self.text:sub(self.at, self.at)
  if c == "{" then return self:table(depth + 1, path) end
  if c == '"' or c == "'" then return self:quoted_string(c) end
  if c:find "[%d.-]" then return self:number() end
  local long, after = self:long_bracket()
  if long then
    self.at = after
    return (long:gsub("^\r?\n", ""))
  end
  local word = self.text:match("^[%a_][%w_]*", self.at)
  if word == "nil" or words[word] ~= nil then
    self.at = self.at + #word
    return words[word]
  end
  return self:fail("expected a string, a number, true, false, nil or a table, found " .. self:found())
end

local reserved = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]):gmatch "%a+" do
  reserved[word] = true
end

-- `name =` or `[value] =` before a field's value; nil if the field has neither.
function Reader:key(depth)
  self:skip()
  local name, after = self.text:match("^([%a_][%w_]*)%s*()", self.at)
  if name and not reserved[name] and self.text:find("^=[^=]", after) then
    self.at = after + 1
    return name
  end
  if self.text:find("^%[[^%[=]", self.at) then
    self.at = self.at + 1
    local key = self:value(depth, "")
    if type(key) ~= "string" and math.type(key) ~= "integer" then
      self:fail "a key is a string or an integer"
    end
    if not self:take "]" or not self:take "=" then self:fail("expected '] =', found " .. self:found()) end
    return key
  end
  return nil
end

function Reader:table(depth, path)
  if depth > MAX_DEPTH then self:fail(("tables deeper than %d"):format(MAX_DEPTH)) end
  self:take "{"
  local out, position, seen = {}, 0, {}
  while not self:take "}" do
    local start = self.at
    local key = self:key(depth)
    if key == nil then
      position = position + 1
      key = position
    end
    if seen[key] then
      self:fail(("the field '%s' is there twice"):format(text.escape(tostring(key):sub(1, MAX_SHOWN))))
    end
    seen[key] = true
    local place = type(key) == "string" and (path == "" and key or path .. "." .. key) or ("%s[%d]"):format(path, key)
    self.places[place] = start
    out[key] = self:value(depth, place)
    if not self:take "," and not self:take ";" then
      self:skip()
      if self.text:sub(self.at, self.at) ~= "}" then
        self:fail("expected ',' or '}', found " .. self:found())
      end
    end
  end
  return out
end

--- Parses the text of a header.
---@param source string
---@param name string  For messages: the file's name.
---@return table? header
---@return string|fun(path: string): integer? message  Or, of a header, what gives the line of "params.bits".
---@return string? id
function M.parse(source, name)
  if #source > MAX_BYTES then
    return nil, ("%s: %d bytes, a header has at most %d"):format(name, #source, MAX_BYTES), "E-RC-02"
  end
  local reader = setmetatable({ text = source, at = 1, name = name, values = 0, places = {} }, Reader)
  local ok, result = pcall(function()
    reader:skip()
    if reader.text:find("^return[%s{%-]", reader.at) then reader.at = reader.at + 6 end
    reader:skip()
    if reader.text:sub(reader.at, reader.at) ~= "{" then
      reader:fail("expected one table, found " .. reader:found())
    end
    local header = reader:table(1, "")
    reader:skip()
    if reader.at <= #source then reader:fail("expected nothing after the table, found " .. reader:found()) end
    return header
  end)
  if ok then
    return result, function(path)
      local at = reader.places[path]
      return at and line_at(source, at)
    end
  end
  if type(result) ~= "table" then error(result, 0) end
  return nil, result.message, "E-RC-02"
end

return M
