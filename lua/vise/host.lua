--- What this machine offers, read from the kernel's own files.

local M = {}

local function read(path)
  local f = io.open(path, "rb")
  if not f then return nil end
  local text = f:read "a"
  f:close()
  return text
end

-- How many CPUs a list such as "0-3,8" names.
local function count_list(list)
  local n = 0
  for first, last in list:gmatch "(%d+)%-?(%d*)" do
    n = n + (last ~= "" and tonumber(last) or tonumber(first)) - tonumber(first) + 1
  end
  return n
end

--- The CPU's name.
---@return string
function M.cpu()
  return (read "/proc/cpuinfo" or ""):match "model name%s*:%s*([^\n]*)" or "unknown"
end

--- CPUs this process may run on, and the quota of its control group in CPUs.
---@return integer allowed
---@return number? quota
function M.cpus()
  local allowed = count_list((read "/proc/self/status" or ""):match "Cpus_allowed_list:%s*(%S+)" or "0")
  local quota, period = (read "/sys/fs/cgroup/cpu.max" or ""):match "^(%d+) (%d+)"
  return allowed, quota and tonumber(quota) / tonumber(period) or nil
end

--- Bytes of memory: in the machine, available now, and the control group's limit.
---@return integer? total
---@return integer? available
---@return integer? limit
function M.memory()
  local info = read "/proc/meminfo" or ""
  local function kib(name)
    local n = info:match(name .. ":%s*(%d+)")
    return n and tonumber(n) * 1024 or nil
  end
  local limit = (read "/sys/fs/cgroup/memory.max" or ""):match "^%d+"
  return kib "MemTotal", kib "MemAvailable", limit and math.tointeger(tonumber(limit)) or nil
end

--- The shared libraries that this process has mapped, with the version in the file's name.
---@return { name: string, version: string }[]
function M.libraries()
  local seen, list = {}, {}
  for path in (read "/proc/self/maps" or ""):gmatch "(/%S+%.so[%.%d]*)\n" do
    local name, version = path:match "/lib([^/]+)%.so%.?([%d.]*)$"
    if name and not seen[name] then
      seen[name] = true
      -- libopenblasp-r0.3.21.so carries it before the suffix.
      local before, inside = name:match "^(.-)p?%-r([%d.]+)$"
      list[#list + 1] = { name = before or name, version = inside or version }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

return M
