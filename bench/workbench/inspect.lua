--- How fast `vise inspect` shows a model of 100,000 tensors, and in how much memory; needs GNU time.

local many = require "workbench.many"

local RUNS = 5

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

return function(figures)
  local path, remove = many.file()
  local seconds, kilobytes = {}, {}
  for run = 1, RUNS do
    local command = ("command time -f '%%e %%M' '%s' inspect '%s' 2>&1 >/dev/null"):format(figures.program, path)
    local pipe <close> = assert(io.popen(command))
    local s, k = pipe:read "a":match "([%d.]+) (%d+)%s*$"
    assert(s, "this failed: " .. command)
    seconds[run], kilobytes[run] = tonumber(s), tonumber(k)
  end
  remove()
  local how = ("`vise inspect`, the median of %d"):format(RUNS)
  figures:at_most("E18", "`vise inspect` of 100,000 tensors", 1, "s", median(seconds), how)
  figures:at_most("E18", "its memory", 100, "MB", median(kilobytes) * 1024 / 1e6, how)
end
