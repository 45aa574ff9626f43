--- How much of the CPUs others used while something was measured.

local M = {}

local TICKS = 100 -- a second: what Linux shows to programs, on every machine

local function read(path)
  local f = io.open(path, "rb")
  if not f then return "" end
  local text = f:read "a"
  f:close()
  return text
end

-- Ticks that all CPUs were busy, the host's theft included; nil where /proc does not say.
local function busy(text)
  local user, nice, system, irq, softirq, steal = text:match
    "^cpu +(%d+) (%d+) (%d+) %d+ %d+ (%d+) (%d+) (%d+)"
  return user and user + nice + system + irq + softirq + steal
end

-- Ticks of this process and of the programs it waited for.
local function own(text)
  local user, system, waited_user, waited_system = text:match
    "%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+) (%d+) (%d+)"
  return user and user + system + waited_user + waited_system
end

local function sample()
  local all, ours = busy(read "/proc/stat"), own(read "/proc/self/stat")
  return all and ours and { busy = all, own = ours, at = require("vise.core").clock() }
end

--- Starts to watch.
---@return fun(): number?, number  Seconds of CPU that others used for each second, nil where the system does
---                              not say; and the seconds that went by.
function M.watch()
  local start, first = require("vise.core").clock(), sample()
  return function()
    local now, last = require("vise.core").clock(), sample()
    if not first or not last then return nil, now - start end
    local used = (last.busy - first.busy - (last.own - first.own)) / TICKS
    return math.max(0, used / math.max(last.at - first.at, 1 / TICKS)), now - start
  end
end

--- Above this, what was measured is not to be trusted.
M.MOST = 0.3

return M
