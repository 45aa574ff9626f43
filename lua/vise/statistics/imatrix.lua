--- Importance matrices of llama.cpp, as GGUF and in the older form: read and written.
---
---   GGUF  <weight>.in_sum2  f32 [in, 1]  sum of x^2 of each input;  <weight>.counts  f32 [1, 1]  rows
---   .dat  i32 entries; each: i32 length, name, i32 calls, i32 values, f32 mean * calls; then i32 last
---         chunk, i32 length, name of the data
---
--- A weight "blk.3.attn_q.weight" is the layer "model.layers.3.self_attn.q_proj"; names of other forms
--- only lose ".weight".

local core = require "vise.core"
local fail = require "vise.fail"
local folder = require "vise.folder"
local gguf = require "vise.statistics.gguf"
local tree = require "vise.statistics.tree"

local M = {}

local try = fail.try
local MOST_BYTES, CHUNK = 1 << 30, 512

local parts = { attn_q = "self_attn.q_proj", attn_k = "self_attn.k_proj", attn_v = "self_attn.v_proj",
  attn_output = "self_attn.o_proj", ffn_gate = "mlp.gate_proj", ffn_up = "mlp.up_proj", ffn_down = "mlp.down_proj" }
local back = {}
for theirs, ours in pairs(parts) do back[ours] = theirs end

--- The layer of a weight.
---@param weight string
---@return string
function M.layer_of(weight)
  local name = weight:gsub("%.weight$", "")
  local block, part = name:match "^blk%.(%d+)%.([%w_]+)$"
  if parts[part] then return ("model.layers.%s.%s"):format(block, parts[part]) end
  return name == "output" and "lm_head" or name
end

--- The weight of a layer.
---@param layer string
---@return string
function M.weight_of(layer)
  local block, part = layer:match "^model%.layers%.(%d+)%.(.+)$"
  if back[part] then return ("blk.%s.%s.weight"):format(block, back[part]) end
  return (layer == "lm_head" and "output" or layer) .. ".weight"
end

local function refuse(path, what, ...)
  try(nil, ("%s: %s"):format(path, what:format(...)), "E-OB-27")
end

