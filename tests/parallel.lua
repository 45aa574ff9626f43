-- Runs every spec file in a program of its own, as many at once as there are processors, and says at
-- the end what all of them did: "12 passed, 0 failed".

local core = require "vise.core"

local M = {}

-- The longest ones first, so that none of them is what everything waits for.
local LONG = { "workflow/artefact_spec.lua", "install_spec.lua", "docs_spec.lua", "recipes/recipes_spec.lua",
  "workflow/quantize_spec.lua", "lua/repl_terminal_spec.lua", "backends/kernels_spec.lua" }

local function collect(folder, list)
  for _, name in ipairs(assert(core.disk.list(folder))) do
    local path = folder .. "/" .. name
    if core.disk.exists(path) == "folder" then
      collect(path, list)
    elseif name:find "_spec%.lua$" then
      list[#list + 1] = path
    end
  end
  return list
end

local function in_order(folder)
  local rank = {}
  for i, name in ipairs(LONG) do rank[folder .. "/" .. name] = i end
  local files = collect(folder, {})
  table.sort(files, function(a, b)
    local x, y = rank[a] or math.huge, rank[b] or math.huge
    if x ~= y then return x < y end
    return a < b
  end)
  return files
end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Each file's output goes to a file of its own and comes out in one piece, closed by a line with the exit status
-- and the seconds.
local WORKER = [[
log=$(mktemp); start=$(date +%%s.%%N)
%s tests/run.lua "$1" >"$log" 2>&1
status=$?
printf '\n@@ %%s %%s %%s\n' "$status" "$(echo "$start $(date +%%s.%%N)" | awk '{ print $2 - $1 }')" "$1" >>"$log"
flock %s cat "$log"
rm -f "$log"]]

local function jobs()
  local given = math.tointeger(tonumber(os.getenv "VISE_TEST_JOBS" or ""))
  local p = io.popen "getconf _NPROCESSORS_ONLN"
  local there = p:read "n"
  p:close()
  return given or there or 1
end

-- Adds what a file said of itself; without its last line it counts as one failure.
local function add(sums, lines, status, path, seconds)
  local text = table.concat(lines, "\n")
  local passed, failed, rest = text:match "(%d+) passed, (%d+) failed([^\n]*)%s*$"
  sums.passed, sums.skipped = sums.passed + (passed or 0), sums.skipped + (tonumber((rest or ""):match "%d+") or 0)
  local bad = tonumber(failed) or 1
  if bad == 0 and status ~= 0 then bad = 1 end
  sums.failed = sums.failed + bad
  if bad > 0 then
    io.write(text, ("\n-- %s: status %d\n"):format(path, status))
  else
    io.write(("%6.1f s  %s\n"):format(seconds, path))
  end
  io.flush()
end

--- Runs the specs of a folder; gives the number of failures.
---@param program string
---@param folder string
---@return integer
function M.run(program, folder)
  local list, lock = os.tmpname(), os.tmpname()
  local f = assert(io.open(list, "w"))
  for _, path in ipairs(in_order(folder)) do f:write(path, "\0") end
  f:close()
  local worker = WORKER:format(quoted(program), quoted(lock))
  local all = assert(io.popen(("xargs -0 -r -n 1 -P %d sh -c %s sh <%s"):format(jobs(), quoted(worker), quoted(list))))
  local sums, lines = { passed = 0, failed = 0, skipped = 0 }, {}
  for line in all:lines() do
    local status, seconds, path = line:match "^@@ (%d+) (%S+) (.*)$"
    if status then
      add(sums, lines, tonumber(status), path, tonumber(seconds))
      lines = {}
    else
      lines[#lines + 1] = line
    end
  end
  all:close()
  os.remove(list)
  os.remove(lock)
  io.write(("%d passed, %d failed%s\n"):format(sums.passed, sums.failed,
    sums.skipped > 0 and (", %d skipped"):format(sums.skipped) or ""))
  return sums.failed
end

return M
