--- The machine that something was measured on, in a line.

local M = {}

local function output_of(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

function M.line()
  local cpu = output_of "cat /proc/cpuinfo"
  local function of(name) return cpu:match(name .. "%s*: ([^\n]*)") end
  return ("%s, family %s model %s, %d CPUs; %s; %s; %s."):format(of "model name", of "cpu family", of "\nmodel",
    require("vise.host").cpus(), output_of ". /etc/os-release; printf %s \"$PRETTY_NAME\"",
    output_of "cc --version":match "[^\n]*", os.date "!%F")
end

return M
