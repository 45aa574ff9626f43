--- First contact: how fast the program answers and how big it is.  Times are medians of whole runs through a
--- shell, whose own start is in them, with the least and the mean CPU time beside them; what others used of
--- the CPUs meanwhile makes all but the last longer.

local core = require "vise.core"

local RUNS = 31
local HOW = ("the median of %d runs"):format(RUNS)

-- CPU time of the programs that were waited for, in ms: counted in ticks of 10, so it is for many runs.
local function waited()
  local f <close> = assert(io.open "/proc/self/stat")
  local user, system = f:read("a"):match("%) %S+" .. (" %S+"):rep(12) .. " (%d+) (%d+)")
  return 10 * (user + system)
end

-- Adds the median time of runs, each of which takes what `once` says, in seconds.
local function timed(figures, id, what, limit, once)
  local times, cpu = {}, waited()
  for i = 1, RUNS do times[i] = 1e3 * once() end
  cpu = (waited() - cpu) / RUNS
  table.sort(times)
  figures:at_most(id, what, limit, "ms", times[(RUNS + 1) // 2], HOW,
    (", least %.1f%s"):format(times[1], cpu > 0 and (", CPU %.1f"):format(cpu) or ""))
end

local function run(figures, arguments)
  return function()
    local before = core.clock()
    os.execute(("'%s' %s >/dev/null 2>&1 </dev/null"):format(figures.program, arguments))
    return core.clock() - before
  end
end

local function prompt(figures)
  return function()
    local session <close> = require("terminal").start({ figures.program, "repl" }, { env = { HOME = "/nonexistent" } })
    local before = core.clock() -- it has just begun; what the terminal took to set up is not its own
    session:last(">", 10)
    local took = core.clock() - before
    session:type "\4"
    session:finish()
    return took
  end
end

-- The program as it is installed, what is installed with it, and the libraries that it names.
local function size(figures)
  local MB, stripped = 1e6, os.tmpname()
  figures.output(("strip -o '%s' '%s'"):format(stripped, figures.program))
  local function bytes_of(which)
    return tonumber((figures.output(("find recipes -type f %s -printf '%%s\\n' | awk '{s += $1} END {print s}'")
      :format(which))))
  end
  local program, data, models = core.disk.size(stripped), bytes_of "! -path '*/models/*'", bytes_of "-path '*/models/*'"
  os.remove(stripped)
  figures:at_most("E3", "the program, stripped", 5, "MB", program / MB, "`strip`")
  figures:at_most("E3", "the same with its recipes and their data", 5, "MB", (program + data) / MB, "sum of files")
  figures:at_most("E3", "the same with the models to try it on", 5, "MB", (program + data + models) / MB,
    "sum of files")
  local libraries = 0
  for name in figures.output(("readelf -d '%s'"):format(figures.program)):gmatch "Shared library: %[([^%]]+)%]" do
    -- The C library is everybody's.
    if not name:find "^libc%." and not name:find "^libm%." and not name:find "^ld%-" then libraries = libraries + 1 end
  end
  figures:at_most("E3", "libraries at run time, besides the C library", 8, "of them", libraries, "`readelf -d`")
end

return function(figures)
  timed(figures, "E2", "`vise --version`", 15, run(figures, "--version"))
  timed(figures, "E2", "`vise --help`", 20, run(figures, "--help"))
  timed(figures, "E2", "`vise`, called alone", 20, run(figures, ""))
  timed(figures, "E2", "`vise repl` on a terminal, to its prompt", 40, prompt(figures))
  size(figures)
  -- What a shell waits for at Tab.
  for _, line in ipairs { "vise ''", "vise run ''", "vise run quickstart -p ''", "vise help ''", "vise bench --" } do
    timed(figures, "E9", ("completion of `%s`"):format(line), 50, run(figures, "--complete " .. line))
  end
end
