-- Measures what bench/results/ shows and writes it there, and goals.md from all of it:
--
--   vise bench/record.lua [NAME...]     kernels, quantizers, operators, models, peers; all if none is given
--
-- Takes less than six minutes; from the root of the repository, on a machine that does nothing else.
-- VISE_PEERS_PYTHON is the Python that has the peers, VISE_GGML a folder with ggml's libraries.

package.path = "bench/?.lua;" .. package.path

local core = require "vise.core"
local goals = require "goals"
local machine = require "machine"
local report = require "vise.bench.report"

local RESULTS, PROGRAM = "bench/results/", arg[-1]

-- The tables of each file: words of `vise bench`, perhaps with variables in front.
local files = {
  { "kernels", "Kernels and layers", { "machine", "products -m 1 -m 8 -m 512 -g 32 -g 64 -g 128",
    "VISE_BACKEND=avx2 products -m 1 -m 512 -t 1 --cold 0 --repeats 5",
    "VISE_BLAS=0 products -m 512 -t 1 --kernel gemm" } },
  { "quantizers", "Quantizers", { "quantizers" } },
  { "operators", "Operators", { "operators -m 512" } },
  { "models", "Whole models", { "models -m 512 --repeats 3" } },
  { "peers", "Other libraries", { "peers -m 1 -m 8 -m 512" } },
}

local function output_of(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

-- In a scheduling group of its own, first in line, as far as the system allows it.
local FRONT = [[setsid --wait sh -c '
  { echo -20 >/proc/$$/autogroup; renice -n -20 $$; } >/dev/null 2>&1; exec "$@"' sh]]

local function measure(words)
  local variables, rest = words:match "^(%u[%w_]*=%S+) (.*)$"
  local command = ("%s env %s %s bench %s --json"):format(FRONT, variables or "", PROGRAM, rest or words)
  local output = output_of(command)
  if output == "" then error("this failed: " .. command, 0) end
  local result = assert(core.json_decode(output))
  return result, ("%svise bench %s"):format(variables and variables .. " " or "", rest or words)
end

local HOW = [[
Every side takes turns with the others and with loops that only reach the machine's limits; the best
turn counts. Numbers were checked before they were timed. `docs/benchmarks.md` explains the columns.
Written by `vise bench/record.lua`.
]]

local function write(name, text)
  local f <close> = assert(io.open(RESULTS .. name .. ".md", "w"))
  assert(f:write(text))
end

local function record(file, found)
  local name, title, commands = table.unpack(file)
  local parts, start = { ("# %s\n\n%s\n\n%s"):format(title, machine.line(), HOW) }, core.clock()
  for i, words in ipairs(commands) do
    local result, shown = measure(words)
    parts[#parts + 1] = ("\n`%s`\n\n%s"):format(shown, report.markdown(result))
    if not words:find "^VISE_" then found[i == 1 and name or name .. i] = result end
  end
  write(name, table.concat(parts))
  io.stderr:write(("%s%s.md: %.0f s\n"):format(RESULTS, name, core.clock() - start))
end

local wanted, found = {}, {}
for _, name in ipairs(arg) do wanted[name] = true end
for _, file in ipairs(files) do
  if #arg == 0 or wanted[file[1]] then record(file, found) end
end
if #arg == 0 then
  write("goals", ("# Goals\n\n%s\n\nFrom the runs of the other pages.\n\n%s"):format(machine.line(),
    goals.table(found)))
end
