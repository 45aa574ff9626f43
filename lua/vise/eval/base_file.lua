--- Files of what is kept of a base model: safetensors with, for every id that was predicted,
---
---   ids.N        i32 [n, top]  the likeliest ids, likeliest first
---   log_probs.N  f32 [n, top]  their log-probabilities, in nats
---   rest.N       f32 [n]       the logarithm of what all other ids have together
---   nats.N       f64 [n]       the loss of the id that came
---
--- in chunks N = 1, 2, ... of 4,096 ids, and the windows that were run: `tokens` i64, all ids one window after
--- the other, and `windows` i64 [windows, 3]: how many ids, the first place that counts, the text.  The
--- metadata name the model, the protocol and the hashes.  Nothing is held but one chunk: full ones wait in
--- files beside the one that is made of them at the end.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

local CHUNK = 4096
local PARTS = { "ids", "log_probs", "rest", "nats" }
local FORM = "vise-eval-base 1"

---@class vise.eval.BaseWriter
local Writer = {}
Writer.__index = Writer

local function new_chunk(top, rows)
  return { ids = try(core.tensor("i32", { rows, top })), log_probs = try(core.tensor("f32", { rows, top })),
    rest = try(core.tensor("f32", { rows })), nats = try(core.tensor("f64", { rows })) }
end

--- Begins a file for `count` rows.  A folder that is not there fails before the model runs.
---@param path string
---@param top integer
---@param count integer
---@return vise.eval.BaseWriter
function M.writer(path, top, count)
  if core.disk.exists(path:match "^(.*/)" or ".") ~= "folder" then
    fail.try(nil, ("cannot write to %s: no such file or folder"):format(core.escape(path)), "E-FS-15")
  end
  return setmetatable({ path = path, top = top, left = count, parts = {}, entries = {}, files = {} }, Writer)
end

