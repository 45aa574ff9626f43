--- Progress of long work: one line on stderr with what is done, the rate, the time left and the memory,
--- nothing before a second has passed, never on stdout.  On a terminal the line is rewritten, ten times a
--- second at most, and fits its width as it is then; else plain lines come with every tenth of the work,
--- or every 30 seconds.
---
--- Work of several kinds, of which a unit of one takes longer than a unit of another, names them: the
--- time left is that of each kind at its own rate.

local core = require "vise.core"
local pace = require "vise.pace"
local terminal = require "vise.terminal"
local text = require "vise.text"

local M = {}

local QUIET, TERMINAL_PAUSE, PLAIN_PAUSE = 1, 0.1, 30
local BAR, WIDE_ENOUGH = 10, 60 -- cells of the bar; columns from which there is one
local LEAST_NAME = 12           -- columns of a name that are worth showing

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
---@field unicode? boolean
---@field kinds? table<string, { units: number, cost: number }>  Units there are of each, and about how much
---one of them takes beside one of the others.
---@field items? integer   Of what is told by name, such as layers: how many there are.
---@field item? string     What one of them is called.
---@field memory? fun(): integer  Bytes in use.

--- Starts the progress of some work.
---@param label string
---@param total? number  In units of your choice.
---@param unit? string   Their name in the plural.
---@param options? vise.ProgressOptions
---@return vise.Progress
function M.new(label, total, unit, options)
  options = options or {}
  local self = setmetatable({ label = text.escape(label), total = total, unit = unit or "steps", done = 0,
    stream = options.stream or io.stderr, clock = options.clock or core.clock, fixed = options.columns,
    unicode = options.unicode, items = options.items, item = options.item or "item", item_number = 0,
    memory = options.memory }, Progress)
  self.started = self.clock()
  self.printed, self.printed_share = self.started, 0
  self.pace = pace.new(self.started, total, options.kinds)
  self:look()
  return self
end

--- Sees how wide the terminal is now: it may have changed.
function Progress:look()
  local here = terminal.of "stderr"
  self.columns = here.cursor and here.columns
  if self.fixed ~= nil then self.columns = self.fixed end
  self.blocks = here.unicode
  if self.unicode ~= nil then self.blocks = self.unicode end
end

--- 1234567 as "1.23 M".
local function short(n)
  for _, step in ipairs { { 1e9, "G" }, { 1e6, "M" }, { 1e4, "k", 1e3 } } do
    if n >= step[1] then return ("%.3g %s"):format(n / (step[3] or step[1]), step[2]) end
  end
  return ("%.4g"):format(n)
end

local function percent(self)
  return self.total and ("%d %%"):format(self.total > 0 and math.min(100, 100 * self.done // self.total) or 100)
end

local function time_left(self, left)
  return left and self.done < self.total and text.seconds(left) .. " left" or nil
end

local function rate_words(self, per_second)
  if per_second <= 0 then return nil end
  if self.items then return ("%s %s a second"):format(short(per_second), self.unit) end
  return per_second < 1 and text.seconds(1 / per_second) .. " each" or ("%s a second"):format(short(per_second))
end

local function done_words(self)
  if self.items then return ("%s %d of %d"):format(self.item, self.item_number, self.items) end
  if self.total then return ("%s of %s %s"):format(short(self.done), short(self.total), self.unit) end
  return ("%s %s"):format(short(self.done), self.unit)
end

local function memory_words(self)
  return self.memory and text.bytes(self.memory()) or nil
end

-- Words with commas between, those that are nil left out.
local function joined(head, ...)
  local words = {}
  for _, word in pairs { ... } do words[#words + 1] = word end
  return head .. table.concat(words, ", ")
end

local function bar(self)
  if not self.total or self.total <= 0 or self.columns < WIDE_ENOUGH then return "" end
  local full = math.min(BAR, BAR * self.done // self.total) | 0
  if self.blocks then return ("█"):rep(full) .. ("░"):rep(BAR - full) .. " " end
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR - full) .. "] "
end

-- The line for a terminal: what matters least is left out until it fits.
local function fitting(self, left, per_second)
  local most = self.columns - 1
  local head, share, eta = self.label .. ": " .. bar(self), percent(self), time_left(self, left)
  local count, rate, memory = done_words(self), rate_words(self, per_second), memory_words(self)
  local shown
  for _, try in ipairs {
    function() return joined(head, share, count, rate, eta, memory) end,
    function() return joined(head, share, count, eta, memory) end,
    function() return joined(head, share, count, eta) end,
    function() return joined(self.label .. ": ", share or count, eta) end,
    function() return joined("", share or count, eta) end,
  } do
    shown = try()
    if text.width(shown) <= most then break end
  end
  if text.width(shown) > most then return (share or count):sub(1, math.max(0, most)) end
  local room = most - text.width(shown) - 2
  if self.name and room >= LEAST_NAME then
    shown = shown .. ", " .. text.elide(text.escape(self.name, not self.blocks), room, self.blocks)
  end
  return shown
end

local function show(self, now)
  local left, per_second = self.pace:left(now, self.done)
  if self.fixed == nil and self.columns then self:look() end
  if self.columns then
    self.stream:write("\r\27[K", fitting(self, left, per_second))
  else
    self.stream:write(joined(self.label .. ": ", done_words(self), percent(self) or nil, rate_words(self, per_second),
      self.total and time_left(self, left), memory_words(self)), "\n")
  end
  self.stream:flush()
  self.visible = true
  self.printed = now
  self.printed_share = self.total and self.done / self.total or 0
end

--- Names what is being worked on now.
---@param name string  Shown where there is room.
function Progress:begin(name)
  self.name = name
end

--- Says that more is done.
---@param n? number  Units; 1 if not given.
---@param kind? string  Of these units, where there are several.
---@param items? integer  How many items that were; 1 if not given.
function Progress:step(n, kind, items)
  n = n or 1
  self.done, self.item_number = self.done + n, self.item_number + (items or 1)
  local now = self.clock()
  self.pace:add(now, n, kind)
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
