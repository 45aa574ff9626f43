--- What a job says and writes: lines for people, the progress, files in the output folder.

local core = require "vise.core"
local fail = require "vise.fail"
local progress = require "vise.progress"
local text = require "vise.text"

---@class vise.Job
local Job = {}

-- The line that a format and its arguments make.
local function filled(name, format, ...)
  if select("#", ...) == 0 then return tostring(format) end
  local ok, line = pcall(string.format, format, ...)
  if not ok then fail.raise("E-RC-10", "job:%s(\"%s\"): %s", name, tostring(format), line) end
  return line
end

--- Writes lines that are safe for a terminal, and notes them in the log of the run.
---@param stream "out"|"log"
---@param lines string   Ends with a newline.
---@param noted? string  What the log gets instead, where a terminal is too narrow for all of it.
function Job:say(stream, lines, noted)
  local to = stream == "out" and self.stream or io.stderr
  to:write(lines)
  if self.sink then self.sink:lines(stream, noted or lines) end
end

--- Prints a line of the result.
---@param format string
function Job:print(format, ...)
  self:say("out", text.escape_lines(filled("print", format, ...)) .. "\n")
end

--- Prints a table with aligned columns; numbers go to the right.
---@param rows (string|number)[][]
function Job:table(rows)
  self:say("out", text.table(rows), text.columns(rows))
end

--- Says on stderr what is going on.
---@param format string
function Job:log(format, ...)
  self:say("log", text.escape_lines(filled("log", format, ...)) .. "\n")
end

--- The progress of some work: bar:step(n), bar:close().
---@param label string
---@param total? number
---@param unit? string
---@return vise.Progress
function Job.progress(_, label, total, unit)
  return progress.new(label, total, unit)
end

--- A path in the output folder, which is made if need be.
---@param name string
---@return string path
function Job:path(name)
  if not self.out then
    fail.try(nil, ("recipe %s writes files: give --out DIR"):format(self.recipe.header.name), "E-RC-09")
  end
  if name:find "^/" or ("/" .. name .. "/"):find("/../", 1, true) or name == "" then
    fail.raise("E-RC-10", "'%s' is no name inside the output folder", name)
  end
  fail.try(require("vise.folder").make_parents(self.out .. "/" .. name))
  self.written[#self.written + 1] = name
  return self.out .. "/" .. name
end

--- Writes a file into the output folder.
---@param name string
---@param bytes string
---@return string path
function Job:write(name, bytes)
  local path = self:path(name)
  fail.try(core.disk.write(path, bytes))
  return path
end

return Job