-- Puts the full chunk into a file of its own; what is mapped from there takes its place.
local function set_aside(self)
  local number, entries = #self.parts + 1, {}
  for i, name in ipairs(PARTS) do entries[i] = { ("%s.%d"):format(name, number), self.chunk[name] } end
  local path = ("%s.part-%d"):format(self.path, number)
  self.parts[number] = path
  try(core.safetensors_write(path, entries))
  for _, name in ipairs(PARTS) do self.chunk[name]:close() end
  self.chunk = nil
  local file = try(core.safetensors_open(path))
  self.files[number] = file
  for _, entry in ipairs(entries) do self.entries[#self.entries + 1] = { entry[1], try(file:tensor(entry[1])) } end
end

local function put(self, from, to, rows)
  for _, name in ipairs(PARTS) do
    local source <close> = try(rows[name]:rows(from, to))
    local place <close> = try(self.chunk[name]:rows(self.filled + 1, self.filled + to - from + 1))
    try(source:copy(place))
  end
  self.filled = self.filled + to - from + 1
end

--- Adds rows: tensors by the names of the parts.
---@param rows table<string, vise.Tensor>
function Writer:add(rows)
  local at, count = 1, #rows.rest
  while at <= count do
    if not self.chunk then
      self.chunk, self.filled = new_chunk(self.top, math.min(CHUNK, self.left)), 0
    end
    local n = math.min(count - at + 1, #self.chunk.rest - self.filled)
    put(self, at, at + n - 1, rows)
    at, self.left = at + n, self.left - n
    if self.filled == #self.chunk.rest then set_aside(self) end
  end
end

-- The windows as two tensors: all ids, and where each window begins to count.
local function ids_of(plan)
  local ids = {}
  for _, window in ipairs(plan.windows) do table.move(window.ids, 1, #window.ids, #ids + 1, ids) end
  return try(core.tensor_of("i64", { #ids }, ids))
end

local function table_of(plan)
  local cells = {}
  for i, window in ipairs(plan.windows) do
    cells[3 * i - 2], cells[3 * i - 1], cells[3 * i] = #window.ids, window.first, window.text
  end
  return try(core.tensor_of("i64", { #plan.windows, 3 }, cells))
end

--- Writes the file.
---@param plan vise.eval.Plan
---@param metadata table<string, string>
---@return integer bytes
function Writer:finish(plan, metadata)
  local tokens <close> = ids_of(plan)
  local windows <close> = table_of(plan)
  local entries = table.move(self.entries, 1, #self.entries, 3, { { "tokens", tokens }, { "windows", windows } })
  metadata.form = FORM
  try(core.safetensors_write(self.path, entries, metadata))
  return try(core.safetensors_size(entries, metadata))
end

--- Takes the files of the chunks away.
function Writer:close()
  for _, entry in ipairs(self.entries) do entry[2]:close() end
  for _, file in ipairs(self.files) do file:close() end
  for _, path in ipairs(self.parts) do os.remove(path) end
  self.parts, self.files, self.entries = {}, {}, {}
end

Writer.__close = Writer.close

---@class vise.eval.Base
---@field metadata table<string, string>
---@field plan vise.eval.Plan
---@field top integer
local Base = {}
Base.__index = Base

local function refuse(path, why, ...)
  fail.try(nil, ("%s: %s"):format(path, why:format(...)), "E-EV-03")
end

-- A tensor of the file, of this type and rank.
local function tensor(file, path, name, dtype, rank)
  local info = file:info(name)
  if not info or info.dtype ~= dtype or #info.shape ~= rank then
    refuse(path, "%s is missing, or not %s with %d dimensions", name, dtype, rank)
  end
  return try(file:tensor(name))
end

local function integer(text)
  return math.tointeger(tonumber(text))
end

local function number(metadata, path, name)
  local value = integer(metadata[name])
  if not value or value < 1 then refuse(path, "its metadata have no %s", name) end
  return value
end

local function read_windows(file, path, vocabulary)
  local tokens <close> = tensor(file, path, "tokens", "i64", 1)
  local places <close> = tensor(file, path, "windows", "i64", 2)
  local ids, cells, at, count, windows = tokens:totable(), places:totable(), 0, 0, {}
  for i = 1, #cells, 3 do
    local length, first, text = cells[i], cells[i + 1], cells[i + 2]
    if not text or first < 2 or first > length or text < 0 or length > #ids - at then
      refuse(path, "window %d of %s ids", i // 3 + 1, tostring(length))
    end
    windows[#windows + 1] = { ids = table.move(ids, at + 1, at + length, 1, {}), first = first, text = text }
    at, count = at + length, count + length - first + 1
  end
  for i, id in ipairs(ids) do
    if id < 0 or id >= vocabulary then refuse(path, "id %d of place %d, expected 0 to %d", id, i, vocabulary - 1) end
  end
  return windows, count
end

local function read(self)
  local m, path = self.metadata, self.path
  if m.form ~= FORM then refuse(path, "not what --save-base writes (%s)", FORM) end
  self.top, self.vocabulary = number(m, path, "top"), number(m, path, "vocabulary")
  local windows, count = read_windows(self.file, path, self.vocabulary)
  if count ~= number(m, path, "predicted") then
    refuse(path, "windows of %d ids that count, not %s", count, m.predicted)
  end
  self.plan = { protocol = m.protocol, context = number(m, path, "context"), stride = integer(m.stride),
    windows = windows, tokens = count, texts = number(m, path, "texts"), token_hash = m.token_hash,
    tokenizer_hash = m.tokenizer_hash, words = integer(m.words), bytes = integer(m.bytes) }
end

--- Opens a file.  Fails with E-EV-03.
---@param path string
---@return vise.eval.Base
function M.open(path)
  local file = try(core.safetensors_open(path))
  local self = setmetatable({ file = file, path = path, metadata = file:metadata() or {} }, Base)
  local ok, problem = pcall(read, self)
  if not ok then
    self:close()
    error(problem, 0)
  end
  return self
end

local function chunk_of(self, n)
  if self.number == n then return self.chunk end
  self:drop()
  local chunk = {}
  for _, name in ipairs(PARTS) do
    local flat = name == "rest" or name == "nats"
    local dtype = name == "ids" and "i32" or name == "nats" and "f64" or "f32"
    chunk[name] = tensor(self.file, self.path, ("%s.%d"):format(name, n), dtype, flat and 1 or 2)
  end
  self.number, self.chunk = n, chunk
  return chunk
end

--- Closes the chunk that was read last.
function Base:drop()
  for _, part in pairs(self.chunk or {}) do part:close() end
  self.number, self.chunk = nil, nil
end

--- Calls f(rows, from, to) with the rows `first` to `last` of the file, chunk by chunk: tensors by the names
--- of the parts, and which of the rows asked for they are.
---@param first integer
---@param last integer
---@param f fun(rows: table<string, vise.Tensor>, from: integer, to: integer)
function Base:each(first, last, f)
  local at = first
  while at <= last do
    local start = (at - 1) // CHUNK * CHUNK
    local chunk, to, rows = chunk_of(self, start // CHUNK + 1), math.min(start + CHUNK, last), {}
    for _, name in ipairs(PARTS) do
      if #chunk[name] < to - start then refuse(self.path, "%s.%d has %d rows", name, self.number, #chunk[name]) end
      rows[name] = try(chunk[name]:rows(at - start, to - start))
    end
    f(rows, at - first + 1, to - first + 1)
    for _, part in pairs(rows) do part:close() end
    at = to + 1
  end
end

function Base:close()
  self:drop()
  if self.file then self.file:close() end
  self.file = nil
end

Base.__close = Base.close

return M
