--- Checkpoints: one .safetensors file, or a model folder as diffusers and Hugging Face lay
--- them out.  Everything in a folder is somebody else's text: names in an index are never
--- paths, and what does not fit together is named before a tensor is used.

local core = require "vise.core"
local raise = require("vise.fail").raise
local suggest = require "vise.suggest"

local M = {}

---@class vise.TensorInfo
---@field dtype string  A dtype of vise, or the file's own name for a type that vise lacks.
---@field shape integer[]
---@field bytes integer

---@class vise.Checkpoint
---@field folder string  Where the weights are.
---@field config table?  config.json, decoded.
---@field notes string[]  What was odd but not wrong, each "ID: text".
local Checkpoint = {}
Checkpoint.__index = Checkpoint
require("vise.names").allow(Checkpoint)

local STEMS = { "diffusion_pytorch_model", "model" }

local function fail(id, text, ...)
  return nil, text:format(...), id
end

local function quoted(name)
  return ('"%s"'):format(core.escape(name))
end

local function join(folder, name)
  return folder:sub(-1) == "/" and folder .. name or folder .. "/" .. name
end

local function is_pickle(name)
  return name:match "%.bin$" or name:match "%.pt$" or name:match "%.pth$" or name:match "%.ckpt$"
    or name:match "%.pkl$"
end

local function refuse_pickle(path)
  return fail("E-HF-09",
    "%s: pickle checkpoints can run code and are not read; convert it to safetensors first",
    core.escape(path))
end

