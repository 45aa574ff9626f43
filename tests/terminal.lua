--- A program on a terminal, driven as a person would: keys go in, what is on the screen comes out.

local core = require "vise.core"

local M = {}

-- --- the screen: as much of a terminal as the prompt uses, and an error for anything else

local Screen = {}
Screen.__index = Screen

local function new_screen(columns, rows)
  local self = setmetatable({ columns = columns, rows = rows, lines = {}, row = 1, column = 1, rest = "",
    prompts = 0 }, Screen)
  for r = 1, rows do self.lines[r] = {} end
  return self
end

function Screen:down()
  if self.row < self.rows then
    self.row = self.row + 1
  else
    table.remove(self.lines, 1)
    self.lines[self.rows] = {}
  end
end

local WIDE = { { 0x1100, 0x115f }, { 0x2e80, 0x9fff }, { 0xac00, 0xd7a3 }, { 0xff00, 0xff60 }, { 0x1f300, 0x1faff } }

local function columns_of(code)
  if code >= 0x300 and code <= 0x36f then return 0 end
  for _, range in ipairs(WIDE) do
    if code >= range[1] and code <= range[2] then return 2 end
  end
  return 1
end

function Screen:put(char)
  local columns = columns_of(utf8.codepoint(char))
  if columns == 0 then
    local at = self.column - 1
    while at > 1 and self.lines[self.row][at] == "" do at = at - 1 end
    self.lines[self.row][at] = (self.lines[self.row][at] or " ") .. char
    return
  end
  if self.column + columns - 1 > self.columns then -- the terminal wraps
    self.column = 1
    self:down()
  end
  self.lines[self.row][self.column] = char
  if columns == 2 then self.lines[self.row][self.column + 1] = "" end
  self.column = self.column + columns
end

local finals = {
  A = function(self, n) self.row = math.max(self.row - math.max(n, 1), 1) end,
  C = function(self, n) self.column = math.min(self.column + math.max(n, 1), self.columns) end,
  H = function(self) self.row, self.column = 1, 1 end,
  J = function(self, n)
    if n == 2 then
      for r = 1, self.rows do self.lines[r] = {} end
    else
      for c = self.column, self.columns do self.lines[self.row][c] = nil end
      for r = self.row + 1, self.rows do self.lines[r] = {} end
    end
  end,
  K = function(self) for c = self.column, self.columns do self.lines[self.row][c] = nil end end,
  m = function(self) self.coloured = true end,
  h = function(self, _, mode)
    assert(mode == "?2004")
    self.pastes, self.prompts = true, self.prompts + 1 -- it is asked for with every prompt
  end,
  l = function(self, _, mode) if mode == "?2004" then self.pastes = false end end,
}

