--- The prompt on a terminal: reads keys, edits a line, draws it, completes it, finds old ones.

local complete = require "vise.repl.complete"
local editors = require "vise.repl.editor"
local highlight = require "vise.repl.highlight"
local keyboard = require("vise.core").keyboard
local keys = require "vise.repl.keys"
local listing = require "vise.repl.listing"
local screens = require "vise.repl.screen"

local M = {}

local PROMPT, CONTINUED = "> ", ">> "
local NEAR = 4000 -- bytes that a hint looks at
local QUIET = 0.06 -- seconds without a key after which hints are looked up

---@class vise.repl.Prompt
---@field session vise.repl.Session
---@field history vise.repl.History
---@field terminal fun(): vise.Terminal
local Prompt = {}
Prompt.__index = Prompt

---@param session vise.repl.Session
---@param history vise.repl.History
---@param terminal fun(): vise.Terminal  The terminal as it is now.
---@return vise.repl.Prompt
function M.new(session, history, terminal)
  local about = terminal()
  local self = setmetatable({ session = session, history = history, terminal = terminal, keys = keys.new(),
    waiting = {}, kills = {} }, Prompt)
  self.screen = screens.new(function(bytes)
    io.stdout:write(bytes)
    io.stdout:flush()
  end, about.colour > 0 and highlight.styles or {}, about.unicode)
  return self
end

-- The next key; nil and why there is none: "timeout", "interrupt", "resize", "continue", "end".
function Prompt:next_key(seconds)
  while #self.waiting == 0 do
    local patience = self.keys:patience()
    local bytes, why = keyboard.read(patience or seconds)
    if bytes then
      self.waiting = self.keys:feed(bytes)
    elseif why == "timeout" and patience then
      self.waiting = self.keys:expire()
    else
      return nil, why
    end
  end
  return table.remove(self.waiting, 1)
end

-- Draws what is typed, with `below` or the hint under it.
function Prompt:draw(below)
  local editor = self.editor
  local env = self.session.env
  self.screen:draw {
    prompt = self.search and self:search_prompt() or PROMPT, continued = CONTINUED, text = editor.text,
    cursor = editor.cursor, below = below,
    runs = highlight.runs(editor.text, editor.cursor, function(name)
      return rawget(env, name) ~= nil or rawget(_G, name) ~= nil
    end),
  }
end

-- The line below: how the function at the cursor is called.
function Prompt:hint()
  local editor = self.editor
  if editor.text == "" or self.search then return nil end
  local docs = require "vise.repl.docs"
  -- A long input is looked at from a line not too far above.
  local from = editor.cursor > NEAR and editor.text:find("\n", editor.cursor - NEAR, true) or 1
  local ok, line = pcall(docs.hint_at, editor.text:sub(from, editor.cursor), self.session.env)
  if not ok or not line then return nil end
  return { { text = listing.plain(line, self.screen.unicode), style = "hint" } }
end

-- Shows one page of the candidates.
function Prompt:list()
  local state = self.candidates
  local screen = self.screen
  local rows, last = listing.page(state.list, state.shown + 1, screen.columns, screen.rows, screen.unicode)
  state.shown = last < #state.list and last or 0
  self:draw(rows)
  self.listed = true
end

