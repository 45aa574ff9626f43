--- What was measured, as text, as markdown or as one JSON object.

local core = require "vise.core"
local foreign = require "vise.bench.foreign"
local text = require "vise.text"

local M = {}

---@class vise.bench.Section
---@field what string
---@field title string
---@field columns string[]
---@field lines vise.bench.Line[]
---@field limits table<string, number>[]  { threads, name = 10^9 a second ... }
---@field notes string[]       What was left out, and why.
---@field foreign? number      CPUs that others used meanwhile.
---@field seconds number

local function fixed(digits)
  return function(v) return ("%." .. digits .. "f"):format(v) end
end

-- Three digits, at least one of them before the point.
local function short(v)
  return v >= 99.95 and ("%.0f"):format(v) or v >= 9.995 and ("%.1f"):format(v) or ("%.2f"):format(v)
end

local function milliseconds(v)
  return (v >= 0.1 and "%.3f" or "%.2g"):format(v)
end

-- The columns: heading, and how a value of the line is shown.
local columns = {
  name = { "what" }, group = { "group" }, rows = { "rows" }, state = { "cache" }, threads = { "threads" },
  backend = { "backend" }, unit = { "unit" }, size = { "size" }, limit = { "limit" }, base = { "base" },
  rate = { "rate", short }, of_limit = { "of peak", fixed(2) }, gigabytes = { "GB/s", short },
  of_read = { "of read", fixed(2) }, against = { "x base", fixed(2) }, scaling = { "scaling", fixed(2) },
  us = { "us", short }, megabytes = { "MB", fixed(1) }, planned = { "planned", fixed(1) }, blocks = { "blocks" },
  times = { "x bare", fixed(2) }, layers = { "x layers", fixed(2) }, of_layers = { "of layers", fixed(2) },
  ms = { "ms", function(_, line) return milliseconds(line.seconds * 1e3) end },
}

local function cell(line, name)
  local show = columns[name][2]
  if name == "ms" then return show(nil, line) end
  local value = line[name]
  if value == nil then return "-" end
  return show and show(value) or tostring(value)
end

-- Only those columns that say something.
local function used(section)
  local list = {}
  for _, name in ipairs(section.columns) do
    for _, line in ipairs(section.lines) do
      if cell(line, name) ~= "-" then
        list[#list + 1] = name
        break
      end
    end
  end
  return list
end

local function cells(section)
  local names, rows = used(section), { {} }
  for c, name in ipairs(names) do rows[1][c] = columns[name][1] end
  for r, line in ipairs(section.lines) do
    rows[r + 1] = {}
    for c, name in ipairs(names) do rows[r + 1][c] = cell(line, name) end
  end
  return rows
end

local LIMITS = { { "int8", "int8 %.0f GOP/s" }, { "bf16", "bf16 %.0f" }, { "f32", "f32 %.0f GFLOP/s" },
  { "l2", "read L2 %.0f GB/s" }, { "l3", "L3 %.1f" }, { "dram", "DRAM %.1f" } }

-- "1 thread: int8 945 GOP/s, ..." for each number of threads.
local function limit_lines(section)
  local lines = {}
  for _, found in ipairs(section.limits) do
    local parts = {}
    for _, limit in ipairs(LIMITS) do
      if found[limit[1]] then parts[#parts + 1] = limit[2]:format(found[limit[1]]) end
    end
    if #parts > 0 then
      lines[#lines + 1] = ("%d thread%s: %s"):format(found.threads, found.threads == 1 and "" or "s",
        table.concat(parts, ", "))
    end
  end
  return lines
end

--- How much to trust a section.
---@param section vise.bench.Section
---@return string
function M.trust(section)
  if not section.foreign then return "what others used of the CPUs is not known" end
  local line = ("others used %.0f %% of a CPU during %s"):format(100 * section.foreign, text.seconds(section.seconds))
  if section.foreign > foreign.MOST then line = line .. ": NOT TO BE TRUSTED" end
  return line
end

local function notes(section)
  local list = limit_lines(section)
  for _, note in ipairs(section.notes) do list[#list + 1] = note end
  list[#list + 1] = M.trust(section)
  return list
end

function M.text(result)
  local parts = { result.about, "\n" }
  for _, section in ipairs(result.sections) do
    parts[#parts + 1] = ("\n%s: %s\n"):format(section.what, section.title)
    parts[#parts + 1] = text.table(cells(section), "  ")
    for _, note in ipairs(notes(section)) do parts[#parts + 1] = "  " .. note .. "\n" end
  end
  return table.concat(parts)
end

local function markdown_row(row)
  return "| " .. table.concat(row, " | ") .. " |\n"
end

function M.markdown(result)
  local parts = { result.about, "\n" }
  for _, section in ipairs(result.sections) do
    parts[#parts + 1] = ("\n## %s: %s\n\n"):format(section.what, section.title)
    if #section.lines > 0 then
      for r, row in ipairs(cells(section)) do
        parts[#parts + 1] = markdown_row(row)
        if r == 1 then parts[#parts + 1] = "|" .. (" --- |"):rep(#row) .. "\n" end
      end
      parts[#parts + 1] = "\n"
    end
    for _, note in ipairs(notes(section)) do parts[#parts + 1] = "* " .. note .. "\n" end
  end
  return table.concat(parts)
end

--- One JSON object: schema 1.
function M.json(result)
  local sections = core.array {}
  for i, section in ipairs(result.sections) do
    sections[i] = { what = section.what, title = section.title, columns = section.columns,
      lines = core.array(section.lines), limits = core.array(section.limits), notes = core.array(section.notes),
      foreign = section.foreign, seconds = section.seconds,
      trusted = section.foreign ~= nil and section.foreign <= foreign.MOST }
  end
  return core.json_encode({ schema = 1, vise = require "vise.version", about = result.about,
    machine = result.machine, options = result.options, sections = sections }, 2) .. "\n"
end

return M