-- Adds a layer: `sums` are f32 bytes, of `rows` rows.
local function add(found, path, weight, sums, rows)
  local name = M.layer_of(weight)
  local count = math.tointeger(rows)
  if not count or count < 1 or found.node.rows[name] then refuse(path, "%s has %s rows", core.escape(weight), rows) end
  local channels = #sums // 4
  local narrow <close> = try(core.tensor_of("f32", { channels }, sums))
  local state <close> = try(narrow:to "f64")
  local bad = state:nonfinite()
  if bad then refuse(path, "%s: value %d is not finite", core.escape(weight), bad) end
  for i, v in ipairs(state:totable()) do
    if v < 0 then refuse(path, "%s: value %d is negative", core.escape(weight), i) end
  end
  local observer = try(core.observer("importance", { channels = channels }))
  found.node.observers[name], found.node.rows[name] = { importance = observer }, count
  observer:restore(state, count)
  found.layers[#found.layers + 1] = { name = name, channels = channels }
end

local function read_gguf(bytes, path, found)
  local metadata, tensors = gguf.read(bytes, path)
  if metadata["general.type"] ~= "imatrix" then
    refuse(path, "general.type is %s", core.escape(tostring(metadata["general.type"])))
  end
  local names = {}
  for full in pairs(tensors) do names[#names + 1] = full:match "^(.*)%.in_sum2$" end
  table.sort(names)
  for _, weight in ipairs(names) do
    local sums, counts = tensors[weight .. ".in_sum2"], tensors[weight .. ".counts"]
    if not counts or counts.count ~= 1 or sums.count ~= sums.shape[1] or sums.count < 1 then
      try(nil, ("%s: %s is not of one matrix"):format(path, core.escape(weight)), "E-OB-28")
    end
    add(found, path, weight, sums.bytes, (("<f"):unpack(counts.bytes)))
  end
  local datasets = metadata["imatrix.datasets"]
  for i, name in ipairs(type(datasets) == "table" and datasets or {}) do found.data.datasets[i] = tostring(name) end
end

local function read_dat(bytes, path, found)
  local r = gguf.reader(bytes, path)
  for _ = 1, r:count("<i4", 12) do
    local weight, calls = r:text "<i4", r:unpack "<i4"
    local values = r:count("<i4", 4)
    if values < 1 then r:bad "an entry without values" end
    add(found, path, weight, r:take(4 * values), calls)
  end
  if r.at > #bytes then return end -- the oldest files end here
  r:unpack "<i4"
  found.data.datasets[1] = r:text "<i4"
end

local function read(path, found)
  local bytes = try(core.disk.read(path, MOST_BYTES))
  if bytes:sub(1, 4) == "GGUF" then read_gguf(bytes, path, found) else read_dat(bytes, path, found) end
  if #found.layers == 0 then refuse(path, "it has no sums") end
  table.sort(found.layers, function(a, b) return a.name < b.name end)
  return { kinds = { "importance" }, layers = found.layers, shares = {}, nodes = { found.node }, data = found.data }
end

--- Reads an importance matrix of either form, as what vise.statistics makes statistics of.
---@param path string
---@return table?
---@return string? message
---@return string? id
function M.read(path)
  local found = { layers = {}, data = { kind = "imatrix", datasets = core.array {} },
    node = { first = 0, count = tree.PARTS, rows = {}, observers = {} } }
  local made, message, id = fail.catch(read, path, found)
  if made then return made end
  tree.close { found.node }
  return nil, message, id
end

-- By the names of the weights: { name, rows, sums: f64 }; the caller closes the sums.
local function entries_of(statistics, entries)
  if not statistics:has "importance" then try(nil, "the statistics have no importance", "E-OB-28") end
  for i, layer in ipairs(statistics.layers) do
    local observer <close> = statistics:observer(layer.name, "importance")
    entries[i] = { name = M.weight_of(layer.name), rows = observer:count(), sums = try(observer:state()) }
  end
  table.sort(entries, function(a, b) return a.name < b.name end)
end

local function bytes_of(sums, factor)
  local narrow <close> = try(sums:to "f32")
  if factor == 1 then return narrow:tobytes() end
  local values = sums:totable()
  for i, v in ipairs(values) do values[i] = v * factor end
  local scaled <close> = try(core.tensor_of("f32", { #values }, values))
  return scaled:tobytes()
end

local function datasets_of(statistics)
  local given = statistics.data.datasets
  return type(given) == "table" and given or { statistics.data.hash or "vise" }
end

local function chunks(rows) return (rows + CHUNK - 1) // CHUNK end

local function to_gguf(statistics, entries)
  local tensors, most = {}, 0
  for _, e in ipairs(entries) do
    tensors[#tensors + 1] = { name = e.name .. ".in_sum2", shape = { e.sums:count(), 1 }, bytes = bytes_of(e.sums, 1) }
    tensors[#tensors + 1] = { name = e.name .. ".counts", shape = { 1, 1 }, bytes = ("<f"):pack(e.rows) }
    most = math.max(most, e.rows)
  end
  return gguf.write({ { "general.type", "imatrix" }, { "imatrix.datasets", datasets_of(statistics) },
    { "imatrix.chunk_count", chunks(most) }, { "imatrix.chunk_size", CHUNK } }, tensors)
end

local function to_dat(statistics, entries)
  local list, most = { ("<i4"):pack(#entries) }, 0
  for _, e in ipairs(entries) do
    local calls = chunks(e.rows)
    list[#list + 1] = ("<s4i4i4"):pack(e.name, calls, e.sums:count())
    list[#list + 1] = bytes_of(e.sums, calls / e.rows)
    most = math.max(most, calls)
  end
  list[#list + 1] = ("<i4s4"):pack(most, table.concat(datasets_of(statistics), " "))
  return table.concat(list)
end

--- Writes the importance as GGUF or in the older form.
---@param statistics vise.Statistics
---@param path string
---@param form "imatrix"|"imatrix-dat"
---@return true?
---@return string? message
---@return string? id
function M.write(statistics, path, form)
  local entries = {}
  local ok, message, id = fail.catch(function()
    entries_of(statistics, entries)
    local bytes = (form == "imatrix" and to_gguf or to_dat)(statistics, entries)
    return try(folder.replace(path, bytes))
  end)
  for _, e in ipairs(entries) do e.sums:close() end
  return ok, message, id
end

return M
