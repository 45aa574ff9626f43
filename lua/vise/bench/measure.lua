--- From sides to the lines of a table: each against the machine's limits and against another side, all
--- measured in one run.

local core = require "vise.core"
local fail = require "vise.fail"
local limits = require "vise.bench.limits"
local turns = require "vise.bench.turns"

local M = {}

--- What one line is about.  Fields with a "?" that it lacks are not shown.
---@class vise.bench.Task : vise.bench.Side
---@field about table        Fields that the line repeats: rows, group, state, ...
---@field work? number       Operations, or whatever `unit` counts, of one run.
---@field unit? string       Of 10^9 a second: "GOP/s", "GFLOP/s", "GB/s" ...
---@field limit? string      The limit of `work`: "int8", "bf16", "f32", "l2", "l3", "dram".
---@field bytes? number      That one run must read.
---@field read? string       The limit of `bytes`.
---@field base? string       The name of the side that it is compared with.
---@field beside? string     The name of the side that it contains, if it is measured too.
---@field close? fun()       Frees what it holds.
---@field check? fun(): boolean?, string?, string?  Is it right?  Before it is timed.

---@class vise.bench.Line
---@field name string
---@field threads integer
---@field seconds number
---@field rate? number       10^9 units a second.
---@field unit? string
---@field limit? string
---@field of_limit? number
---@field gigabytes? number  10^9 bytes a second.
---@field read? string
---@field of_read? number
---@field base? string
---@field against? number    How many times as fast as the base.
---@field times? number      Its time in that of the side that it contains.
---@field scaling? number    How many times as fast as with the first number of threads.

-- Which limits these tasks are held against.
local function wanted(tasks)
  local names = {}
  for _, task in ipairs(tasks) do
    if task.limit then names[task.limit] = true end
    if task.read then names[task.read] = true end
  end
  return names
end

local function line_of(task, tasks, found)
  local line = { name = task.name, threads = core.threads(), seconds = task.seconds, unit = task.unit }
  for k, v in pairs(task.about or {}) do line[k] = v end
  if task.work then line.rate = task.work / task.seconds / 1e9 end
  local limit, read = limits.rate(found[task.limit]), limits.rate(found[task.read])
  if limit then line.limit, line.of_limit = task.limit, task.work / task.seconds / limit end
  if task.bytes then line.gigabytes = task.bytes / task.seconds / 1e9 end
  if read then line.read, line.of_read = task.read, task.bytes / task.seconds / read end
  for _, other in ipairs(tasks) do
    if other.name == task.base then line.base, line.against = other.name, other.seconds / task.seconds end
    if other.name == task.beside then line.times = task.seconds / other.seconds end
  end
  return line
end

-- Puts the limits between the tasks, not all at one end.
local function mixed(tasks, limit_sides)
  local sides = {}
  for i, task in ipairs(tasks) do
    sides[#sides + 1] = task
    for j = #limit_sides * (i - 1) // #tasks + 1, #limit_sides * i // #tasks do
      sides[#sides + 1] = limit_sides[j]
    end
  end
  return sides
end

--- Checks, then measures tasks on the threads in use.  Raises a vise.Failure for one that is wrong.
---@param tasks vise.bench.Task[]
---@param options { repeats: integer, cold: integer }
---@return vise.bench.Line[] lines
---@return table<string, number> found  The limits, per second.
function M.tasks(tasks, options)
  for _, task in ipairs(tasks) do
    if task.check then fail.try(task.check()) end
  end
  local by_name, limit_sides = limits.of(wanted(tasks), options.cold)
  turns.take(mixed(tasks, limit_sides), options.repeats)
  local lines, found = {}, {}
  for i, task in ipairs(tasks) do lines[i] = line_of(task, tasks, by_name) end
  for name, side in pairs(by_name) do found[name] = limits.rate(side) / 1e9 end
  return lines, found
end

-- Measures what `make()` makes, on that many threads.
local function on_threads(threads, options, make)
  local before = core.threads()
  core.threads(threads)
  local ok, lines, found = pcall(function() return M.tasks(make(), options) end)
  core.threads(before)
  if not ok then error(lines, 0) end
  return lines, found
end

-- The best that any group of tasks saw.
local function keep_limits(section, threads, found)
  local entry
  for _, other in ipairs(section.limits) do entry = other.threads == threads and other or entry end
  if not entry then
    entry = { threads = threads }
    section.limits[#section.limits + 1] = entry
  end
  for name, rate in pairs(found) do entry[name] = math.max(entry[name] or 0, rate) end
end

--- Measures what `make()` makes, with each number of threads in turn; the lines of a task follow each other.
---@param section vise.bench.Section
---@param options { repeats: integer, cold: integer, threads: integer[] }
---@param make fun(): vise.bench.Task[]  Called with those threads: as many each time, in the same order.
function M.into(section, options, make)
  local runs = {}
  for i, threads in ipairs(options.threads) do
    local lines, found = on_threads(threads, options, make)
    runs[i] = lines
    keep_limits(section, threads, found)
  end
  for i, first in ipairs(runs[1]) do
    for r, lines in ipairs(runs) do
      local line = lines[i]
      if r > 1 then line.scaling = first.seconds / line.seconds end
      section.lines[#section.lines + 1] = line
    end
  end
end

--- The same for tasks that any number of threads can run; closes them.
---@param section vise.bench.Section
---@param tasks vise.bench.Task[]
function M.these(section, options, tasks)
  M.into(section, options, function() return tasks end)
  for _, task in ipairs(tasks) do
    if task.close then task.close() end
  end
end

return M
