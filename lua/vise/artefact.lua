--- Artefacts: a quantized model on disk, and back.
---
---   DIR/<quant_type>.safetensors   the quantized layers only: <layer>.codes, .scale, ...
---   DIR/quant_config.json          the manifest: what it is, of which base, with which hashes
---
--- The file carries what is needed to load it alone (metadata key "vise"); the manifest adds
--- hashes and the base's identity, and must agree.  Neither holds a time or a path, so the same
--- run writes the same bytes.  A save is complete or absent: files go to a sibling folder that
--- takes the place of the old one in a single step.

local core = require "vise.core"
local config = require "vise.config"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local quant_types = require "vise.quant_types"
local version = require "vise.version"

local M = {}

local MANIFEST = "quant_config.json"
local FORMAT, FORMAT_VERSION = "vise_artefact", 1

--- What the file's own metadata says of each layer: enough to rebuild it.
local function layer_entries(model, quantization)
  local list = core.array {}
  for _, layer in ipairs(quantization.layers) do
    local linear = model:layer(layer.name)
    list[#list + 1] = { name = layer.name, type = layer.type, shape = core.array { table.unpack(layer.shape) },
      storage = quant_types.storage(linear.weight:dtype()), bias = linear.bias and linear.bias:dtype() or nil }
  end
  return list
end

local function metadata_of(quantization, layers)
  return { vise = assert(core.json_encode { format = FORMAT, version = FORMAT_VERSION,
    quant_type = quantization.config.quant_type, layers = layers }) }
end

