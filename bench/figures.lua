--- Figures beside their goals: what bench/workbench.lua collects and shows.

local core = require "vise.core"
local text = require "vise.text"

local M = {}

local Figures = {}
Figures.__index = Figures

---@param program string  The program that is measured.
function M.new(program)
  return setmetatable({ program = core.disk.real(program), rows = {}, failed = 0,
    watched = require("vise.bench.foreign").watch() }, Figures)
end

--- Adds a figure.
---@param id string     Its number among the goals.
---@param what string
---@param goal string
---@param found string
---@param ok boolean
---@param how string    How it was measured.
function Figures:row(id, what, goal, found, ok, how)
  self.rows[#self.rows + 1] = { id, what, goal, found, ok and "met" or "missed", how }
  if not ok then self.failed = self.failed + 1 end
end

--- A figure that is not to be larger than some.
function Figures:at_most(id, what, limit, unit, value, how, more)
  self:row(id, what, ("<= %g %s"):format(limit, unit), ("%.3g %s%s"):format(value, unit, more or ""),
    value <= limit, how)
end

--- A figure that is to be the number of all.
function Figures:all_of(id, what, good, count, how)
  self:row(id, what, "all", ("%d of %d"):format(good, count), good == count and count > 0, how)
end

--- What a shell command prints.
function Figures.output(command)
  local pipe <close> = io.popen(command .. " 2>/dev/null")
  return pipe:read "a"
end

--- Runs a spec.
---@return integer passed
---@return integer failed  One at least where the spec does not end as one does.
---@return string output
function Figures:spec(path, environment)
  local output = self.output(("env %s '%s' tests/run.lua %s"):format(environment or "", self.program, path))
  local passed, failed = output:match "(%d+) passed, (%d+) failed[^\n]*\n$"
  if failed ~= "0" then io.stderr:write(path, "\n", output) end
  return tonumber(passed) or 0, tonumber(failed) or 1, output
end

--- A figure that is a number of tests.
---@param least? integer  How many there are to be.
function Figures:tests(id, what, path, least, environment)
  local passed, failed = self:spec(path, environment)
  self:row(id, what, least and (">= %d tests"):format(least) or "all tests", ("%d of %d"):format(passed,
    passed + failed), failed == 0 and passed >= (least or 1), ("`%s%s`"):format(environment and environment .. " "
    or "", path))
end

--- Ends the measuring: how much of the CPUs others used meanwhile.
function Figures:finish()
  local used, seconds = self.watched()
  self.others = used and ("Others used %.0f %% of a CPU during %.0f s."):format(100 * used, seconds) or ""
end

--- The figures for a terminal.
function Figures:text()
  local rows = { { "", "what", "goal", "found", "" } }
  for i, row in ipairs(self.rows) do rows[i + 1] = { table.unpack(row, 1, 5) } end
  return ("%s%s\n%d of %d missed\n"):format(text.columns(rows), self.others, self.failed, #self.rows)
end

--- The figures as a page.
---@param command string  That made it.
function Figures:page(command)
  local out = { ("# The workbench\n\n%s\n\n`%s`, run from the root of the repository. %s %d of %d missed.\n\n"):format(
    require("machine").line(), command, self.others, self.failed, #self.rows),
    "| # | what | goal | found | | how |\n| --- | --- | --- | --- | --- | --- |\n" }
  for _, row in ipairs(self.rows) do out[#out + 1] = ("| %s |\n"):format(table.concat(row, " | ")) end
  return table.concat(out)
end

return M
