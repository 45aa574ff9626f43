--- The layouts an artefact may have.  A layout is one file that describes how its manifest and its
--- tensors are read and written:
---
---   name           what `vise export --to` calls it
---   manifest       the `format` of its quant_config.json
---   metadata       the key of its metadata in the .safetensors file
---   check_manifest(m, path)  -> { file, bytes?, sha256?, quant_type }
---   read_metadata(text, where, manifest)  -> meta, { quant_type, ... }
---   survey(handle, meta, manifest, found)   calls found(id, message, tensor?) for whatever is wrong
---   build(model, handle, meta, manifest)  -> { config, layers, made, calibration? }, and the model as the
---                                            artefact's transforms leave it, if it has any
---   save(model, quantization, dir)  -> { file, bytes }
---
--- Whatever fails returns nil, message, id.

local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

--- The names of the layouts.
M.names = { "vise", "cache-dit" }

local modules = { ["vise"] = "vise.formats.vise", ["cache-dit"] = "vise.formats.cache_dit" }

---@param name string
---@return table
function M.of(name)
  local module = modules[name]
  if not module then
    fail.raise("E-AR-17", "no layout \"%s\"%s; there are %s", tostring(name), suggest.hint(tostring(name), M.names),
      table.concat(M.names, ", "))
  end
  return require(module)
end

--- The layout that a manifest says it has.
---@param m any  Decoded JSON.
---@param path string
---@return table? layout
---@return string? message
---@return string? id
function M.of_manifest(m, path)
  if type(m) ~= "table" or getmetatable(m) then return fail.fail("E-AR-02", "%s must be an object", path) end
  local known = {}
  for i, name in ipairs(M.names) do
    local layout = M.of(name)
    if layout.manifest == m.format then return layout end
    known[i] = '"' .. layout.manifest .. '"'
  end
  return fail.fail("E-AR-02", "%s: format is %s, expected %s", path,
    type(m.format) == "string" and '"' .. core.escape(m.format) .. '"' or type(m.format),
    table.concat(known, " or "))
end

--- The layout that a file's metadata says it has.
---@param metadata table<string, string>
---@param path string
---@return table? layout
---@return string? message
---@return string? id
function M.of_metadata(metadata, path)
  local known = {}
  for i, name in ipairs(M.names) do
    local layout = M.of(name)
    if metadata[layout.metadata] then return layout end
    known[i] = '"' .. layout.metadata .. '"'
  end
  return fail.fail("E-AR-06", "%s has no metadata key %s: not a quantized checkpoint", path,
    table.concat(known, " or "))
end

return M
