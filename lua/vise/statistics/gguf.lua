--- GGUF files of f32 tensors, as importance matrices are: read and written as strings.  Every count and
--- length is held against the bytes that are left before it is used.

local fail = require "vise.fail"

local M = {}

local ALIGNMENT, F32 = 32, 0
local MOST_DEPTH, MOST_DIMS, MOST_ITEMS = 4, 4, 1 << 22

-- The bytes of each type of value; 8 is a string, 9 an array.
local formats = { [0] = "<B", "<b", "<H", "<h", "<I4", "<i4", "<f", "<B", false, false, "<I8", "<i8", "<d" }

---@class vise.GgufReader
---@field bytes string
---@field at integer
---@field path string
local Reader = {}
Reader.__index = Reader

--- Stops with what is wrong.
function Reader:bad(what, ...)
  fail.try(nil, ("%s: %s at byte %d"):format(self.path, what:format(...), self.at - 1), "E-OB-27")
end

--- The next value.
function Reader:unpack(format)
  local size = string.packsize(format)
  if #self.bytes - self.at + 1 < size then self:bad("the file ends early") end
  local value = format:unpack(self.bytes, self.at)
  self.at = self.at + size
  return value
end

--- A number of things that take `least` bytes each at the least.
function Reader:count(format, least)
  local n = self:unpack(format)
  if n < 0 or n > MOST_ITEMS or n * least > #self.bytes - self.at + 1 then self:bad("%d of something", n) end
  return n
end

--- So many bytes.
function Reader:take(n)
  if n < 0 or n > #self.bytes - self.at + 1 then self:bad("%d bytes", n) end
  self.at = self.at + n
  return self.bytes:sub(self.at - n, self.at - 1)
end

--- A string with its length in front.
function Reader:text(format)
  return self:take(self:unpack(format))
end

--- A value of metadata.
function Reader:value(type, depth)
  if type == 8 then return self:text "<I8" end
  if formats[type] then return self:unpack(formats[type]) end
  if type ~= 9 or depth >= MOST_DEPTH then self:bad("a value of type %d", type) end
  local of, list = self:unpack "<I4", {}
  for i = 1, self:count("<I8", 1) do list[i] = self:value(of, depth + 1) end
  return list
end

--- Reads from bytes.
---@param bytes string
---@param path string  For messages.
---@return vise.GgufReader
function M.reader(bytes, path)
  return setmetatable({ bytes = bytes, at = 1, path = path }, Reader)
end

local function read_info(r)
  local info = { name = r:text "<I8", shape = {}, count = 1 }
  local dims = r:unpack "<I4"
  if dims > MOST_DIMS then r:bad("a tensor of %d dimensions", dims) end
  for i = 1, dims do
    local size = r:unpack "<I8"
    if size < 0 or size > #r.bytes or info.count * size > #r.bytes then r:bad("a dimension of %d", size) end
    info.shape[i], info.count = size, info.count * size
  end
  local type = r:unpack "<I4"
  if type ~= F32 then r:bad("tensor type %d, expected f32", type) end
  info.offset = r:unpack "<I8"
  return info
end

--- Reads a file: its metadata, and of each tensor the shape (the fastest dimension first) and bytes.
---@param bytes string
---@param path string
---@return table<string, any> metadata
---@return table<string, { shape: integer[], count: integer, bytes: string }> tensors
function M.read(bytes, path)
  local r = M.reader(bytes, path)
  if r:take(math.min(4, #bytes)) ~= "GGUF" then r:bad "no GGUF file" end
  local version = r:unpack "<I4"
  if version ~= 3 and version ~= 2 then r:bad("version %d, expected 3", version) end
  local tensors, values = r:count("<I8", 24), r:count("<I8", 13)
  local metadata, infos, found = {}, {}, {}
  for _ = 1, values do
    local key = r:text "<I8"
    metadata[key] = r:value(r:unpack "<I4", 0)
  end
  for i = 1, tensors do infos[i] = read_info(r) end
  local alignment = metadata["general.alignment"] or ALIGNMENT
  if math.type(alignment) ~= "integer" or alignment < 1 or alignment > 1 << 16 then r:bad "the alignment" end
  local base = (r.at - 1 + alignment - 1) // alignment * alignment
  for _, info in ipairs(infos) do
    if found[info.name] or info.offset < 0 or info.offset > #bytes then r:bad("tensor %s", info.name) end
    r.at = base + info.offset + 1
    if r.at > #bytes + 1 then r:bad("tensor %s", info.name) end
    info.bytes = r:take(4 * info.count)
    found[info.name] = info
  end
  return metadata, found
end

local function text(s) return ("<s8"):pack(s) end

local function value(v)
  if math.type(v) == "integer" then return ("<I4I4"):pack(4, v) end
  if type(v) == "string" then return ("<I4s8"):pack(8, v) end
  local items = {}
  for i, item in ipairs(v) do items[i] = text(item) end
  return ("<I4I4I8"):pack(9, 8, #items) .. table.concat(items)
end

--- The bytes of a file.
---@param metadata { [1]: string, [2]: string|integer|string[] }[]  Integers as u32.
---@param tensors { name: string, shape: integer[], bytes: string }[]  Of f32.
---@return string
function M.write(metadata, tensors)
  local parts, offset = { "GGUF", ("<I4I8I8"):pack(3, #tensors, #metadata) }, 0
  for _, pair in ipairs(metadata) do parts[#parts + 1] = text(pair[1]) .. value(pair[2]) end
  for _, t in ipairs(tensors) do
    local dims = {}
    for i, size in ipairs(t.shape) do dims[i] = ("<I8"):pack(size) end
    parts[#parts + 1] = text(t.name) .. ("<I4"):pack(#dims) .. table.concat(dims) .. ("<I4I8"):pack(F32, offset)
    offset = (offset + #t.bytes + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
  end
  local header = table.concat(parts)
  local body = { header, ("\0"):rep(-#header % ALIGNMENT) }
  for _, t in ipairs(tensors) do
    body[#body + 1] = t.bytes
    body[#body + 1] = ("\0"):rep(-#t.bytes % ALIGNMENT)
  end
  return table.concat(body)
end

return M
