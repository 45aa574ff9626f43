--- Helpers shared by the specs.

local core = require "vise.core"

local M = {}

--- An f32 matrix from rows of numbers.
---@param rows number[][]
function M.matrix(rows)
  local flat = {}
  for _, row in ipairs(rows) do table.move(row, 1, #row, #flat + 1, flat) end
  return core.tensor_of("f32", { #rows, #rows[1] }, flat)
end

--- An f32 tensor of `shape` from a small generator of its own: values in [-1, 1).
---@param shape integer[]
---@param seed? integer
function M.random(shape, seed)
  local n, state, values = 1, (seed or 1) * 2654435761 % 2 ^ 32 // 1 | 0, {}
  for _, d in ipairs(shape) do n = n * d end
  for i = 1, n do
    state = (state * 1664525 + 1013904223) & 0xffffffff
    values[i] = (state >> 8) / 2 ^ 23 - 1
  end
  return core.tensor_of("f32", shape, values)
end

--- ||a - b|| / max(||b||, 1e-12) over two flat tables or tensors, in double.
function M.rel_l2(a, b)
  a = type(a) == "table" and a or a:totable()
  b = type(b) == "table" and b or b:totable()
  assert(#a == #b, "different lengths")
  local diff, norm = 0, 0
  for i = 1, #a do
    diff = diff + (a[i] - b[i]) ^ 2
    norm = norm + b[i] ^ 2
  end
  return math.sqrt(diff) / math.max(math.sqrt(norm), 1e-12)
end

--- Calls `f` with no allocation allowed, then one, then two, until it returns a value,
--- and checks after each call that nothing stayed behind.
---@param f fun(): any
---@return integer failures  How many calls ran out of memory.
function M.sweep(f)
  collectgarbage()
  local live, failures = core.memory().blocks, 0
  while true do
    core.fail_after(failures)
    local done = f() ~= nil
    core.fail_after(-1)
    collectgarbage()
    collectgarbage()
    assert(core.memory().blocks == live, ("leak when allocation %d fails"):format(failures + 1))
    if done then return failures end
    failures = failures + 1
    assert(failures < 10000, "fails even with all the memory it asks for")
  end
end

--- Calls f(...) so that `finalizer` runs in the middle of it, when it first allocates.
---@param finalizer fun()
---@param f function
---@return boolean ok
---@return any result  Or the message.
function M.during(finalizer, f, ...)
  collectgarbage "stop"
  setmetatable({}, { __gc = finalizer })
  collectgarbage("incremental", 100, 1000, 40) -- a whole cycle in the next step,
  collectgarbage "restart"                     -- which f() itself will trigger
  local ok, result = pcall(f, ...)
  collectgarbage("incremental", 200, 100, 13)  -- the defaults
  return ok, result
end

--- A temporary file with `text` in it.
---@param text string
---@param suffix? string
---@return string path
function M.file(text, suffix)
  local path = os.tmpname()
  if suffix then
    os.remove(path)
    path = path .. suffix
  end
  local f = assert(io.open(path, "wb"))
  f:write(text)
  f:close()
  return path
end

return M
