-- How good the workbench is to use: each figure that it is to reach beside its goal, and how it is measured.
--
--   vise bench/workbench.lua [--record] [PART...]
--
-- The parts are the files of bench/workbench/; all if none is named, which takes about seven minutes and
-- needs what the tests need, GNU time and clang.  --record writes bench/results/workbench.md.  The status
-- is 1 if a figure falls short.  From the root of the repository, on a machine that does nothing else.

package.path = "bench/?.lua;tests/?.lua;" .. package.path

local figures = require "figures"

local PARTS = { "first_contact", "install", "described", "prompt", "dry_run", "progress", "pages", "inspect",
  "packages" }

local wanted, record = {}, false
for _, word in ipairs(arg) do
  if word == "--record" then record = true else wanted[#wanted + 1] = word end
end
if #wanted == 0 then wanted = PARTS end

local found = figures.new(arg[-1])
for _, part in ipairs(wanted) do
  io.stderr:write(part, "\n")
  require("workbench." .. part)(found)
end
found:finish()
io.stdout:write(found:text())
if record then
  local words = table.concat(wanted == PARTS and {} or wanted, " ")
  local f <close> = assert(io.open("bench/results/workbench.md", "w"))
  f:write(found:page(("vise bench/workbench.lua --record %s"):format(words):gsub("%s+$", "")))
end
os.exit(found.failed == 0 and 0 or 1, true)
