--- Which global names a compiled chunk reads and sets, and where: read from Lua 5.4's own bytecode, so
--- that nothing runs.

local M = {}

---@class vise.GlobalUse
---@field name string
---@field line integer
---@field sets boolean

-- The form of string.dump: a header of 32 bytes, the number of upvalues, then one function in another.
local FIRST_FUNCTION = 33
local NUMBER, STRING = { [0x03] = 8, [0x13] = 8 }, { [0x04] = true, [0x14] = true }
local GETTABUP, SETTABUP, ABSOLUTE_LINE = 11, 15, -128

---@class vise.BytecodeReader
---@field bytes string
---@field at integer
local Reader = {}
Reader.__index = Reader

function Reader:byte()
  self.at = self.at + 1
  return self.bytes:byte(self.at - 1)
end

-- Seven bits a byte, the highest first; the last one has its top bit set.
function Reader:count()
  local n = 0
  while true do
    local b = self:byte()
    n = n << 7 | b & 0x7f
    if b & 0x80 ~= 0 then return n end
  end
end

function Reader:skip(n)
  self.at = self.at + n
end

-- A string, nil if there is none.
function Reader:string()
  local size = self:count()
  if size == 0 then return nil end
  self:skip(size - 1)
  return self.bytes:sub(self.at - size + 1, self.at - 1)
end

function Reader:constants()
  local list = {}
  for i = 0, self:count() - 1 do
    local kind = self:byte()
    if STRING[kind] then
      list[i] = self:string()
    elseif NUMBER[kind] then
      self:skip(NUMBER[kind])
    end
  end
  return list
end

-- What says which line each instruction is on.
function Reader:lines(first)
  local deltas, absolute, lines, line = {}, {}, {}, first
  for pc = 1, self:count() do deltas[pc] = (string.unpack("b", string.char(self:byte()))) end
  for _ = 1, self:count() do
    local pc = self:count()
    absolute[pc + 1] = self:count()
  end
  for pc, delta in ipairs(deltas) do
    line = delta == ABSOLUTE_LINE and absolute[pc] or line + delta
    lines[pc] = line
  end
  return lines
end

function Reader:upvalue_names()
  for _ = 1, self:count() do -- the locals come first
    self:string()
    self:count()
    self:count()
  end
  local names = {}
  for i = 0, self:count() - 1 do names[i] = self:string() end
  return names
end

-- The uses in one function and in those inside it.
function Reader:functions(uses)
  self:string()
  local first = self:count()
  self:count()
  self:skip(3)
  local size = self:count()
  local code = self.at
  self:skip(4 * size)
  local constants = self:constants()
  self:skip(3 * self:count())
  for _ = 1, self:count() do self:functions(uses) end
  local lines = self:lines(first)
  local upvalues = self:upvalue_names()
  for pc = 1, size do
    local i = string.unpack("<I4", self.bytes, code + 4 * (pc - 1))
    local op, a, b, c = i & 0x7f, i >> 7 & 0xff, i >> 16 & 0xff, i >> 24
    if op == GETTABUP and upvalues[b] == "_ENV" then
      uses[#uses + 1] = { name = constants[c], line = lines[pc], sets = false }
    elseif op == SETTABUP and upvalues[a] == "_ENV" then
      uses[#uses + 1] = { name = constants[b], line = lines[pc], sets = true }
    end
  end
end

--- The uses of global names in a chunk, by line.
---@param chunk function  Compiled from source, with its debug information.
---@return vise.GlobalUse[]
function M.of(chunk)
  local reader, uses = setmetatable({ bytes = string.dump(chunk), at = FIRST_FUNCTION }, Reader), {}
  reader:functions(uses)
  table.sort(uses, function(x, y)
    if x.line ~= y.line then return x.line < y.line end
    return x.name < y.name
  end)
  return uses
end

return M
