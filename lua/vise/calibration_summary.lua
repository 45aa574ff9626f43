--- What a manifest says of a calibration: how many rows each layer saw, and a hash of what was found,
--- so that two artefacts can be told to rest on the same statistics.

local calibrations = require "vise.calibrations"
local captured = require "vise.captured"
local core = require "vise.core"

local M = {}

--- Sums up the statistics of one model.
---@param found? table<string, vise.Captured>  By layer; those of a file have no rows.
---@return { rows?: table<string, integer>, statistics_xxh3_128: string }?  nil: nothing was captured.
function M.of(found)
  if not found then return nil end
  local names, rows, lines = {}, nil, {}
  for name in pairs(found) do names[#names + 1] = name end
  if #names == 0 then return nil end
  table.sort(names)
  for i, name in ipairs(names) do
    local one, parts = found[name], { ("%d:%s"):format(#name, name) }
    for _, kind in ipairs(captured.KINDS) do
      if one[kind] then parts[#parts + 1] = kind .. " " .. core.xxh3(one[kind]) end
    end
    if one.rows then
      rows = rows or {}
      rows[name] = one.rows
    end
    lines[i] = table.concat(parts, " ")
  end
  return { rows = rows, statistics_xxh3_128 = core.xxh3(table.concat(lines, "\n")) }
end

--- Adds what texts were read, where the calibration is that of a workload of texts.
---@param about? { [string]: any }
---@param calibrate? function
---@return { [string]: any }? about
function M.with_texts(about, calibrate)
  local work = about and calibrate and calibrations[calibrate]
  for key, value in pairs(work and work:texts_read() or {}) do about[key] = value end
  return about
end

return M
