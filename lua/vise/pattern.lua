--- Layer patterns: which names a person means.
---
--- A string is a glob over full layer names ("*" matches any run of characters, dots too, "?" one
--- character); `vise.pattern "^transformer_blocks%.%d"` is a Lua pattern; `{ glob, optional = true }`
--- may match nothing (in place of the glob a vise.pattern will do).  Any other pattern that matches
--- nothing is an error that names the nearest name.
---
--- Each has a form that is one string, for JSON and the command line: the glob itself,
--- "lua:^transformer_blocks%.%d", "optional:*embed*".

local fail = require "vise.fail"
local frozen = require "vise.frozen"
local suggest = require "vise.suggest"

local M = {}

---@class vise.Pattern
---@field text string      As the person wrote it.
---@field lua string       The Lua pattern it stands for.
---@field optional boolean May match nothing.
---@field of_glob boolean  Written as a glob.
---@field plain string     One string that means the same wherever a pattern is expected.
local Pattern = {}

local made = setmetatable({}, { __mode = "k" }) -- every pattern there is

---@param glob string
---@return string pattern  Anchored at both ends.
local function from_glob(glob)
  local literal = glob:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  return "^" .. literal:gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

local function new(text, lua, optional, plain)
  local of_glob = not plain:gsub("^optional:", ""):find "^lua:"
  local p = frozen.freeze({ text = text, lua = lua, optional = optional, plain = plain, of_glob = of_glob },
    "a pattern", Pattern)
  made[p] = true
  return p
end

--- A Lua pattern over full layer names.
---@param text string
---@return vise.Pattern
function M.pattern(text)
  if type(text) ~= "string" then fail.raise("E-PL-02", "a pattern is a string, got %s", type(text)) end
  local ok, message = pcall(string.find, "", text)
  if not ok then fail.raise("E-PL-02", "pattern %q: %s", text, message) end
  return new(text, text, false, "lua:" .. text)
end

local function of_string(value)
  local rest = value:match "^optional:(.*)$"
  if rest then
    local p = of_string(rest)
    return new(p.text, p.lua, true, "optional:" .. p.plain)
  end
  rest = value:match "^lua:(.*)$"
  if rest then return M.pattern(rest) end
  return new(value, from_glob(value), false, value)
end

--- Whatever a person may write where a pattern is expected.
---@param value string|vise.Pattern|table
---@param where string  Names the field, for messages.
---@return vise.Pattern
function M.of(value, where)
  if made[value] then return value end
  if type(value) == "string" then return of_string(value) end
  if type(value) == "table" and (type(value[1]) == "string" or made[value[1]]) then
    for key in pairs(value) do
      if key ~= 1 and key ~= "optional" then
        fail.raise("E-CF-02", "%s: unknown field '%s' in a pattern, expected optional", where, tostring(key))
      end
    end
    if value.optional ~= nil and type(value.optional) ~= "boolean" then
      fail.raise("E-CF-03", "%s: optional must be true or false, got %s", where, type(value.optional))
    end
    local p = M.of(value[1], where)
    if value.optional ~= true or p.optional then return p end
    return new(p.text, p.lua, true, "optional:" .. p.plain)
  end
  fail.raise("E-CF-03", "%s must be a glob, a vise.pattern or { glob, optional = true }, got %s", where,
    type(value))
end

---@param name string
---@return boolean
function Pattern:matches(name)
  -- A Lua pattern is read as far as a name goes along with it: some faults show up only here.
  local ok, found = pcall(string.find, name, self.lua)
  if not ok then fail.raise("E-PL-02", "pattern %q: %s", self.text, found) end
  return found ~= nil
end

--- The name that was likely meant.  A glob is held against the ends of names too, as many parts of
--- them as stand behind its last "*": "*.to_qq" is near "blocks.0.attn1.to_q".
local function nearest(pattern, names)
  local whole = suggest.nearest(pattern.text, names)
  if whole or not pattern.of_glob then return whole end
  local tail = pattern.text:match "([^*]*)$":gsub("^%.", "")
  if tail == "" then return nil end
  local _, dots = tail:gsub("%.", "")
  local part, ends, by_end = ("%.[^.]*"):rep(dots + 1) .. "$", {}, {}
  for _, name in ipairs(names) do
    local tail_of = ("." .. name):match(part)
    if tail_of and not by_end[tail_of] then
      ends[#ends + 1], by_end[tail_of] = tail_of, name
    end
  end
  return by_end[suggest.nearest("." .. tail, ends)]
end

--- The names that match, in their order.  Raises E-PL-01 when there are none and the pattern is
--- not optional.
---@param names string[]
---@param where string
---@return string[]
function Pattern:select(names, where)
  local matched = {}
  for _, name in ipairs(names) do
    if self:matches(name) then matched[#matched + 1] = name end
  end
  if #matched == 0 and not self.optional then
    local near = nearest(self, names)
    fail.raise("E-PL-01", "%s: pattern \"%s\" matches 0 of %d layers%s", where, self.text, #names,
      near and ("; nearest name: " .. near) or "")
  end
  return matched
end

return M
