--- Progress of long work: one line on stderr with rate and time left, nothing before a second has
--- passed, never on stdout.  On a terminal the line is rewritten, ten times a second at most; else
--- plain lines come with every tenth of the work, or every 30 seconds.

local core = require "vise.core"
local terminal = require "vise.terminal"
local text = require "vise.text"

local M = {}

local QUIET, TERMINAL_PAUSE, PLAIN_PAUSE = 1, 0.1, 30

---@class vise.Progress
---@field label string
---@field total? number  nil: nobody knows
---@field unit string
---@field done number
local Progress = {}
Progress.__index = Progress

---@class vise.ProgressOptions
---@field stream? file*
---@field clock? fun(): number  Seconds.
---@field columns? integer|false  Of the terminal; false: it is none.

local function terminal_columns()
  local t = terminal.of "stderr"
  return t.cursor and t.columns
end

--- Starts the progress of some work.
---@param label string
---@param total? number  In units of your choice.
---@param unit? string   Their name in the plural.
---@param options? vise.ProgressOptions
---@return vise.Progress
function M.new(label, total, unit, options)
  options = options or {}
  local columns = options.columns
  if columns == nil then columns = terminal_columns() end
  local self = setmetatable({ label = text.escape(label), total = total, unit = unit or "steps", done = 0,
    stream = options.stream or io.stderr, clock = options.clock or core.clock, columns = columns }, Progress)
  self.started = self.clock()
  self.printed, self.printed_share = self.started, 0
  self.marks = { { self.started, 0 } }
  return self
end

--- 1234567 as "1.23 M".
local function short(n)
  for _, step in ipairs { { 1e9, "G" }, { 1e6, "M" }, { 1e4, "k", 1e3 } } do
    if n >= step[1] then return ("%.3g %s"):format(n / (step[3] or step[1]), step[2]) end
  end
  return ("%.4g"):format(n)
end

-- Units a second over the last fifth of the work: what comes is more like the recent past than
-- like the start.
local function rate(self, now)
  local marks, window = self.marks, (self.total or self.done) / 5
  marks[#marks + 1] = { now, self.done }
  while #marks > 2 and self.done - marks[2][2] >= window do table.remove(marks, 1) end
  local first = marks[1]
  return now > first[1] and (self.done - first[2]) / (now - first[1]) or 0
end

local function line(self, now)
  local words = { self.label .. ":" }
  local per_second = rate(self, now)
  if self.total then
    words[2] = ("%s of %s %s, %d %%"):format(short(self.done), short(self.total), self.unit,
      self.total > 0 and 100 * self.done // self.total or 100)
  else
    words[2] = ("%s %s"):format(short(self.done), self.unit)
  end
  if per_second > 0 then
    words[3] = per_second < 1 and text.seconds(1 / per_second) .. " each"
      or ("%s a second"):format(short(per_second))
    if self.total and self.total > self.done then
      words[4] = text.seconds((self.total - self.done) / per_second) .. " left"
    end
  end
  return words[1] .. " " .. table.concat(words, ", ", 2)
end

local function show(self, now)
  local shown = line(self, now)
  if self.columns then
    self.stream:write("\r\27[K", shown:sub(1, self.columns - 1))
  else
    self.stream:write(shown, "\n")
  end
  self.stream:flush()
  self.visible = true
  self.printed = now
  self.printed_share = self.total and self.done / self.total or 0
end

--- Says that more is done.
---@param n? number  Units; 1 if not given.
function Progress:step(n)
  self.done = self.done + (n or 1)
  local now = self.clock()
  if now - self.started < QUIET then return end
  local since = now - self.printed
  local due
  if self.columns then
    due = since >= TERMINAL_PAUSE
  else
    local share = self.total and self.done / self.total or 0
    due = since >= PLAIN_PAUSE or share - self.printed_share >= 0.1
  end
  if due then show(self, now) end
end

--- Takes the line away for a moment, so that something else may be printed; the next step shows it
--- again.
function Progress:hide()
  if self.columns and self.visible then self.stream:write "\r\27[K" end
end

--- Ends the line: it is replaced by what was done in what time.  Work that took less than a second
--- leaves no trace.
function Progress:close()
  if self.closed then return end
  self.closed = true
  if not self.visible then return end
  local took = self.clock() - self.started
  self.stream:write(self.columns and "\r\27[K" or "",
    ("%s: %s %s in %s\n"):format(self.label, short(self.done), self.unit, text.seconds(took)))
  self.stream:flush()
end

Progress.__close = Progress.close

return M
