--- Artefacts: a quantized model on disk, and back.
---
---   DIR/<quant_type>.safetensors   the quantized layers only: <layer>.codes, .scale, ...; of a transformed
---                                  model what else was changed: base.<tensor>
---   DIR/quant_config.json          the manifest: what it is, of which base, with which hashes
---   DIR/recipe/                    from a recipe's run: the package, the lock and the parameters that repeat it
---
--- The file carries what is needed to load it alone (metadata key "vise"); the manifest adds
--- hashes, the base's identity and how it was made, and must agree.  Neither holds a time or a path,
--- so the same run writes the same bytes.  A save is complete or absent (lua/vise/folder.lua).

local core = require "vise.core"
local config = require "vise.config"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local finite = require "vise.finite"
local folder = require "vise.folder"
local progress = require "vise.progress"
local quant_types = require "vise.quant_types"
local transformed = require "vise.formats.transformed"
local version = require "vise.version"

-- What the manifest and the metadata of our layout say they are.
local M = { FORMAT = "vise_artefact", VERSION = 1 }

--- What the file's own metadata says of each layer: enough to rebuild it.
local function layer_entries(model, quantization)
  local list = core.array {}
  for _, layer in ipairs(quantization.layers) do
    local linear, made = model:layer(layer.name), quantization.made and quantization.made[layer.name]
    local bias, qtype = made and made.bias or linear.bias, made and made.type or layer.qtype
    local own = qtype.own_bias or nil
    local rank = quant_types.parse(layer.type).rank ~= qtype.rank and qtype.rank or nil
    list[#list + 1] = { name = layer.name, type = layer.type, smooth = qtype.smooth, rank = rank,
      shape = core.array { table.unpack(layer.shape) },
      storage = layer.storage or quant_types.storage(linear:dtype()),
      bias = own and "f32" or bias and bias:dtype() or nil, own_bias = own,
      rotate = made and made.rotate or not made and qtype.rotate and qtype.rotate(layer.shape[2]) or nil }
  end
  return list
end

local function metadata_of(model, quantization, layers, base)
  local transforms, changed = transformed.fields(model, base, false)
  return { vise = assert(core.json_encode { format = M.FORMAT, version = M.VERSION,
    quant_type = quantization.config.quant_type, layers = layers, transforms = transforms, changed = changed }) }
end

