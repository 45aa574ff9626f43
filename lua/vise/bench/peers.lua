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

-- What we compare: their kind, our kernel, the limit of both.
local pairs_of = {
  { "int8", "int8", "int8" },
  { "bf16", "bf16", "bf16" },
  { "f32", "f32", "f32" },
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
    read = few and (cold and "dram" or "l3") or nil,
    about = { rows = shape.m, state = few and (cold and "cold" or "warm") or nil } }
end

local function onednn_tasks(shape, cold)
  local tasks = {}
  for _, pair in ipairs(pairs_of) do
    local size = { m = shape.m, k = shape.k, n = shape.n, cold = cold or 0 }
    local theirs = core.onednn(pair[1], size)
    if theirs then
      local their = task_of("oneDNN " .. pair[1], theirs, shape, pair[3], cold)
      their.after = settle
      size.group = shape.k
      local ours = task_of(pair[2], fail.try(core.bench_problem(pair[2], size)), shape, pair[3], cold)
      ours.base = their.name
      tasks[#tasks + 1], tasks[#tasks + 2] = their, ours
    end
  end
  return tasks
end

local function with_onednn(section, options)
  local here, message = core.onednn("f32", {})
  if not here then
    section.notes[#section.notes + 1] = "skipped: " .. message
    return
  end
  here:close()
  for _, m in ipairs(options.rows) do
    local shape = { m = m, k = options.inputs, n = options.outputs }
    local states = { false }
    if m <= FEW and options.cold > 0 then states[2] = options.cold end
    for _, cold in ipairs(states) do
      measure.these(section, options, onednn_tasks(shape, cold or nil))
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
      local peak = (section.limits[line.threads] or {})[line.limit]
      line.of_limit = peak and line.rate / peak
      section.lines[#section.lines + 1] = line
    end
  end
end

---@param section vise.bench.Section
function M.run(section, options)
  with_onednn(section, options)
  with_programs(section, options)
end

return M