--- Takes what a program wrote.
function Screen:write(bytes)
  bytes = self.rest .. bytes
  self.rest = ""
  local at = 1
  while at <= #bytes do
    local c = bytes:sub(at, at)
    if c == "\27" then
      local mode, final, last = bytes:match("^%[([%d;?]*)([%a])()", at + 1)
      if not final then
        assert(#bytes - at < 12, "no sequence that a prompt should write: " .. ("%q"):format(bytes:sub(at, at + 20)))
        self.rest = bytes:sub(at)
        return
      end
      assert(finals[final], "unknown sequence " .. final)(self, tonumber(mode:match "^%d+") or 0, mode)
      at = last
    elseif c == "\r" then self.column, at = 1, at + 1
    elseif c == "\n" then self:down() at = at + 1
    elseif c == "\b" then self.column, at = math.max(math.min(self.column, self.columns) - 1, 1), at + 1
    else
      assert(c:byte() >= 0x20 and c:byte() ~= 0x7f, ("a raw control character: %q"):format(c))
      local size = c:byte() >= 0xf0 and 4 or c:byte() >= 0xe0 and 3 or c:byte() >= 0xc0 and 2 or 1
      if at + size - 1 > #bytes then
        self.rest = bytes:sub(at)
        return
      end
      self:put(bytes:sub(at, at + size - 1))
      at = at + size
    end
  end
end

function Screen:line(r)
  local cells = {}
  for c = 1, self.columns do cells[c] = self.lines[r][c] or " " end
  return (table.concat(cells):gsub("%s+$", ""))
end

--- The lines up to the last that is not empty.
function Screen:text()
  local out = {}
  for r = 1, self.rows do out[r] = self:line(r) end
  return (table.concat(out, "\n"):gsub("\n+$", ""))
end

-- --- the program

local Terminal = {}
Terminal.__index = Terminal

local helper

-- The program that owns the other end of the terminal, built when it is first needed.
local function build()
  if helper then return helper end
  helper = arg[-1]:match "^(.*)/[^/]*$" .. "/pty"
  if not core.disk.exists(helper) then
    assert(os.execute(("${CC:-cc} -D_GNU_SOURCE -std=c11 -O1 -Wall -Wextra -Werror -o %s tests/pty.c"):format(helper)))
  end
  return helper
end

local function quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

--- Starts a program.
---@param argv string[]
---@param options { columns?: integer, rows?: integer, env?: table<string, string> }
function M.start(argv, options)
  local columns, rows = options.columns or 80, options.rows or 24
  local words = { "env", "-i", "PATH=" .. os.getenv "PATH", "TERM=xterm", "LC_ALL=C.UTF-8" }
  for name, value in pairs(options.env or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  for _, name in ipairs { "ASAN_OPTIONS", "TSAN_OPTIONS", "VISE_LUA", "VISE_THREADS", "VISE_BACKEND" } do
    if os.getenv(name) then words[#words + 1] = quote(name .. "=" .. os.getenv(name)) end
  end
  words[#words + 1] = ("%s %d %d"):format(build(), columns, rows)
  local path = io.popen("command -v " .. quote(argv[1])):read "l"
  words[#words + 1] = quote(path)
  for i = 2, #argv do words[#words + 1] = quote(argv[i]) end
  local answers = os.tmpname()
  os.remove(answers)
  assert(os.execute("mkfifo " .. answers))
  local self = setmetatable({ screen = new_screen(columns, rows), raw = "" }, Terminal)
  self.commands = io.popen(table.concat(words, " ") .. " >" .. answers, "w")
  self.commands:setvbuf "no"
  self.answers = assert(io.open(answers, "rb"))
  os.remove(answers)
  return self
end

--- Reads what comes within some seconds.  False when the program has ended.
function Terminal:read(seconds)
  if self.status then return false end
  self.commands:write(("r %d\n"):format(math.ceil(1000 * seconds)))
  local head = assert(self.answers:read "l")
  local status = head:match "^%-1 (%d+)"
  if status then
    self.status = tonumber(status)
    return false
  end
  local bytes = tonumber(head) > 0 and self.answers:read(tonumber(head)) or ""
  self.raw = self.raw .. bytes
  self.screen:write(bytes)
  return true
end

--- Types.
function Terminal:type(keys)
  self.commands:write(("w %d\n%s"):format(#keys, keys))
end

-- Reads until `done()` says so.
local function wait(self, done, seconds, what)
  local start = core.clock()
  while not done() do
    local left = start + (seconds or 10) - core.clock()
    if left <= 0 or not self:read(math.min(left, 0.5)) then
      if done() then break end
      error(("%s did not come; on the screen:\n%s"):format(what, self.screen:text()), 3)
    end
  end
  return core.clock() - start
end

--- Waits for text on the screen; gives the seconds that took.
function Terminal:expect(text, seconds)
  return wait(self, function() return self.screen:text():find(text, 1, true) end, seconds, ("%q"):format(text))
end

--- Waits for the last line with text on it to be this one.
function Terminal:last(text, seconds)
  local function done() return (self.screen:text():match "[^\n]*$") == text end
  return wait(self, done, seconds, ("line %q"):format(text))
end

--- Waits until the lines from the last prompt on are these.
function Terminal:shows(lines, seconds)
  local wanted = table.concat(lines, "\n")
  return wait(self, function() return self.screen:text():sub(-#wanted) == wanted end, seconds, ("%q"):format(wanted))
end

--- Waits for something to become true.
function Terminal:until_true(done, seconds)
  return wait(self, done, seconds, "what was waited for")
end

--- Types a line and Enter, and waits for the next prompt.
function Terminal:enter(line)
  local before = self.screen.prompts
  self:type(line .. "\r")
  wait(self, function()
    return self.screen.prompts > before and self.screen:text():match "[^\n]*$" == ">"
  end, 10, "the next prompt")
end

--- Gives up the line and clears the screen.
function Terminal:clear()
  local before = self.screen.prompts
  self:type "\3\12"
  wait(self, function() return self.screen.prompts > before and self.screen:text() == ">" end, 10, "a clear screen")
end

function Terminal:resize(columns, rows)
  local old = self.screen
  self.screen = new_screen(columns, rows)
  self.screen.prompts = old.prompts
  for r = 1, math.min(rows, old.rows) do self.screen.lines[r] = old.lines[r] end
  self.screen.row, self.screen.column = math.min(old.row, rows), math.min(old.column, columns)
  self.commands:write(("s %d %d\n"):format(columns, rows))
end

function Terminal:signal(number) self.commands:write(("k %d\n"):format(number)) end

--- "cooked" or "raw".
function Terminal:mode()
  self.commands:write "m\n"
  return self.answers:read "l"
end

--- Waits for the end of the program.
---@return integer status
function Terminal:finish(seconds)
  local start = core.clock()
  while self:read(0.5) do assert(core.clock() - start < (seconds or 10), "the program does not end") end
  return self.status
end

function Terminal:close()
  self.commands:close()
  self.answers:close()
end
Terminal.__close = Terminal.close

return M