--- The tensors of a file in its order: { { "<layer>.<param>", tensor }, ... }
local function tensor_entries(quantization, base)
  local entries = {}
  for _, layer in ipairs(quantization.layers) do
    for _, t in ipairs(quantization.made[layer.name]:tensors()) do
      entries[#entries + 1] = { layer.name .. "." .. t.param, t.tensor }
    end
  end
  for _, t in ipairs(base) do entries[#entries + 1] = { transformed.PREFIX .. t.name, t.tensor } end
  return entries
end

--- An error that is finite, which JSON can say; nil for any other.
local function known_error(v)
  return finite.is(v) and v or nil
end

-- Lists of a config, which stay lists when they are empty.
local LISTS = { regions = true, exclude = true, plan = true, components = true }

-- What does not belong into a manifest: the quantization type stands at its top, paths are nobody's
-- business, and how much was printed changes nothing.
local LEFT_OUT = { quant_type = true, save_to = true, statistics = true, verbose = true }

--- The config as JSON data.
local function config_of(cfg)
  local out = {}
  for key, value in pairs(cfg) do
    if not LEFT_OUT[key] then
      out[key] = type(value) == "table" and (LISTS[key] or #value > 0) and core.array(value) or value
    end
  end
  if out.calibration then -- where the journal lay is nobody's business either
    out.calibration = {}
    for key, value in pairs(cfg.calibration) do
      if key ~= "work" then out.calibration[key] = value end
    end
  end
  return out
end

--- What the base model is made of: names, sizes and hashes of its files.
local function base_files(model)
  local list, paths = core.array {}, model.checkpoint:files()
  local bar <close> = progress.new("hash base", #paths, "files")
  for i, path in ipairs(paths) do
    local hash, message, id = core.disk.sha256(path)
    if not hash then return nil, message, id end
    bar:step()
    list[i] = { file = path:match "[^/]*$", bytes = core.disk.size(path), sha256 = hash }
  end
  table.sort(list, function(a, b) return a.file < b.file end)
  return list
end

local function layers_of(quantization, layers)
  local listed = core.array {}
  for i, layer in ipairs(layers) do
    local hashes, known = {}, quantization.layers[i]
    for _, t in ipairs(quantization.made[layer.name]:tensors()) do hashes[t.param] = core.xxh3(t.tensor) end
    listed[i] = { name = layer.name, type = layer.type, method = known.method, smooth = layer.smooth,
      rank = layer.rank, shape = layer.shape,
      storage = layer.storage, bias = layer.bias, own_bias = layer.own_bias, rotate = layer.rotate,
      xxh3_128 = hashes, weight_error = known_error(known.weight_error),
      output_error = known_error(known.output_error) }
  end
  return listed
end

--- Everything in the manifest but the hash of the checkpoint.
local function manifest_of(model, quantization, layers, base, checkpoint)
  local files, message, id = base_files(model)
  if not files then return nil, message, id end
  local identity
  identity, message, id = model.checkpoint:identity()
  if not identity then return nil, message, id end
  local backend, blas = core.backend()
  local transforms, changed = transformed.fields(model, base, true)
  return {
    format = M.FORMAT, version = M.VERSION, vise = version,
    quant_type = quantization.config.quant_type,
    checkpoint = checkpoint,
    base = { family = model.family, identity = identity, files = files },
    config = config_of(quantization.config),
    calibration = quantization.calibration,
    transforms = transforms, changed = changed,
    layers = layers_of(quantization, layers),
    numerics = { backend = backend, blas = blas or core.null, matmul = core.matmul_rule() },
  }
end

-- The manifest's hash of itself, computed with zeros in its place.
local SEAL, ZEROS = '"manifest_xxh3_128": "%s"', ("0"):rep(32)

local function seal(manifest)
  manifest.manifest_xxh3_128 = ZEROS
  local text = assert(core.json_encode(manifest, 2)) .. "\n"
  return (text:gsub(SEAL:format(ZEROS), SEAL:format(core.xxh3(text)), 1))
end

--- Whether the text of a manifest is what was written, to the byte.
---@param text string
---@return boolean
function M.is_sealed(text)
  local hash = text:match(SEAL:format "(%x+)")
  return hash ~= nil and core.xxh3((text:gsub(SEAL:format(hash), SEAL:format(ZEROS), 1))) == hash
end

--- What an artefact carries of the recipe that made it.
---@class vise.Carried
---@field about { name: string, version: string, package: string, lock_sha256: string }  For the manifest.
---@field files { name: string, bytes: string }[]  Below recipe/.

--- Writes the artefact of a quantization that need not be committed to the model yet.
---@param model vise.Model
---@param quantization table  { config, layers, made, calibration? }
---@param dir string
---@param recipe? vise.Carried
---@return { file: string, bytes: integer }?
---@return string? message
---@return string? id
function M.write(model, quantization, dir, recipe)
  dir = dir:gsub("(.)/+$", "%1")
  local file = quantization.config.quant_type .. ".safetensors"
  local layers, base = layer_entries(model, quantization), transformed.tensors(model, quantization.layers)
  local entries, metadata = tensor_entries(quantization, base), metadata_of(model, quantization, layers, base)
  local bytes = core.safetensors_size(entries, metadata)
  local manifest, message, id = manifest_of(model, quantization, layers, base, { file = file, bytes = bytes })
  if not manifest then return nil, message, id end
  manifest.recipe = recipe and recipe.about
  local ok
  ok, message, id = folder.write(dir, file, entries, metadata, function(sha256)
    manifest.checkpoint.sha256 = sha256
    return seal(manifest)
  end, recipe and recipe.files)
  if not ok then return nil, message, id end
  return { file = dir .. "/" .. file, bytes = bytes }
end

--- Saves a quantized model as an artefact folder.  An artefact that is there is replaced in one
--- step; a folder that holds anything else is refused.
---@param model vise.Model
---@param dir string
---@param options? { layout?: "vise"|"cache-dit" }
---@param recipe? vise.Carried  Of a job.
---@return { file: string, bytes: integer }?
---@return string? message
---@return string? id
function M.save(model, dir, options, recipe)
  expect.model(model, "save", "layers")
  if type(dir) ~= "string" or dir == "" then
    fail.raise("E-AR-14", "save needs a folder, got %s", type(dir) == "string" and "an empty string" or type(dir))
  end
  if not model.quantization then fail.raise("E-AR-14", "the model is not quantized: nothing to save") end
  for key in pairs(options or {}) do
    if key ~= "layout" then fail.raise("E-AR-14", "save: unknown option '%s'; there is layout", tostring(key)) end
  end
  local layout = require("vise.formats").of(options and options.layout or "vise")
  return layout.save(model, model.quantization, dir, recipe)
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
      planned.layers[#planned.layers + 1] = { name = layer.name, type = layer.type.name, qtype = layer.type,
        shape = layer.shape }
      for _, t in ipairs(layer.tensors) do
        entries[#entries + 1] = { layer.name .. "." .. t.param, t.dtype, t.shape }
      end
    end
  end
  local base = transformed.tensors(model, planned.layers)
  for _, t in ipairs(base) do entries[#entries + 1] = { transformed.PREFIX .. t.name, t.dtype, t.shape } end
  return core.safetensors_size(entries, metadata_of(model, planned, layer_entries(model, planned), base))
end

return M
