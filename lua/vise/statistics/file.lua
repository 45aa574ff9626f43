--- Files of statistics: safetensors, with what they belong to in the metadata.
---
---   <layer>.<kind>        what the observer keeps (engine/observe/observe.h); span and range are so what
---                         a config's `statistics` always read
---   <layer>.<kind>.sums   f64 [nodes, n]: of mean, importance and moments, for each node of the tree
---   <layer>.rows          i64 [nodes]: rows seen, 0 where a node has none of the layer
---   metadata.statistics   JSON: format, vise, model, family, kinds, layers, shares, nodes, data
---
--- Layers that share an input share the moments, which stand under the first of them.

local core = require "vise.core"
local fail = require "vise.fail"
local folder = require "vise.folder"
local kinds_of = require "vise.statistics.kinds"
local tree = require "vise.statistics.tree"

local M = {}

local FORMAT = 1
local MOST_LAYERS, MOST_CHANNELS = 1 << 20, 1 << 24
local try = fail.try

-- The state of one kind of a layer, as the file has it.
local function state_of(self, layer, kind)
  local about = kinds_of.ALL[kind]
  if not about.sums then
    local all <close> = tree.fold(self.nodes, layer.name, kind, about.observer, { channels = layer.channels })
    return try(all:state())
  end
  local width = kinds_of.layout(kind, layer.channels)
  local sums = try(core.tensor("f64", { #self.nodes, width }))
  for i, node in ipairs(self.nodes) do
    local observer = node.observers[layer.name] and node.observers[layer.name][kind]
    if observer then
      local state <close> = try(observer:state())
      local flat <close> = try(state:reshape { 1, width })
      local row <close> = try(sums:rows(i))
      try(flat:copy(row))
    end
  end
  return sums
end

local function rows_of(self, layer)
  local rows = try(core.tensor("i64", { #self.nodes }))
  for i, node in ipairs(self.nodes) do rows:set(i, node.rows[layer.name] or 0) end
  return rows
end

local function entries_of(self, entries)
  for _, layer in ipairs(self.layers) do
    for _, kind in ipairs(self.kinds) do
      if kind ~= "moments" or not self.shares[layer.name] then
        local suffix = kinds_of.ALL[kind].sums and ".sums" or ""
        entries[#entries + 1] = { layer.name .. "." .. kind .. suffix, state_of(self, layer, kind) }
      end
    end
    entries[#entries + 1] = { layer.name .. ".rows", rows_of(self, layer) }
  end
end

local function about_of(self)
  local nodes, layers = core.array {}, core.array {}
  for i, node in ipairs(self.nodes) do nodes[i] = core.array { node.first, node.count } end
  for i, layer in ipairs(self.layers) do layers[i] = { name = layer.name, channels = layer.channels } end
  return { format = FORMAT, vise = require "vise.version", model = self.model, family = self.family, parts = tree.PARTS,
    chunk = 1024, kinds = core.array(self.kinds), layers = layers, shares = self.shares, nodes = nodes,
    data = self.data }
end

--- Writes statistics; a file that is there is replaced in one step.
---@param self vise.Statistics
---@param path string
---@return string? sha256
---@return string? message
---@return string? id
function M.save(self, path)
  local entries, temp = {}, ("%s.partial-%d"):format(path, folder.own_pid())
  local hash, message, id = fail.catch(function()
    entries_of(self, entries)
    local sha256 = try(core.safetensors_write(temp, entries, { statistics = core.json_encode(about_of(self)) }))
    try(core.disk.rename(temp, path))
    return sha256
  end)
  for _, entry in ipairs(entries) do entry[2]:close() end
  if not hash and core.disk.exists(temp) then core.disk.remove(temp) end
  return hash, message, id
end

-- --- Reading: nothing in the file is taken for granted.

local function damaged(path, what, ...)
  fail.try(nil, ("%s: %s"):format(path, what:format(...)), "E-OB-24")
end

local function check_layers(path, about)
  local seen = {}
  if type(about.layers) ~= "table" or #about.layers == 0 or #about.layers > MOST_LAYERS then
    damaged(path, "no list of layers")
  end
  for i, layer in ipairs(about.layers) do
    local ok = type(layer) == "table" and type(layer.name) == "string" and math.type(layer.channels) == "integer"
    if not ok or layer.channels < 1 or layer.channels > MOST_CHANNELS or seen[layer.name] then
      damaged(path, "layer %d is none, or is there twice", i)
    end
    seen[layer.name] = true
  end
  for name, first in pairs(about.shares) do
    if not seen[name] or not seen[first] or about.shares[first] then damaged(path, "a share of no layer") end
  end
end

local function check_about(path, about)
  if type(about) ~= "table" or about.format ~= FORMAT then
    damaged(path, "the form of these statistics is not %d", FORMAT)
  end
  for _, key in ipairs { "kinds", "nodes", "shares", "data" } do
    if type(about[key]) ~= "table" then damaged(path, "'%s' is missing", key) end
  end
  if about.model ~= nil and type(about.model) ~= "string" then damaged(path, "'model' is no hash") end
  local kinds, unknown = kinds_of.sorted(about.kinds)
  if unknown or #kinds == 0 or #kinds ~= #about.kinds then damaged(path, "the kinds are not known") end
  if about.parts ~= tree.PARTS then damaged(path, "it is cut into other parts than %d", tree.PARTS) end
  local nodes = {}
  for i, node in ipairs(about.nodes) do
    if type(node) ~= "table" or not tree.fits(node[1], node[2]) then damaged(path, "node %d is none", i) end
    nodes[i] = { first = node[1], count = node[2], rows = {}, observers = {} }
  end
  if #nodes == 0 or tree.overlap(nodes) then damaged(path, "its nodes are none, or overlap") end
  check_layers(path, about)
  return nodes, kinds
end

-- A tensor of the file with this dtype and shape.
local function take(file, path, name, dtype, shape)
  local info = file:info(name)
  local ok = info and info.dtype == dtype and #info.shape == #shape
  for i, size in ipairs(shape) do ok = ok and info.shape[i] == size end
  if not ok then damaged(path, "tensor %s is missing or is no %s [%s]", core.escape(name), dtype,
    table.concat(shape, ", ")) end
  return try(file:tensor(name))
end

local function restore(path, name, kind, channels, state, rows)
  local observer = try(core.observer(kinds_of.ALL[kind].observer, { channels = channels }))
  local bad = state:dtype() ~= "i64" and state:nonfinite()
  local ok, message = pcall(observer.restore, observer, state, rows)
  if ok and not bad then return observer end
  observer:close()
  if bad then fail.try(nil, ("%s: tensor %s.%s: element %d is not finite"):format(path, core.escape(name), kind, bad),
    "E-OB-11") end
  damaged(path, "tensor %s.%s: %s", core.escape(name), kind, message:gsub("^.*E%-OB%-02: ", ""))
end

local function read_rows(file, path, layer, nodes)
  local tensor <close> = take(file, path, layer.name .. ".rows", "i64", { #nodes })
  local rows, total = tensor:totable(), 0
  for i, n in ipairs(rows) do
    if n < 0 or n > math.maxinteger - total then damaged(path, "%s.rows: node %d has %d", layer.name, i, n) end
    total = total + n
    nodes[i].rows[layer.name] = n > 0 and n or nil
  end
  if total == 0 then damaged(path, "layer %s has no rows", core.escape(layer.name)) end
  return rows, total
end

local function put(node, name, kind, observer)
  node.observers[name] = node.observers[name] or {}
  node.observers[name][kind] = observer
end

local function read_kind(file, path, layer, kind, nodes, rows, total)
  local about, name = kinds_of.ALL[kind], layer.name
  local width, dtype = kinds_of.layout(kind, layer.channels)
  if about.sums then
    local sums <close> = take(file, path, name .. "." .. kind .. ".sums", "f64", { #nodes, width })
    for i, node in ipairs(nodes) do
      if rows[i] > 0 then
        local row <close> = try(sums:rows(i))
        local state <close> = try(row:reshape { width })
        put(node, name, kind, restore(path, name, kind, layer.channels, state, rows[i]))
      end
    end
    return
  end
  -- What merges exactly stands there once, and goes to the first node that saw the layer, with all
  -- rows.
  local first = 1
  while rows[first] == 0 do first = first + 1 end
  local state <close> = take(file, path, name .. "." .. kind, dtype, { width })
  put(nodes[first], name, kind, restore(path, name, kind, layer.channels, state, total))
end

--- Whether a file says that it holds statistics of this form.
---@param file vise.SafetensorsFile
---@return string? about  Its JSON.
function M.about(file)
  local text = file:metadata().statistics
  return text and text:find "^%s*{" and text or nil
end

local function read(file, path, found)
  local text = M.about(file)
  if not text then damaged(path, "it says nothing of what its statistics belong to") end
  local about, message = core.json_decode(text)
  if not about then damaged(path, "%s", message) end
  local kinds
  found.nodes, kinds = check_about(path, about)
  for _, layer in ipairs(about.layers) do
    local rows, total = read_rows(file, path, layer, found.nodes)
    for _, kind in ipairs(kinds) do
      if kind ~= "moments" or not about.shares[layer.name] then
        read_kind(file, path, layer, kind, found.nodes, rows, total)
      end
    end
  end
  return { model = about.model, family = about.family, kinds = kinds, layers = about.layers, shares = about.shares,
    nodes = found.nodes, data = about.data, vise = about.vise }
end

--- Reads a file of statistics.
---@param path string
---@return table?
---@return string? message
---@return string? id
function M.read(path)
  local file, message, id = core.safetensors_open(path)
  if not file then return nil, message, id end
  local found = { nodes = {} }
  local made
  made, message, id = fail.catch(read, file, path, found)
  file:close()
  if made then return made end
  tree.close(found.nodes)
  return nil, message, id
end

return M
