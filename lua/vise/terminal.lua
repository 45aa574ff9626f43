--- The terminal behind a stream: its size, its colours, its letters.  The one place that reads the
--- variables of the environment that tell about it.

local core = require "vise.core"

local M = {}

local COLUMNS, ROWS, MOST = 80, 24, 10000 -- where nothing is known; the most that is believed

---@class vise.Terminal
---@field tty boolean
---@field columns integer
---@field rows integer
---@field fixed boolean    Somebody said how wide it is: a terminal, or COLUMNS.
---@field colour integer   How many it may show: 0, 16, 256 or 16777216.
---@field unicode boolean  Letters beyond ASCII may be written.
---@field cursor boolean   A line may be written again.

local function set(value)
  return value ~= nil and value ~= ""
end

-- The size that counts: what the terminal says, or less if the user asks for it.
local function size(own, wanted, default)
  local n = wanted and wanted:find "^%d+$" and math.tointeger(tonumber(wanted))
  if not n or n < 1 or n > MOST then return own or default, own ~= nil end
  return math.min(own or n, n), true
end

local function colours(shown, env)
  if set(env "NO_COLOR") then return 0 end
  local forced = set(env "CLICOLOR_FORCE") and env "CLICOLOR_FORCE" ~= "0"
  if not forced and not shown then return 0 end
  local term, more = env "TERM" or "", env "COLORTERM"
  if more == "truecolor" or more == "24bit" or term:find("direct", 1, true) then return 1 << 24 end
  return term:find("256color", 1, true) and 256 or 16
end

-- As the C library chooses the type of characters: the first that is set decides.
local function unicode(env)
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = env(name)
    if set(value) then return value:lower():find "utf%-?8" ~= nil end
  end
  return false
end

--- What a terminal of some size can do in some environment.
---@param columns? integer  nil: it is none
---@param rows? integer
---@param env fun(name: string): string?
---@return vise.Terminal
function M.from(columns, rows, env)
  local term = env "TERM"
  local clever = columns ~= nil and set(term) and term ~= "dumb"
  local wide, fixed = size(columns, env "COLUMNS", COLUMNS)
  return { tty = columns ~= nil, columns = wide, fixed = fixed, rows = (size(rows, env "LINES", ROWS)),
    colour = colours(clever, env), unicode = unicode(env), cursor = clever }
end

--- The terminal behind a stream, as it is now: its size may change.
---@param stream "stdin"|"stdout"|"stderr"
---@return vise.Terminal
function M.of(stream)
  local columns, rows = core.terminal(stream)
  return M.from(columns, rows, os.getenv)
end

return M
