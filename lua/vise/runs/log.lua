--- The log of one run, written as it goes: a crash leaves all that came before it, readable.
---
--- The folder appears whole, with the status "running"; metrics and lines are appended; run.json is
--- replaced in one step at the end.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local runs = require "vise.runs"

local disk = core.disk

local M = {}

-- What a recipe prints beyond that goes to the terminal alone.
local MOST_LINES = 10000

---@class vise.RunLog
---@field id string
---@field folder string
---@field record table
---@field log string[]
local Log = {}
Log.__index = Log

-- Takes away what killed processes left: folders that were not put in their place.
local function sweep_leftovers(place)
  for _, name in ipairs(disk.list(place) or {}) do
    local pid = name:match "^%d+%-%d+%-.*%.partial%-(%d+)$"
    if pid and not disk.exists("/proc/" .. pid) then disk.remove_tree(place .. "/" .. name) end
  end
end

-- A folder of its own for a run: mkdir decides between two that begin together.
local function reserve(place, base)
  fail.try(folders.make_parents(place .. "/x"))
  sweep_leftovers(place)
  for n = 1, 1000 do
    local id = n == 1 and base or ("%s-%d"):format(base, n)
    local ok, message, problem = disk.mkdir(place .. "/" .. id)
    if ok then return id end
    if problem ~= "E-FS-05" then fail.try(nil, message, problem) end
  end
  return fail.try(nil, ("%s holds a thousand runs of this second"):format(core.escape(place)), "E-RU-05")
end

local function text_of(record)
  return assert(core.json_encode(record, 2)) .. "\n"
end

--- Begins the log of a run.
---@param place string
---@param record table  What is known before the run; gets id, status and times.
---@param files { name: string, bytes: string }[]  The recipe's package, params.json.
---@return vise.RunLog? log
---@return string? message
---@return string? id
function M.start(place, record, files)
  local pid = folders.own_pid()
  record.schema, record.status, record.started = 1, "running", os.date "!%Y-%m-%dT%H:%M:%SZ"
  record.pid, record.began, record.host = pid, runs.began(pid), runs.host()
  local reserved
  local log, message, id = fail.catch(function()
    record.id = reserve(place, ("%s-%s"):format(os.date "!%Y%m%d-%H%M%S", record.recipe.name))
    reserved = place .. "/" .. record.id
    local own = { { name = runs.RECORD, bytes = text_of(record) }, { name = "metrics.jsonl", bytes = "" },
      { name = "log.jsonl", bytes = "" } }
    fail.try(folders.put(reserved, table.move(files, 1, #files, #own + 1, own)))
    return setmetatable({ id = record.id, folder = reserved, record = record, log = {}, clock = core.clock() }, Log)
  end)
  if log then return log end
  if reserved then disk.remove_tree(reserved) end
  return fail.fail("E-RU-05", "%s (%s)", message, id)
end

-- Adds a line of JSON to a file.  The first failure is said; the run goes on without the rest of its log.
function Log:append(name, entry)
  if self.broken then return end
  entry.seconds = math.floor((core.clock() - self.clock) * 1000) / 1000
  local f, message = io.open(self.folder .. "/" .. name, "ab")
  if f then
    local ok
    ok, message = f:write(core.json_encode(entry), "\n")
    local closed, why = f:close()
    if ok and closed then return end
    message = message or why
  end
  self.broken = message or "unknown"
  io.stderr:write(("note: E-RU-05: the log %s is incomplete: %s\n"):format(core.escape(self.folder),
    core.escape(self.broken)))
end

--- Notes lines that were printed.
---@param stream "out"|"log"
---@param text string
function Log:lines(stream, text)
  for line in text:gmatch "([^\n]*)\n" do
    if #self.log > MOST_LINES then return end
    if #self.log == MOST_LINES then line = ("lines after the %dth were left out"):format(MOST_LINES) end
    self.log[#self.log + 1] = line
    self:append("log.jsonl", { stream = stream, text = line })
  end
end

--- Notes a metric.
---@param metric vise.Metric
function Log:metric(metric)
  local entry = {}
  for key, value in pairs(metric) do entry[key] = value end
  self:append("metrics.jsonl", entry)
end

--- Ends the log.
---@param status "done"|"failed"|"interrupted"
---@return true?
---@return string? message
---@return string? id
function Log:finish(status)
  local record = self.record
  record.status, record.finished = status, os.date "!%Y-%m-%dT%H:%M:%SZ"
  record.seconds = math.floor((core.clock() - self.clock) * 1000) / 1000
  record.pid, record.began = nil, nil
  return folders.replace(self.folder .. "/" .. runs.RECORD, text_of(record))
end

return M
