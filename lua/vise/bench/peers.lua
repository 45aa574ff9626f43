--- Products of other libraries, where they are installed, beside ours.
---
--- oneDNN runs inside this process and takes turns with our kernels.  The others are programs in
--- bench/peers/, which print one JSON object a line; they take turns with themselves only.

local core = require "vise.core"
local fail = require "vise.fail"
local measure = require "vise.bench.measure"

local M = { title = "the same products by other libraries",
  columns = { "name", "rows", "state", "threads", "ms", "rate", "unit", "of_limit", "gigabytes", "of_read", "base",
    "against", "scaling" } }

local FEW = 16
local SETTLE = 0.01 -- seconds that OpenMP's threads spin on after a product

-- Our kernels, their limit, and what oneDNN has of the kind.
local kernels = {
  { "int8", "int8", onednn = "int8" },
  { "bf16", "bf16", onednn = "bf16" },
  { "f32", "f32", onednn = "f32" },
  { "grouped", "int8", group = 32, blocks = true, scale = "f16" },
  { "w4", "f32", group = 32, scale = "f16" },
}

local function settle()
  if core.threads() == 1 then return end
  local stop = core.clock() + SETTLE
  repeat until core.clock() >= stop
end

local function task_of(name, p, shape, limit, cold)
  local few = shape.m <= FEW
  return { name = name, run = function() fail.try(p:run()) end, runs = p:copies(), close = function() p:close() end,
    check = function() return p:check() end, work = 2 * shape.m * shape.k * shape.n, unit = "GOP/s",
    limit = core.bench_peak(limit) and limit or "f32", bytes = few and p:weights() or nil,
    warm = few and not cold, read = few and (cold and "dram" or "l3") or nil,
    about = { rows = shape.m, state = few and (cold and "cold" or "warm") or nil } }
end

local function tasks_of(shape, cold, with_onednn)
  local tasks = {}
  for _, kernel in ipairs(kernels) do
    local size = { m = shape.m, k = shape.k, n = shape.n, cold = cold or 0 }
    local their = with_onednn and kernel.onednn and core.onednn(kernel.onednn, size)
    if their then
      tasks[#tasks + 1] = task_of("oneDNN " .. kernel.onednn, their, shape, kernel[2], cold)
      tasks[#tasks].after = settle
    end
    size.group, size.blocks = kernel.group or shape.k, kernel.blocks or false
    local ours = task_of(kernel[1], fail.try(core.bench_problem(kernel[1], size, kernel.scale)), shape, kernel[2], cold)
    ours.base = their and "oneDNN " .. kernel.onednn or nil
    tasks[#tasks + 1] = ours
  end
  return tasks
end

local function ours_and_onednn(section, options)
  local here, message = core.onednn("f32", {})
  if here then
    here:close()
  else
    section.notes[#section.notes + 1] = "skipped: " .. message
  end
  for _, m in ipairs(options.rows) do
    local shape = { m = m, k = options.inputs, n = options.outputs }
    local states = { false }
    if m <= FEW and options.cold > 0 then states[2] = options.cold end
    for _, cold in ipairs(states) do
      measure.these(section, options, tasks_of(shape, cold or nil, here ~= nil))
    end
  end
end

-- A line of a program beside our limit, and beside our kernel for the same.
local function compare(section, line)
  for _, found in ipairs(section.limits) do
    local peak = found.threads == line.threads and found[line.limit]
    if peak then line.of_limit = line.rate / peak end
  end
  for _, ours in ipairs(section.lines) do
    if ours.name == line.base and ours.rows == line.rows and ours.threads == line.threads
      and ours.state == line.state then
      line.against = ours.seconds / line.seconds
    end
  end
end

local SCRIPTS = "bench/peers/run.sh" -- of a checkout: it is not installed

-- Lines of JSON from the programs, or notes about what is not there.
local function with_programs(section, options)
  local f = io.open(SCRIPTS, "r")
  if not f then
    section.notes[#section.notes + 1] = "skipped: other programs, because there is no " .. SCRIPTS .. " here"
    return
  end
  f:close()
  local command = ("sh %s %d %d %d %s %s"):format(SCRIPTS, options.inputs, options.outputs, options.repeats,
    table.concat(options.rows, ","), table.concat(options.threads, ","))
  local programs <close> = assert(io.popen(command))
  for text in programs:lines() do
    local line = core.json_decode(text)
    if line and line.skipped then
      section.notes[#section.notes + 1] = "skipped: " .. line.skipped
    elseif line and line.seconds then
      compare(section, line)
      section.lines[#section.lines + 1] = line
    end
  end
end

---@param section vise.bench.Section
function M.run(section, options)
  ours_and_onednn(section, options)
  with_programs(section, options)
end

return M
