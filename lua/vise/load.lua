--- Load: put a saved artefact onto a float model.
---
--- A folder, a file or a config goes through one resolver, whatever the layout (lua/vise/formats/);
--- manifest, file, model and every tensor are checked before the first layer changes.

local builder = require "vise.models.build"
local config = require "vise.config"
local core = require "vise.core"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local formats = require "vise.formats"

local M = {}

local MANIFEST = require("vise.folder").MANIFEST

---@class vise.Source
---@field path string       The .safetensors file.
---@field layout table      Of lua/vise/formats/.
---@field manifest? table   Decoded and checked; absent for a file without one beside it.
---@field text? string      Of the manifest.
---@field about? { file: string, bytes?: integer, sha256?: string, quant_type: string }

--- Reads the manifest of a folder.
---@return table? source   { layout, manifest, about }; empty when there may be none.
---@return string? message
---@return string? id
local function read_manifest(path, required)
  local kind = core.disk.exists(path)
  if kind ~= "file" then
    if not kind and not required then return {} end
    local folder = path:match "^(.*)/[^/]*$" or "."
    if core.disk.exists(("%s/artefact/%s"):format(folder, MANIFEST)) == "file" then
      return fail.fail("E-AR-01", "%s is no artefact, but holds one: did you mean %s/artefact?", folder, folder)
    end
    return fail.fail("E-AR-01", "%s is %s: no artefact, or an incomplete save", path,
      kind and "no regular file" or "missing")
  end
  local text, message, id = core.disk.read(path)
  if not text then return nil, message, id end
  local m
  m, message = core.json_decode(text, path)
  if m == nil then return nil, message, "E-AR-02" end
  local layout
  layout, message, id = formats.of_manifest(m, path)
  if not layout then return nil, message, id end
  local about
  about, message, id = layout.check_manifest(m, path)
  if not about then return nil, message, id end
  return { layout = layout, manifest = m, about = about, text = text }
end

--- The checkpoint of a folder: a file in it, not somewhere a link leads to.
local function in_folder(folder, name)
  local path = folder .. "/" .. name
  if core.disk.exists(path) ~= "file" then return fail.fail("E-AR-05", "checkpoint %s is missing", path) end
  local real, message, id = core.disk.real(path)
  if not real then return nil, message, id end
  local home
  home, message, id = core.disk.real(folder)
  if not home then return nil, message, id end
  if real:match "^(.*)/[^/]*$" ~= home:gsub("^/$", "") then
    return fail.fail("E-AR-04", "checkpoint %s is a link out of its folder, to %s: copy the file in", path, real)
  end
  return path
end

local function from_folder(folder)
  local source, message, id = read_manifest(folder .. "/" .. MANIFEST, true)
  if not source then return nil, message, id end
  source.path, message, id = in_folder(folder, source.about.file)
  if not source.path then return nil, message, id end
  return source
end

local function from_file(file)
  if core.disk.exists(file) ~= "file" then return fail.fail("E-AR-05", "checkpoint %s is missing", file) end
  local source, message, id = read_manifest((file:match "^(.*/)[^/]*$" or "") .. MANIFEST, false)
  if not source then return nil, message, id end
  if source.about and source.about.file ~= file:match "[^/]*$" then
    return fail.fail("E-AR-04", "%s is not the file its manifest describes (%s)", file, source.about.file)
  end
  source.path = file
  return source
end

--- The one resolver: what a person gave -> the checkpoint and its manifest, if there is one.
---@param given string|vise.Config
---@return vise.Source? source  `layout` is absent for a file without a manifest.
---@return string? message
---@return string? id
function M.resolve(given)
  local source, message, id
  if config.is_config(given) then
    if not given.save_to then
      fail.raise("E-AR-15", "load: the config has no save_to, so there is nothing to load from")
    end
    source, message, id = from_folder((given.save_to:gsub("(.)/+$", "%1")))
  elseif type(given) ~= "string" then
    fail.raise("E-AR-15", "load takes a folder, a .safetensors file or a vise.config, got %s", type(given))
  elseif core.disk.exists(given) == "folder" then
    source, message, id = from_folder((given:gsub("(.)/+$", "%1")))
  else
    source, message, id = from_file(given)
  end
  if not source then return nil, message, id end
  local about = source.about
  if about and about.bytes and core.disk.size(source.path) ~= about.bytes then
    return fail.fail("E-AR-18", "%s has %d bytes, its manifest says %d: truncated?", source.path,
      core.disk.size(source.path), about.bytes)
  elseif config.is_config(given) and about.quant_type ~= given.quant_type then
    return fail.fail("E-AR-08", "%s holds %s, the config asks for %s", given.save_to, about.quant_type,
      given.quant_type)
  end
  return source
end

--- Opens the checkpoint of a source and reads what it says of itself.
---@param source vise.Source
---@return vise.SafetensorsFile? handle
---@return table|string meta_or_message
---@return string? id
function M.open(source)
  local handle, message, id = core.safetensors_open(source.path)
  if not handle then return nil, message, id end
  local metadata, meta = handle:metadata(), nil
  if not source.layout then source.layout, message, id = formats.of_metadata(metadata, source.path) end
  local layout = source.layout
  if layout and not metadata[layout.metadata] then
    layout, message, id = nil, ("%s has no metadata key \"%s\": not what its manifest describes"):format(source.path,
      layout.metadata), "E-AR-06"
  end
  if layout then
    meta, message, id = layout.read_metadata(metadata[layout.metadata], source.path .. ": metadata", source.manifest)
  end
  if meta then return handle, meta end
  handle:close()
  return nil, message, id
end

--- Puts a saved artefact onto a float model: all of it, or on any failure nothing.
---@param model vise.Model
---@param given string|vise.Config  Folder, file, or a config with save_to.
---@return vise.Model?
---@return string? message
---@return string? id
function M.load(model, given)
  expect.model(model, "load", "layers")
  if model.transforms then
    return fail.fail("E-TR-10", "load: the model is transformed already (%s): open it again", model.transforms[1].name)
  end
  local source, message, id = M.resolve(given)
  if not source then return nil, message, id end
  local handle, meta
  handle, meta, id = M.open(source)
  if not handle then return nil, meta, id end
  local quantization, built
  quantization, built, id = source.layout.build(model, handle, meta, source.manifest)
  handle:close() -- the tensors keep the mapping alive
  if not quantization then return nil, ("%s: %s"):format(source.path, built), id end

  fail.whole(function() -- the commit
    if built then builder.replace(model, built) end
    for name, q in pairs(quantization.made) do
      local layer = model:layer(name)
      layer.quantized = q
      layer:release()
    end
    model.quantization = quantization
  end)
  return model
end

return M
