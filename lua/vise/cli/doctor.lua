--- vise doctor: whether this machine can do the work, line by line.

local text = require "vise.text"

local GIB = 1 << 30

-- Each check returns state, what was found and, unless the state is "ok", what to do.
local checks = {}

checks[1] = { "cpu", function()
  local can = {}
  for _, backend in ipairs(require("vise.core").cpu().backends) do
    if backend.runs then can[#can + 1] = backend.name end
  end
  local found = ("%s: %s"):format(require("vise.host").cpu(), table.concat(can, ", "))
  if #can == 1 then return "warn", found, "Everything runs, slowly: the fast backends need AVX2." end
  return "ok", found
end }

checks[2] = { "backend", function()
  local backend = require("vise.core").backend()
  local forced = os.getenv "VISE_BACKEND"
  if forced then return "warn", backend .. ", forced", "Unset VISE_BACKEND to take the best one." end
  return "ok", backend
end }

checks[3] = { "products", function()
  local _, blas = require("vise.core").backend()
  if blas then return "ok", blas .. ", one thread a tile" end
  return "warn", "our own code", "Unset VISE_BLAS to use OpenBLAS for large f32 products."
end }

checks[4] = { "threads", function()
  local threads = require("vise.core").threads()
  local allowed, quota = require("vise.host").cpus()
  local found = ("%d, on %d CPUs"):format(threads, allowed)
  if quota then found = ("%s, quota %.1f"):format(found, quota) end
  if threads > allowed or quota and threads > quota + 0.5 then
    return "warn", found, ("Set VISE_THREADS=%d."):format(math.max(1, math.min(allowed, (quota or allowed) // 1)))
  end
  return "ok", found
end }

checks[5] = { "memory", function()
  local total, available, limit = require("vise.host").memory()
  if not total then return "warn", "unknown", "Read /proc/meminfo: this process cannot." end
  local found = ("%s, %s available"):format(text.bytes(total), text.bytes(available or 0))
  if limit then found = ("%s, limit %s"):format(found, text.bytes(limit)) end
  if math.min(available or total, limit or total) < GIB then
    return "warn", found, "Close other programs, or quantize small models only."
  end
  return "ok", found
end }

checks[6] = { "disk", function()
  local free, message = require("vise.core").disk.free "."
  if not free then return "fail", message, "Run vise in a folder that can be read." end
  local found = text.bytes(free) .. " free here"
  if free < GIB then return "warn", found, "Make room, or write the output elsewhere with --out." end
  return "ok", found
end }

local ours = { "lapacke", "cjson", "xxhash", "z", "openblas" }

checks[7] = { "libraries", function()
  local found, versions = { _VERSION }, {}
  for _, library in ipairs(require("vise.host").libraries()) do versions[library.name] = library.version end
  for _, name in ipairs(ours) do
    if versions[name] then found[#found + 1] = name .. " " .. versions[name] end
  end
  return "ok", table.concat(found, ", ")
end }

checks[8] = { "kernels", function()
  local core = require "vise.core"
  local backend = core.backend()
  local results, why = core.selftest(backend, 42)
  if not results then return "fail", why, "Report it: the backend in use must run." end
  for _, result in ipairs(results) do
    if not result.ok then
      return "fail", ("%s of %s differs from ref"):format(result.kernel, backend),
        "Set VISE_BACKEND=ref and report it: results of this backend are wrong here."
    end
  end
  return "ok", ("%d of %s agree with ref"):format(#results, backend)
end }

local INDENT = (" "):rep(17) -- below what was found

return {
  name = "doctor",
  summary = "checks this machine: CPU, threads, memory, disk, libraries, kernels",
  text = "Each line is ok, warn or fail, with what to do. The exit status is 1 if a line says fail.",
  arguments = {},
  options = {
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise doctor", "what this machine runs, and what is wrong with it" },
  },
  run = function(ctx)
    local core = require "vise.core"
    local found, failed = core.array {}, false
    for i, check in ipairs(checks) do
      local state, what, next_step = check[2]()
      found[i] = { name = check[1], state = state, found = what, next = next_step }
      failed = failed or state == "fail"
    end
    if ctx.options.json then
      io.stdout:write(core.json_encode({ schema = 1, vise = require "vise.version", checks = found }, 2), "\n")
      return failed and 1 or 0
    end
    for _, line in ipairs(found) do
      local found_text = text.wrap(text.escape(line.found), text.page_width(), INDENT):sub(#INDENT + 1)
      io.stdout:write(("%-4s  %-9s  %s\n"):format(line.state, line.name, found_text))
      if line.next then io.stdout:write(text.wrap(line.next, text.page_width(), INDENT), "\n") end
    end
    return failed and 1 or 0
  end,
}