--- Splits a weights file's name: which stem, which variant ("" is the plain one), an index?
local function classify(name)
  for _, stem in ipairs(STEMS) do
    if name:sub(1, #stem + 1) == stem .. "." then
      local rest = name:sub(#stem + 2)
      if rest == "safetensors" then return stem, "", false end
      if rest == "safetensors.index.json" then return stem, "", true end
      local variant = rest:match "^safetensors%.index%.([%w_-]+)%.json$"
        or rest:match "^([%w_-]+)%.safetensors%.index%.json$"
      if variant then return stem, variant, true end
      variant = rest:match "^([%w_-]+)%.safetensors$"
      if variant and not variant:match "%-%d+%-of%-%d+$" then return stem, variant, false end
    end
  end
end

--- What a folder without a known weights file holds instead.
local function no_weights(folder, names)
  local found = {}
  for _, name in ipairs(names) do
    if name:match "%.safetensors$" then found[#found + 1] = name end
  end
  if #found == 1 then return found[1] end
  if #found > 1 then
    local list = {}
    for i = 1, math.min(#found, 5) do list[i] = core.escape(found[i]) end
    return fail("E-HF-13", "%s: %d .safetensors files and no index, pass one of them: %s%s",
      core.escape(folder), #found, table.concat(list, ", "), #found > 5 and ", ..." or "")
  end
  for _, name in ipairs(names) do
    if is_pickle(name) then return refuse_pickle(join(folder, name)) end
  end
  local holds = core.disk.exists(folder .. "/artefact/quant_config.json") == "file"
    and "; did you mean artefact/ in it?" or ""
  return fail("E-HF-13", "%s: no .safetensors file and no index in this folder%s", core.escape(folder), holds)
end

local function no_variant(folder, wanted, present)
  local list = {}
  for variant in pairs(present) do
    list[#list + 1] = variant == "" and "none (the plain files)" or variant
  end
  table.sort(list)
  return fail("E-HF-14", "%s: %s, variants present: %s", core.escape(folder),
    wanted == "" and "no plain weights, pass variant" or "no variant " .. quoted(wanted),
    table.concat(list, ", "))
end

--- Chooses the weights file of a folder.
---@return string? name, string? note, string? id
local function choose(folder, names, variant)
  local best, other, present = nil, nil, {}
  for _, stem in ipairs(STEMS) do
    for _, name in ipairs(names) do
      local s, v, index = classify(name)
      if s == stem then
        present[v] = true
        if v == variant then
          if not best then
            best = name
          elseif index and best and not best:match "%.json$" then
            best, other = name, best
          else
            other = name
          end
        end
      end
    end
  end
  if best then
    return best, other and ("E-HF-06: %s and %s are both there, %s is used"):format(best, other, best)
  end
  if next(present) then return no_variant(folder, variant, present) end
  if variant ~= "" then return no_variant(folder, variant, { [""] = true }) end
  return no_weights(folder, names)
end

--- A name that cannot lead out of its folder.
local function is_plain(name)
  return type(name) == "string" and #name <= 255 and not name:find "[/\\%c]" and name:match "^[^.]"
    and name:match "%.safetensors$"
end

--- Reads a shard index: the set of shards, and which shard each tensor is said to be in.
local function read_index(folder, name)
  local path = join(folder, name)
  local text, message, id = core.disk.read(path)
  if not text then return nil, message, id end
  local index
  index, message, id = core.json_decode(text, path)
  if index == nil then return nil, message, id end
  local map = type(index) == "table" and index.weight_map
  if type(map) ~= "table" or getmetatable(map) then
    return fail("E-HF-15", "%s: no \"weight_map\" object", core.escape(path))
  end
  local shards, seen, tensors = {}, {}, {}
  for tensor in pairs(map) do tensors[#tensors + 1] = tensor end
  table.sort(tensors)
  for _, tensor in ipairs(tensors) do
    local shard = map[tensor]
    if type(shard) == "string" and is_pickle(shard) then return refuse_pickle(join(folder, shard)) end
    if not is_plain(shard) then
      return fail("E-HF-01", "%s: %s is not the name of a .safetensors file in this folder (tensor %s)",
        core.escape(path), type(shard) == "string" and quoted(shard) or "a " .. type(shard), quoted(tensor))
    end
    if not seen[shard] then
      seen[shard] = true
      shards[#shards + 1] = shard
    end
  end
  table.sort(shards)
  local total = type(index.metadata) == "table" and index.metadata.total_size or nil
  return { path = path, shards = shards, map = map, tensors = tensors, total = total }
end

local function missing_shards(folder, shards)
  local there = {}
  for _, name in ipairs(core.disk.list(folder) or {}) do there[name] = true end
  local first, present = nil, 0
  for _, shard in ipairs(shards) do
    if there[shard] then present = present + 1 else first = first or shard end
  end
  if not first then return true end
  return fail("E-HF-02", "%s: shard %s is missing (%d of %d present)", core.escape(folder),
    quoted(first), present, #shards)
end

--- Opens a file and enters its tensors.
function Checkpoint:add(path, shard)
  local file, message, id = core.safetensors_open(path)
  if not file then return nil, message, id end
  self.handles[#self.handles + 1] = file
  self.paths[#self.paths + 1] = path
  for _, name in ipairs(file:names()) do
    if self.where[name] then
      return fail("E-HF-04", "%s: tensor %s is in this shard and in %s", core.escape(path), quoted(name),
        quoted(self.shard_of[name]))
    end
    self.order[#self.order + 1] = name
    self.where[name] = file
    self.shard_of[name] = shard
  end
  return true
end

--- Opens the shards of an index and compares what it says with what they hold.
function Checkpoint:add_index(name)
  local index, message, id = read_index(self.folder, name)
  if not index then return nil, message, id end
  local ok
  ok, message, id = missing_shards(self.folder, index.shards)
  if not ok then return nil, message, id end
  for _, shard in ipairs(index.shards) do
    ok, message, id = self:add(join(self.folder, shard), shard)
    if not ok then return nil, message, id end
  end
  for _, tensor in ipairs(index.tensors) do
    if self.shard_of[tensor] ~= index.map[tensor] then
      return fail("E-HF-03", "%s: says tensor %s is in shard %s, it is not%s", core.escape(index.path),
        quoted(tensor), quoted(index.map[tensor]),
        self.shard_of[tensor] and (" (it is in %s)"):format(quoted(self.shard_of[tensor])) or "")
    end
  end
  self:note_index(index)
  return true
end

--- What is odd about an index, but does no harm.
function Checkpoint:note_index(index)
  local bytes = 0
  for _, tensor in ipairs(self.order) do bytes = bytes + self:info(tensor).bytes end
  if index.total ~= nil and index.total ~= bytes then
    self.notes[#self.notes + 1] = ("E-HF-05: %s: index total_size %s differs from %d on disk"):format(
      core.escape(index.path), core.escape(tostring(index.total)), bytes)
  end
  if #self.order > #index.tensors then
    self.notes[#self.notes + 1] = ("E-HF-05: %s: %d tensors of the shards are not in the index"):format(
      core.escape(index.path), #self.order - #index.tensors)
  end
end

--- Reads config.json where there is one.
function Checkpoint:read_config(names)
  for _, name in ipairs(names) do
    if name == "config.json" then
      local path = join(self.folder, name)
      local text, message, id = core.disk.read(path)
      if not text then return nil, message, id end
      self.config, message, id = core.json_decode(text, path)
      if self.config == nil then return nil, message, id end
      if type(self.config) ~= "table" or getmetatable(self.config) then
        self.config = nil
        return fail("E-JS-15", "%s line 1 column 1: expected an object", core.escape(path))
      end
    end
  end
  return true
end

--- Opens a folder: its weights, then its config.
function Checkpoint:open_folder(options)
  local names, message, id = core.disk.list(self.folder)
  if not names then return nil, message, id end
  local name = options.weights
  if name then
    local there = false
    for _, other in ipairs(names) do there = there or other == name end
    if not there then
      return fail("E-HF-16", "%s: no file %s in this folder", core.escape(self.folder), quoted(name))
    end
    if is_pickle(name) then return refuse_pickle(join(self.folder, name)) end
  else
    name, message, id = choose(self.folder, names, options.variant or "")
    if not name then return nil, message, id end
    self.notes[#self.notes + 1] = message
  end
  local ok
  ok, message, id = self:read_config(names)
  if not ok then return nil, message, id end
  if name:match "%.json$" then return self:add_index(name) end
  return self:add(join(self.folder, name), name)
end

--- Opens one file.  Its folder's config.json counts when the file has a model folder's name.
function Checkpoint:open_file(path)
  if is_pickle(path) then return refuse_pickle(path) end
  local name = path:match "[^/]*$"
  local ok, message, id = self:add(path, name)
  if ok and classify(name) then return self:read_config(core.disk.list(self.folder) or {}) end
  return ok, message, id
end

--- Tensor names, in the order of the file.
---@return string[]
function Checkpoint:names()
  return table.move(self.order, 1, #self.order, 1, {})
end

---@param name string
---@return boolean
function Checkpoint:has(name)
  return self.where[name] ~= nil
end

---@param name string
---@return vise.TensorInfo?  nil if there is no such tensor.
function Checkpoint:info(name)
  local file = self.where[name]
  return file and file:info(name)
end

--- The tensor, mapped and read-only; it keeps its file mapped after close().
---@param name string
---@return userdata? tensor, string? message, string? id
function Checkpoint:tensor(name)
  local file = self.where[name]
  if not file then
    error(("E-HF-17: no tensor %s in %s"):format(quoted(name), core.escape(self.path)), 2)
  end
  return file:tensor(name)
end

--- Paths of the weights files.
---@return string[]
function Checkpoint:files()
  return table.move(self.paths, 1, #self.paths, 1, {})
end

--- A hash over every tensor's name, dtype, shape and bytes, whatever file each is in.
---@return string? hash, string? message, string? id
function Checkpoint:identity()
  if self.hash then return self.hash end
  local names, lines = self:names(), {}
  table.sort(names)
  for i, name in ipairs(names) do
    local tensor <close>, message, id = self:tensor(name)
    if not tensor then return nil, message, id end
    local info = self:info(name)
    lines[i] = ("%d:%s %s [%s] %s\n"):format(#name, name, info.dtype, table.concat(info.shape, ","),
      core.xxh3(tensor))
  end
  self.hash = core.xxh3(table.concat(lines))
  return self.hash
end

--- Whether the files are still what they were when they were opened; E-HF-12 names one that is not.
---@return true? ok, string? message, string? id
function Checkpoint:unchanged()
  for _, file in ipairs(self.handles) do
    local name = file:names()[1]
    if name then
      local tensor <close>, message, id = file:tensor(name)
      if not tensor then return nil, message, id end
    end
  end
  return true
end

--- Closes the files.  Tensors in use stay.
function Checkpoint:close()
  for _, file in ipairs(self.handles) do file:close() end
  self.handles, self.where, self.order, self.shard_of = {}, {}, {}, {}
end

Checkpoint.__close = Checkpoint.close

function Checkpoint:__tostring()
  return ("checkpoint %s (%d tensors)"):format(core.escape(self.path), #self.order)
end

local OPTIONS = { variant = true, weights = true }

local function check_arguments(path, options)
  local function refuse(...) raise("E-HF-18", ...) end
  if type(path) ~= "string" then refuse("open takes the path of a model, got %s", type(path)) end
  if type(options) ~= "table" then refuse("open takes a table of options, got %s", type(options)) end
  for key, value in pairs(options) do
    if not OPTIONS[key] then
      refuse("open has no option '%s'%s", tostring(key), suggest.hint(tostring(key), { "variant", "weights" }))
    end
    if type(value) ~= "string" then refuse("option '%s' of open must be a string, got %s", key, type(value)) end
  end
end

--- Opens a checkpoint.
---@param path string  A .safetensors file or a model folder.
---@param options? { variant?: string, weights?: string }  variant = "fp16": the files named so;
---weights: the file to take where a folder has several.
---@return vise.Checkpoint? checkpoint, string? message, string? id
function M.open(path, options)
  options = options or {}
  check_arguments(path, options)
  local is_folder = core.disk.exists(path) == "folder"
  local self = setmetatable({
    path = path,
    folder = is_folder and path or path:match "^(.*)/[^/]*$" or ".",
    notes = {}, handles = {}, paths = {}, order = {}, where = {}, shard_of = {},
  }, Checkpoint)
  local ok, message, id
  if is_folder then
    ok, message, id = self:open_folder(options)
  else
    ok, message, id = self:open_file(path)
  end
  if not ok then
    self:close()
    return nil, message, id
  end
  return self
end

return M
