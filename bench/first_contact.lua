-- First contact: how fast the program answers, how big it is, whether what is described is whole.
--
--   build/release/vise bench/first_contact.lua
--
-- Prints each figure beside its goal; the status is 1 if one falls short.  Times are medians of whole runs
-- through a shell, whose own start is in them, with the least and the mean CPU time beside them; what others
-- used of the CPUs meanwhile is said, and makes all but the last longer.

local core, disk = require "vise.core", require("vise.core").disk
local cli, docs, forms = require "vise.cli", require "vise.docs", require "vise.forms"

local RUNS = 31
local program = disk.real(arg[-1])
local watched = require("vise.bench.foreign").watch()
local rows, failed = { { "", "what", "goal", "found", "" } }, 0

local function row(id, what, goal, found, ok)
  rows[#rows + 1] = { id, what, goal, found, ok and "ok" or "FALLS SHORT" }
  if not ok then failed = failed + 1 end
end

local function output(command)
  local pipe <close> = io.popen(command .. " 2>/dev/null")
  return pipe:read "a"
end

-- CPU time of the programs that were waited for, in ms: counted in ticks of 10, so it is for many runs.
local function waited()
  local f <close> = assert(io.open "/proc/self/stat")
  local user, system = f:read("a"):match("%) %S+" .. (" %S+"):rep(12) .. " (%d+) (%d+)")
  return 10 * (user + system)
end

-- The median time of a run in ms, the least, and the CPU time.
local function milliseconds(arguments)
  local times, cpu = {}, waited()
  for i = 1, RUNS do
    local before = core.clock()
    os.execute(("'%s' %s >/dev/null 2>&1 </dev/null"):format(program, arguments))
    times[i] = (core.clock() - before) * 1e3
  end
  table.sort(times)
  return times[(RUNS + 1) // 2], times[1], (waited() - cpu) / RUNS
end

-- The first two for the prompt, on a terminal of its own.
local function prompt()
  package.path = "tests/?.lua;" .. package.path
  local times = {}
  for i = 1, RUNS do
    local session <close> = require("terminal").start({ program, "repl" }, { env = { HOME = "/nonexistent" } })
    local before = core.clock()
    session:last(">", 10)
    times[i] = (core.clock() - before) * 1e3
    session:type "\4"
    session:finish()
  end
  table.sort(times)
  return times[(RUNS + 1) // 2], times[1]
end

local function at_most(id, what, limit, unit, value, least, cpu)
  local shown = ("%.1f %s"):format(value, unit)
  if least then shown = ("%s, least %.1f"):format(shown, least) end
  if cpu then shown = ("%s, CPU %.1f"):format(shown, cpu) end
  row(id, what, ("<= %g %s"):format(limit, unit), shown, value <= limit)
end

local function all_of(id, what, good, count)
  row(id, what, "all", ("%d of %d"):format(good, count), good == count)
end

at_most("E2", "vise --version", 15, "ms", milliseconds "--version")
at_most("E2", "vise --help", 20, "ms", milliseconds "--help")
at_most("E2", "vise, called alone", 20, "ms", milliseconds "")
at_most("E2", "vise repl on a terminal, to its prompt", 40, "ms", prompt())

-- E3: the program as it is installed, and the libraries that it names.
local stripped = os.tmpname()
output(("strip -o '%s' '%s'"):format(stripped, program))
local MB = 1e6
local function bytes_of(which)
  return tonumber((output(("find recipes -type f %s -printf '%%s\\n' | awk '{s += $1} END {print s}'"):format(which))))
end
local data, models = bytes_of "! -path '*/models/*'", bytes_of "-path '*/models/*'"
at_most("E3", "the program, stripped, and its data", 5, "MB", (disk.size(stripped) + data) / MB)
row("E3", "the same with the models that are there to try it on", "", ("%.1f MB"):format(
  (disk.size(stripped) + data + models) / MB), true)
os.remove(stripped)
local libraries = 0
for name in output(("readelf -d '%s'"):format(program)):gmatch "Shared library: %[([^%]]+)%]" do
  -- The C library is everybody's.
  if not name:find "^libc%." and not name:find "^libm%." and not name:find "^ld%-" then libraries = libraries + 1 end
end
at_most("E3", "libraries at run time, besides the C library", 8, "of them", libraries)

-- E4: into an empty folder and out of it.
local root = os.tmpname()
os.remove(root)
local build, flavour = program:match "^(.*)/(%w+)/vise$"
local make = ("MAKEFLAGS= make BUILD='%s' FLAVOUR=%s DESTDIR='%s' PREFIX=/usr "):format(build, flavour, root)
os.execute(make .. "install >/dev/null 2>&1")
local installed = tonumber((output(("find '%s' ! -type d | wc -l"):format(root))))
os.execute(make .. "uninstall >/dev/null 2>&1")
local left = tonumber((output(("find '%s' -mindepth 1 | wc -l"):format(root))))
row("E4", ("files left by make uninstall, of %d installed"):format(installed), "0", ("%d"):format(left),
  installed > 100 and left == 0)
disk.remove_tree(root)

-- E5: every command and option in every form that is generated.
local pages = {}
for _, file in ipairs(docs.files()) do pages[file[1]] = file[2] end
local commands, options, whole = 0, 0, 0
for _, path in ipairs(cli.paths()) do
  local command = cli.command(path)
  commands = commands + 1
  local words = { "vise" }
  for word in (path .. " --"):gmatch "%S+" do words[#words + 1] = word end
  local offered = {}
  for _, entry in ipairs(require("vise.completion").answer(words).words) do offered[entry[1]] = entry[2] end
  local help = require("vise.cli.usage").command(command, true)
  local page = pages[("man/man1/vise-%s.1"):format((path:gsub(" ", "-")))] or ""
  for _, spec in ipairs(command.options) do
    options = options + 1
    local long = "--" .. spec.name
    if offered[long] == spec.help and help:find(long, 1, true) and page:find((long:gsub("%-", "\\-")), 1, true)
      and pages["reference/commands.md"]:find(long, 1, true) then whole = whole + 1 end
  end
end
all_of("E5", ("options of %d commands in help, man, reference and completion"):format(commands), whole, options)

-- E9: what a shell waits for at Tab.
for _, line in ipairs { "vise ''", "vise run ''", "vise run quickstart -p ''", "vise help ''", "vise bench --" } do
  at_most("E9", "completion of " .. line, 50, "ms", milliseconds("--complete " .. line))
end

-- E11: what prints JSON has a schema.
local printing, described = forms.commands(), 0
for _, path in ipairs(printing) do
  if pages[("schemas/vise-%s.schema.json"):format((path:gsub(" ", "-")))] then described = described + 1 end
end
all_of("E11", "commands with --json that have a schema", described, #printing)

local used, seconds = watched()
io.stdout:write(require("vise.text").columns(rows), used and ("others used %.0f %% of a CPU during %.0f s\n"):format(
  100 * used, seconds) or "")
os.exit(failed == 0 and 0 or 1, true)
