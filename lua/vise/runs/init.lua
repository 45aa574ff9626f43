--- The runs that were logged: RUNS/ID/ with run.json, params.json, metrics.jsonl, log.jsonl, report.html and
--- recipe/.
---
--- RUNS is --runs, $VISE_RUNS, else ./runs.  A run whose process is gone without a word is shown as
--- interrupted.

local core = require "vise.core"
local fail = require "vise.fail"
local records = require "vise.runs.record"

local disk = core.disk

local M = { RECORD = "run.json" }

---@class vise.Run
---@field id string
---@field folder string
---@field record table  What run.json says, with the status as it is now.

--- The folder of the runs.
---@param given? string  Of --runs.
---@return string
function M.place(given)
  local set = os.getenv "VISE_RUNS"
  return (given or (set ~= "" and set) or "runs"):gsub("(.)/+$", "%1"), nil
end

--- When a process began, in the kernel's ticks; nil if there is none of that number.
---@param pid integer
---@return integer?
function M.began(pid)
  local f <close> = io.open(("/proc/%d/stat"):format(pid))
  local line = f and f:read "a"
  -- The name in parentheses may hold anything; the begin is the 20th word after it.
  local rest = line and line:match "^.*%) (.*)$"
  local n = 0
  for word in (rest or ""):gmatch "%S+" do
    n = n + 1
    if n == 20 then return math.tointeger(tonumber(word)) end
  end
  return nil
end

--- This machine's name.
---@return string
function M.host()
  local f <close> = io.open "/proc/sys/kernel/hostname"
  return f and f:read "l" or "unknown"
end

--- Reads a run's folder.
---@param folder string
---@return vise.Run? run
---@return string? message
---@return string? id
function M.read(folder)
  local path = folder .. "/" .. M.RECORD
  if disk.exists(path) ~= "file" then return fail.fail("E-RU-01", "%s has no run.json", core.escape(folder)) end
  local text, message, id = disk.read(path)
  if not text then return nil, message, id end
  local record
  record, message = core.json_decode(text, path)
  local problem = record == nil and message or records.problem(record)
  if problem then return fail.fail("E-RU-03", "%s: %s", core.escape(path), problem) end
  if record.status == "running" and record.host == M.host()
    and (not math.tointeger(record.pid) or M.began(record.pid) ~= record.began) then
    record.status = "interrupted"
  end
  return { id = folder:match "[^/]*$", folder = folder, record = record }
end

--- The names of the runs' folders, the oldest first.
---@param place string
---@return string[]
function M.ids(place)
  local ids = {}
  for _, name in ipairs(disk.exists(place) == "folder" and disk.list(place) or {}) do
    local is_id = name:find "^%d%d%d%d%d%d%d%d%-%d%d%d%d%d%d%-" and not name:find(".partial-", 1, true)
    if is_id and disk.exists(("%s/%s/%s"):format(place, name, M.RECORD)) == "file" then
      ids[#ids + 1] = name
    end
  end
  -- The second of two runs that began together ends in -2, the tenth in -10.
  local function key(name)
    local head, n = name:match "^(%d+%-%d+%-.-)%-(%d+)$"
    return head or name, tonumber(n) or 1
  end
  table.sort(ids, function(a, b)
    local a_head, a_n = key(a)
    local b_head, b_n = key(b)
    if a_head ~= b_head then return a_head < b_head end
    if a_n ~= b_n then return a_n < b_n end
    return a < b
  end)
  return ids
end

--- Every run that can be read, the oldest first; what cannot is named in `problems`.
---@param place string
---@return vise.Run[]
---@return string[] problems
function M.list(place)
  local runs, problems = {}, {}
  for _, id in ipairs(M.ids(place)) do
    local run, message = M.read(place .. "/" .. id)
    if run then runs[#runs + 1] = run else problems[#problems + 1] = message end
  end
  return runs, problems
end

--- The run that a word means: an id, what only one id begins with, "last", or a run's folder.
---@param place string
---@param word string
---@return vise.Run? run
---@return string? message
---@return string? id
function M.find(place, word)
  if word:find("/", 1, true) then return M.read((word:gsub("(.)/+$", "%1"))) end
  local ids = M.ids(place)
  if word == "last" and #ids > 0 then return M.read(place .. "/" .. ids[#ids]) end
  local fitting = {}
  for _, id in ipairs(ids) do
    if id == word then return M.read(place .. "/" .. id) end
    if id:sub(1, #word) == word then fitting[#fitting + 1] = id end
  end
  if #fitting == 1 and word ~= "" then return M.read(place .. "/" .. fitting[1]) end
  if #fitting > 1 then
    return fail.fail("E-RU-02", "'%s' fits %d runs: %s, ...", core.escape(word), #fitting, core.escape(fitting[1]))
  end
  return fail.fail("E-RU-01", "no run '%s' among the %d in %s%s", core.escape(word), #ids, core.escape(place),
    require("vise.suggest").hint(word, ids))
end

--- The main metric of a run: the name that was measured first, with its last value.
---@param record table
---@return vise.Metric?
function M.main_metric(record)
  local first, last = record.metrics[1], nil
  for _, metric in ipairs(record.metrics) do
    if metric.name == first.name then last = metric end
  end
  return last
end

--- What a run stored, by its last quantization and its artefacts.
---@param record table
---@return number? bits   A weight.
---@return integer? bytes
function M.sizes(record)
  local last, bytes = record.quantized[#record.quantized], nil
  for _, artefact in ipairs(record.artefacts) do
    for _, file in ipairs(artefact.files or {}) do
      if file.file:find "%.safetensors$" then bytes = (bytes or 0) + file.bytes end
    end
  end
  return last and last.bits_per_weight, bytes or last and last.file_bytes
end

return M
