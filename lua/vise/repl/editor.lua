--- The text that is being typed: what each key does to it.  Knows nothing of a terminal.

local lexer = require "vise.repl.lexer"
local width = require "vise.repl.width"

local M = {}

local MOST_UNDO, MOST_KILLS = 1000, 30

---@class vise.repl.Editor
---@field text string
---@field cursor integer   How many bytes stand before it.
---@field kills string[]   The newest last.
---@field undone { text: string, cursor: integer }[]
---@field goal? integer    The column that up and down keep to.
local Editor = {}
Editor.__index = Editor

---@param kills? string[]  The kill ring of the session.
---@return vise.repl.Editor
function M.new(kills)
  return setmetatable({ text = "", cursor = 0, kills = kills or {}, undone = {}, last = "" }, Editor)
end

--- Puts another text in place of this one.
---@param text string
---@param cursor? integer  Its end if not given.
function Editor:replace(text, cursor)
  self:remember "replace"
  self.text, self.cursor = text, cursor or #text
end

--- Notes the text for undo, once for a run of the same small edits.
function Editor:remember(what)
  if what ~= "type" or self.last ~= "type" then
    self.undone[#self.undone + 1] = { text = self.text, cursor = self.cursor }
    if #self.undone > MOST_UNDO then table.remove(self.undone, 1) end
  end
  self.doing = what
end

function Editor:undo()
  local before = table.remove(self.undone)
  if before then self.text, self.cursor = before.text, before.cursor end
end

--- Puts `s` where the cursor is.
function Editor:insert(s, what)
  self:remember(what or "insert")
  self.text = self.text:sub(1, self.cursor) .. s .. self.text:sub(self.cursor + 1)
  self.cursor = self.cursor + #s
end

--- Takes bytes first + 1 to last out.
function Editor:delete(first, last)
  if first >= last then return "" end
  self:remember "delete"
  local gone = self.text:sub(first + 1, last)
  self.text = self.text:sub(1, first) .. self.text:sub(last + 1)
  self.cursor = first
  return gone
end

-- Kills join while they follow each other, at the side where they were.
local function kill(self, first, last)
  local forward = self.cursor == first
  local gone = self:delete(first, last)
  if gone == "" then return end
  if self.last == "kill" then
    local newest = self.kills[#self.kills]
    self.kills[#self.kills] = forward and newest .. gone or gone .. newest
  else
    self.kills[#self.kills + 1] = gone
    if #self.kills > MOST_KILLS then table.remove(self.kills, 1) end
  end
  self.doing = "kill"
end

local function before(self)
  return self.cursor > 0 and width.first_before(self.text, self.cursor + 1) - 1 or 0
end

local function after(self)
  return self.cursor < #self.text and width.last_of(self.text, self.cursor + 1) or #self.text
end

local WORD, OTHER = "[%w_\x80-\xff]", "[^%w_\x80-\xff]"

local function word_before(self, inner, outer)
  local head = self.text:sub(1, self.cursor):gsub((outer or OTHER) .. "+$", "")
  return #head:gsub((inner or WORD) .. "+$", "")
end

local function word_after(self)
  local last = select(2, self.text:find("^" .. OTHER .. "*" .. WORD .. "*", self.cursor + 1))
  return last or #self.text
end

-- How many bytes stand before the last line of a text.
local function line_start(head)
  return (head:match "^.*\n()" or 1) - 1
end

--- Where the line of the cursor begins and ends.
---@return integer first  Bytes before it.
---@return integer last   Bytes up to its end.
function Editor:line()
  return line_start(self.text:sub(1, self.cursor)), (self.text:find("\n", self.cursor + 1, true) or #self.text + 1) - 1
end

local function column(self)
  local first = self:line()
  return utf8.len(self.text, first + 1, self.cursor, true) or self.cursor - first
end

-- Moves to the goal column of the line that begins at `first`.
local function go_to_line(self, first)
  self.goal = self.goal or column(self)
  self.cursor = first
  local _, last = self:line()
  for _ = 1, self.goal do
    if self.cursor >= last then break end
    self.cursor = after(self)
  end
  self.doing = "line"
end

--- One line up or down.  False where there is none.
function Editor:up()
  local first = self:line()
  if first == 0 then return false end
  self.goal = self.goal or column(self)
  go_to_line(self, line_start(self.text:sub(1, first - 1)))
  return true
end

function Editor:down()
  local _, last = self:line()
  if last == #self.text then return false end
  self.goal = self.goal or column(self)
  go_to_line(self, last + 1)
  return true
end

-- Swaps the characters around the cursor, the last two at the end of a line.
local function transpose(self)
  local first, last = self:line()
  if self.cursor == first then return end
  if self.cursor == last then self.cursor = before(self) end
  if self.cursor == first then return end
  local from, to = before(self), after(self)
  self:remember "transpose"
  local a, b = self.text:sub(from + 1, self.cursor), self.text:sub(self.cursor + 1, to)
  self.text = self.text:sub(1, from) .. b .. a .. self.text:sub(to + 1)
  self.cursor = to
end

local function change_word(self, change)
  local last = word_after(self)
  local word = self.text:sub(self.cursor + 1, last)
  self:remember "case"
  self.text = self.text:sub(1, self.cursor) .. change(word) .. self.text:sub(last + 1)
  self.cursor = last
end

local function yank(self)
  local newest = self.kills[#self.kills]
  if not newest then return end
  self:insert(newest, "yank")
  self.yanked = { first = self.cursor - #newest, at = #self.kills }
end

-- After a yank: the kill before that one instead.
local function yank_pop(self)
  if self.last ~= "yank" or #self.kills == 0 then return end
  local place = self.yanked
  place.at = place.at > 1 and place.at - 1 or #self.kills
  self.text = self.text:sub(1, place.first) .. self.text:sub(self.cursor + 1)
  self.cursor = place.first
  self:insert(self.kills[place.at], "yank")
end

--- A new line below, indented as its block is.
function Editor:newline()
  local indent = lexer.indent(self.text:sub(1, self.cursor))
  self:insert("\n" .. (" "):rep(indent))
end

-- A word that closes its block moves back to where the block began, once it is complete.
local function dedent(self)
  local first = self:line()
  if first == 0 then return end
  local spaces, word = self.text:sub(first + 1, self.cursor):match "^( *)(%S+)$"
  word = word and (word:match "^[%]})]" or word:match "^%a+")
  if not word or not lexer.closes(word) then return end
  local wanted = math.max(lexer.indent(self.text:sub(1, first - 1)) - 2, 0)
  if #spaces <= wanted then return end
  self.text = self.text:sub(1, first) .. (" "):rep(wanted) .. self.text:sub(first + #spaces + 1)
  self.cursor = self.cursor - #spaces + wanted
end

--- Pasted text as it comes, with the line ends of Lua.
function Editor:paste(s)
  self:insert(s:gsub("\r\n?", "\n"), "paste")
end

local function move(where)
  return function(self) self.cursor = where(self) end
end

local function line_first(self) return (self:line()) end
local function line_last(self) return select(2, self:line()) end

local actions = {
  left = move(before), right = move(after), ["ctrl-left"] = move(word_before), ["ctrl-right"] = move(word_after),
  home = move(line_first), ["end"] = move(line_last),
  ["ctrl-home"] = move(function() return 0 end), ["ctrl-end"] = move(function(self) return #self.text end),
  backspace = function(self) self:delete(before(self), self.cursor) end,
  delete = function(self) self:delete(self.cursor, after(self)) end,
  ["ctrl-w"] = function(self) kill(self, word_before(self, "%S", "%s"), self.cursor) end,
  ["alt-backspace"] = function(self) kill(self, word_before(self), self.cursor) end,
  ["alt-d"] = function(self) kill(self, self.cursor, word_after(self)) end,
  ["ctrl-k"] = function(self)
    local last = line_last(self)
    kill(self, self.cursor, last > self.cursor and last or math.min(last + 1, #self.text))
  end,
  ["ctrl-u"] = function(self) kill(self, line_first(self), self.cursor) end,
  ["ctrl-y"] = yank, ["alt-y"] = yank_pop, ["ctrl-t"] = transpose, ["ctrl-_"] = Editor.undo,
  ["alt-u"] = function(self) change_word(self, string.upper) end,
  ["alt-l"] = function(self) change_word(self, string.lower) end,
  ["alt-c"] = function(self)
    change_word(self, function(word) return (word:lower():gsub("%a", string.upper, 1)) end)
  end,
  ["alt-enter"] = Editor.newline,
}
for name, same in pairs { ["ctrl-b"] = "left", ["ctrl-f"] = "right", ["alt-b"] = "ctrl-left",
  ["alt-f"] = "ctrl-right", ["alt-left"] = "ctrl-left", ["alt-right"] = "ctrl-right", ["ctrl-a"] = "home",
  ["ctrl-e"] = "end", ["ctrl-d"] = "delete", ["ctrl-delete"] = "alt-d", ["ctrl-/"] = "ctrl-_" } do
  actions[name] = actions[same]
end

--- Does what a key says.  False for a key that is not about the text.
---@param key vise.repl.Key
---@return boolean
function Editor:key(key)
  local name, text = key[1], key[2]
  self.doing = name
  if name == "text" then
    self:insert(text, "type")
    dedent(self)
  elseif name == "paste" then
    self:paste(text)
  elseif actions[name] then
    actions[name](self)
  elseif name == "up" or name == "ctrl-p" then
    if not self:up() then return false end
  elseif name == "down" or name == "ctrl-n" then
    if not self:down() then return false end
  else
    return false
  end
  if self.doing ~= "line" then self.goal = nil end
  self.last = self.doing
  return true
end

return M
