--- What the machine can do: peaks of each instruction set, reading and copying, handing work over.

local core = require "vise.core"
local limits = require "vise.bench.limits"
local measure = require "vise.bench.measure"

local M = { title = "the machine", columns = { "name", "backend", "threads", "rate", "unit", "us", "scaling" } }

local function as_task(side, about)
  side.about = about
  return side
end

local function tasks(options)
  local list = {}
  for _, backend in ipairs(core.cpu().backends) do
    if backend.runs then
      for _, side in ipairs(limits.peaks(backend.name)) do
        side.name = side.name .. " peak"
        list[#list + 1] = as_task(side, { backend = backend.name, size = backend.name })
      end
    end
  end
  for _, side in ipairs(limits.memory(options.cold, true)) do
    side.name = side.name:gsub("^%w+$", "%0 read")
    list[#list + 1] = as_task(side, {})
  end
  local HANDOFFS = 100
  list[#list + 1] = { name = "hand-off", runs = HANDOFFS, about = { in_microseconds = true },
    run = function() core.bench_handoff(HANDOFFS) end }
  return list
end

---@param section vise.bench.Section
function M.run(section, options)
  measure.into(section, options, function() return tasks(options) end)
  for _, line in ipairs(section.lines) do
    if line.name == "hand-off" then line.us = line.seconds * 1e6 end
  end
end

return M