--- The tensors of a file in its order: { { "<layer>.<param>", tensor }, ... }
local function tensor_entries(quantization)
  local entries = {}
  for _, layer in ipairs(quantization.layers) do
    for _, t in ipairs(quantization.made[layer.name]:tensors()) do
      entries[#entries + 1] = { layer.name .. "." .. t.param, t.tensor }
    end
  end
  return entries
end

local function manifest_of(model, quantization, layers, file, bytes)
  local cfg = quantization.config
  local listed = core.array {}
  for i, layer in ipairs(layers) do
    local hashes = {}
    for _, t in ipairs(quantization.made[layer.name]:tensors()) do hashes[t.param] = core.xxh3(t.tensor) end
    listed[i] = { name = layer.name, type = layer.type, shape = layer.shape, storage = layer.storage,
      bias = layer.bias, xxh3_128 = hashes, weight_error = quantization.layers[i].weight_error }
  end
  local rules = core.array {}
  for i, rule in ipairs(cfg.plan) do rules[i] = core.array { rule[1], rule[2] } end
  local backend, blas = core.backend()
  return {
    format = FORMAT, version = FORMAT_VERSION, vise = version,
    quant_type = cfg.quant_type,
    checkpoint = { file = file, bytes = bytes },
    base = { family = model.family, identity = model.checkpoint:identity() },
    config = { regions = type(cfg.regions) == "table" and core.array(cfg.regions) or cfg.regions,
      exclude = core.array(cfg.exclude), plan = rules, svdq = cfg.svdq },
    layers = listed,
    numerics = { backend = backend, blas = blas or core.null, matmul = core.matmul_rule() },
  }
end

local function own_pid()
  local f = io.open "/proc/self/stat"
  local pid = f and f:read "n" or 0
  if f then f:close() end
  return pid
end

--- Removes what a killed save left beside `dir`: siblings whose process is gone.
local function sweep_leftovers(dir)
  local parent, base = dir:match "^(.*)/([^/]+)$"
  for _, name in ipairs(core.disk.list(parent or ".") or {}) do
    local pid = name:sub(1, #(base or dir) + 9) == (base or dir) .. ".partial-" and name:match "%-(%d+)$"
    if pid and not core.disk.exists("/proc/" .. pid) then
      core.disk.remove_tree((parent and parent .. "/" or "") .. name)
    end
  end
end

--- What a folder holds already, for deciding whether it may be replaced.
---@return boolean? ok
---@return string|string[] message_or_kept  Names of files that are not ours and move along.
---@return string? id
local function inspect_target(dir)
  local kind = core.disk.exists(dir)
  if not kind then return true, {} end
  if kind ~= "folder" then return fail.fail("E-AR-13", "%s is a file, expected a folder to save into", dir) end
  local names, message, id = core.disk.list(dir)
  if not names then return nil, message, id end
  local has_manifest = core.disk.exists(dir .. "/" .. MANIFEST) == "file"
  if #names > 0 and not has_manifest then
    return fail.fail("E-AR-13", "%s holds %d entries and is no artefact: choose another folder or empty it", dir,
      #names)
  end
  local kept = {}
  for _, name in ipairs(names) do
    local kind_of = core.disk.exists(dir .. "/" .. name)
    if kind_of ~= "file" then
      return fail.fail("E-AR-13", "%s/%s is a folder: an artefact folder holds files only", dir, name)
    end
    if name ~= MANIFEST and not name:find "%.safetensors$" then kept[#kept + 1] = name end
  end
  return true, kept
end

--- Runs steps that return ok or nil, message, id, until one fails.
local function each(steps)
  for _, step in ipairs(steps) do
    local ok, message, id = step()
    if not ok then return nil, message, id end
  end
  return true
end

local function make_parents(dir)
  local at = 1
  while true do
    local slash = dir:find("/", at + 1, true)
    if not slash then return true end
    local part = dir:sub(1, slash - 1)
    if not core.disk.exists(part) then
      local ok, message, id = core.disk.mkdir(part)
      if not ok then return nil, message, id end
    end
    at = slash
  end
end

--- Writes the artefact of a quantization that need not be committed to the model yet.
---@param model vise.Model
---@param quantization table  { config, layers, made }
---@param dir string
---@return { file: string, bytes: integer }?
---@return string? message
---@return string? id
function M.write(model, quantization, dir)
  dir = dir:gsub("(.)/+$", "%1")
  local ok, kept, id = inspect_target(dir)
  if not ok then return nil, kept, id end
  local file = quantization.config.quant_type .. ".safetensors"
  local layers = layer_entries(model, quantization)
  local entries, metadata = tensor_entries(quantization), metadata_of(quantization, layers)
  local bytes = core.safetensors_size(entries, metadata)
  local manifest = manifest_of(model, quantization, layers, file, bytes)
  local text = assert(core.json_encode(manifest, 2)) .. "\n"

  sweep_leftovers(dir)
  local disk, temp = core.disk, ("%s.partial-%d"):format(dir, own_pid())
  local there = disk.exists(dir) == "folder"
  local steps = {
    function() return make_parents(dir) end,
    function() return disk.mkdir(temp) end,
    function() return core.safetensors_write(temp .. "/" .. file, entries, metadata) end,
  }
  for _, name in ipairs(kept) do
    steps[#steps + 1] = function() return disk.link(dir .. "/" .. name, temp .. "/" .. name) end
  end
  steps[#steps + 1] = function() return disk.write(temp .. "/" .. MANIFEST, text) end
  steps[#steps + 1] = function() return disk.sync(temp) end
  steps[#steps + 1] = function() -- the one step that others can see
    if there then return disk.exchange(temp, dir) end
    return disk.rename(temp, dir)
  end
  local message
  ok, message, id = each(steps)
  if not ok or there then disk.remove_tree(temp) end -- half a save, or the old artefact
  if not ok then return nil, message, id end
  disk.sync(dir:match "^(.*)/[^/]+$" or ".")
  return { file = dir .. "/" .. file, bytes = bytes }
end

--- Saves a quantized model as an artefact folder.  An artefact that is there is replaced in one
--- step; a folder that holds anything else is refused.
---@param model vise.Model
---@param dir string
---@return { file: string, bytes: integer }?
---@return string? message
---@return string? id
function M.save(model, dir)
  expect.model(model, "save", "layers")
  if type(dir) ~= "string" or dir == "" then
    fail.raise("E-AR-14", "save needs a folder, got %s", type(dir) == "string" and "an empty string" or type(dir))
  end
  if not model.quantization then fail.raise("E-AR-14", "the model is not quantized: nothing to save") end
  return M.write(model, model.quantization, dir)
end

--- Exact size of the safetensors file a plan will write.
---@param model vise.Model
---@param plan vise.Plan
---@param cfg vise.Config
---@return integer
function M.file_bytes(model, plan, cfg)
  local planned, entries = { config = config.plain(cfg), layers = {} }, {}
  for _, layer in ipairs(plan.layers) do
    if layer.type then
      planned.layers[#planned.layers + 1] = { name = layer.name, type = layer.type.name, shape = layer.shape }
      for _, t in ipairs(layer.tensors) do
        entries[#entries + 1] = { layer.name .. "." .. t.param, t.dtype, t.shape }
      end
    end
  end
  return core.safetensors_size(entries, metadata_of(planned, layer_entries(model, planned)))
end

return M
