--- Small modules to compile, and what they are held to.

local core = require "vise.core"
local vise = require "vise"

local M = {}

--- A module of one function.
function M.module_of(forward, name)
  return { name = name or "part", forward = function(_, ...) return forward(...) end }
end

function M.bytes(...)
  local y <close> = assert(...)
  return y:tobytes()
end

--- Blocks that f allocates in the engine.
function M.allocated(f)
  local before = core.memory().total
  f()
  return core.memory().total - before
end

--- Compiled and not, on the inputs it was compiled for and on others.
function M.agrees(model, inputs, others)
  local fast <close> = assert(vise.compile(model, table.unpack(inputs)))
  for _, given in ipairs { inputs, others, inputs } do
    local same = M.bytes(model:forward(table.unpack(given))) == M.bytes(fast:forward(table.unpack(given)))
    assert(same, "the compiled one answers with other bits")
  end
end

--- A model of one function that takes one input and, in the options, a cache.
function M.cached(forward)
  return {
    name = "part", takes = { "x" }, forward = function() end, check_length = function() end,
    inputs = function(_, x) return setmetatable({ x = x:copy() }, { __close = function() end }) end,
    compute = function(_, inputs) return forward(inputs.x) end,
  }
end

return M