function Prompt:complete()
  local editor = self.editor
  if self.listed and self.candidates.text == editor.text then return self:list() end
  local line = editor:line()
  if not editor.text:sub(line + 1, editor.cursor):find "%S" and editor.text ~= "" then
    return editor:insert "  "
  end
  local found = complete.at(editor.text, editor.cursor, self.session.env)
  local list, word = found.list, editor.text:sub(found.from + 1, editor.cursor)
  if #list == 0 then return end
  local text = #list == 1 and list[1].text .. (list[1].suffix or "") or complete.common(list)
  -- What stands behind the cursor already is not written twice.
  local suffix = #list == 1 and list[1].suffix
  if suffix and editor.text:sub(editor.cursor + 1, editor.cursor + #suffix) == suffix then text = list[1].text end
  if #text > #word or #list == 1 then
    editor:remember "complete"
    editor.text = editor.text:sub(1, found.from) .. text .. editor.text:sub(editor.cursor + 1)
    editor.cursor = found.from + #text
  end
  if #list > 1 then
    self.candidates = { list = list, shown = 0, text = editor.text }
    self:list()
  end
end

-- --- history

-- Puts another entry into the editor; what was typed waits behind the newest.
function Prompt:recall(step)
  local entries = self.history.entries
  local at = (self.at or #entries + 1) + step
  if at < 1 or at > #entries + 1 then return end
  if not self.at then self.typed = self.editor.text end
  self.at = at
  self.editor = editors.new(self.kills)
  self.editor:replace(entries[at] or self.typed)
  self.editor.undone = {}
end

function Prompt:search_prompt()
  local failed = self.search.failed and "no " or ""
  return ("(%ssearch `%s') "):format(failed, listing.plain(self.search.part, self.screen.unicode))
end

-- Looks for the part of a search from entry `from` backwards.
function Prompt:find(from)
  local search = self.search
  local index, at = self.history:search(search.part, from)
  search.failed = not index and search.part ~= ""
  if index and search.part ~= "" then
    search.index = index
    self.editor.text = self.history.entries[index]
    self.editor.cursor = at - 1
  end
end

-- A key while searching.  False for one that ends it and means something by itself.
function Prompt:search_key(key)
  local name, search, newest = key[1], self.search, #self.history.entries
  if name == "ctrl-r" then
    self:find((search.index or newest + 1) - 1)
  elseif name == "text" then
    search.part = search.part .. key[2]
    self:find(search.index or newest)
  elseif name == "backspace" then
    search.part = search.part:sub(1, (utf8.offset(search.part, -1) or 1) - 1)
    search.index = nil
    self:find(newest)
  elseif name == "ctrl-g" or name == "ctrl-c" then
    self.editor.text, self.editor.cursor = search.text, search.cursor
    self.search = nil
  else
    self.at, self.typed = search.index, self.typed or search.text
    self.search = nil
    return name == "escape"
  end
  return true
end

-- --- keys that are not about the text

-- Ends the line on the screen.
function Prompt:leave()
  self.editor.cursor = #self.editor.text
  self:draw()
  self.screen:leave()
end

local commands = {}

function commands.enter(self)
  local editor = self.editor
  local _, last = editor:line()
  local inside = last < #editor.text
  if inside or editor.text:find "%S" and not self.session:complete(editor.text) then
    editor:newline()
    return nil
  end
  self:leave()
  return editor.text
end

commands["ctrl-c"] = function(self)
  self:leave()
  return ""
end

commands["ctrl-d"] = function(self)
  if self.editor.text ~= "" then
    self.editor:key { "delete" }
    return nil
  end
  self:leave()
  return false
end

commands["ctrl-l"] = function(self) self.screen:clear() end
commands["ctrl-r"] = function(self)
  self.search = { part = "", text = self.editor.text, cursor = self.editor.cursor }
end
commands["ctrl-z"] = function(self)
  self:leave()
  keyboard.stop()
  self:measure()
end
commands.tab = Prompt.complete
commands.up = function(self) self:recall(-1) end
commands.down = function(self) self:recall(1) end
commands["ctrl-p"], commands["ctrl-n"] = commands.up, commands.down
commands["alt-<"] = function(self) self:recall(1 - (self.at or #self.history.entries + 1)) end
commands["alt->"] = function(self) self:recall(#self.history.entries + 1 - (self.at or #self.history.entries + 1)) end

-- Does what a key says.  A string ends the line, false the session.
function Prompt:key(key)
  if self.search and self:search_key(key) then return nil end
  local name = key[1]
  if name == "ctrl-d" then return commands["ctrl-d"](self) end
  if self.editor:key(key) then return nil end
  if commands[name] then return commands[name](self) end
end

function Prompt:measure()
  local about = self.terminal()
  self.screen:resize(math.max(about.columns, 2), math.max(about.rows, 1))
end

-- How long to wait for a key before there is something to do: draw, then look for a hint, then nothing.
local function patience(self)
  if not self.drawn then return 0 end
  if not self.hinted then return QUIET end
  return nil
end

-- One event.  A string ends the line, false the session.
function Prompt:turn()
  local key, why = self:next_key(patience(self))
  if key then
    local listed = self.listed
    self.drawn, self.hinted = false, false
    if key[1] ~= "tab" then self.listed = false end
    local result = self:key(key)
    if listed and self.listed then self.drawn, self.hinted = true, true end
    return result
  elseif why == "timeout" then
    if not self.drawn then
      if not self.listed then self:draw(self.below) end
    else
      self.below = self:hint()
      if not self.listed then self:draw(self.below) end
      self.hinted = true
    end
    self.drawn = true
  elseif why == "interrupt" then
    return commands["ctrl-c"](self)
  elseif why == "end" then
    return false
  else
    self:measure()
    self.drawn = false
  end
end

--- Reads one input.
---@return string|false input  false at the end.
function Prompt:read()
  local ok = keyboard.raw()
  if not ok then return false end
  self.editor, self.at, self.search, self.typed = editors.new(self.kills), nil, nil, nil
  self.drawn, self.hinted, self.listed, self.below = false, false, false, nil
  self:measure()
  local guard <close> = setmetatable({}, { __close = keyboard.cooked }) -- luacheck: ignore 211
  local result
  repeat result = self:turn() until result ~= nil
  return result
end

return M
