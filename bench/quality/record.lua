--- What the benchmarks of quality share: a text table, and with --record a file of it that says how
--- it was made.

local vise = require "vise"

local M = {}

local function machine()
  local f = io.open "/proc/cpuinfo"
  local model = f and f:read "a":match "model name%s*:%s*([^\n]+)" or "unknown CPU"
  if f then f:close() end
  return ("%s, %d threads, backend %s"):format(model, vise.machine.threads(), (vise.machine.backend()))
end

local function lines_of(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, #tostring(cell)) end
  end
  for r, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = i == 1 and ("%-" .. widths[i] .. "s"):format(cell) or ("%" .. widths[i] .. "s"):format(cell)
    end
    lines[r] = table.concat(cells, "  ")
  end
  return lines
end

--- Prints tables, and records them in bench/results/NAME.md if the script was called with --record.
---@param name string
---@param tables { title: string, rows: any[][] }[]
function M.show(name, tables)
  local text = {}
  for _, t in ipairs(tables) do
    text[#text + 1] = t.title
    text[#text + 1] = ""
    for _, line in ipairs(lines_of(t.rows)) do text[#text + 1] = "    " .. line end
    text[#text + 1] = ""
  end
  local body = table.concat(text, "\n")
  print(body)
  if arg[1] ~= "--record" then return end
  local f = assert(io.open(("bench/results/%s.md"):format(name), "w"))
  f:write(("# %s\n\n`vise bench/quality/%s.lua --record` on %s\n\n%s"):format(name, name, machine(), body))
  f:close()
end

return M
