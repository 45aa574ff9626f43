--- Is what is timed right?  The same calls with the reference backend, on a small case with tails.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local function with_backend(name, f)
  local before = core.backend()
  core.backend(name)
  local ok, result = pcall(f)
  core.backend(before)
  if not ok then error(result, 0) end
  return result
end

--- Raises a vise.Failure unless `f()`, a tensor, is the same with the backend in use and with ref.
---@param name string
---@param f fun(): vise.Tensor
---@param allowed number  Of the relative L2 error: 0 for results that are exact.
function M.against_ref(name, f, allowed)
  local want, got = with_backend("ref", f):to "f32", f():to "f32"
  local found = fail.try(core.compare(got, want))
  if found.rel_l2 <= allowed then return end
  fail.try(fail.fail("E-HW-05", "%s of backend '%s' differs from ref by %.2g", name, (core.backend()), found.rel_l2))
end

return M
