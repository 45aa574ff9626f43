--- Load: put a saved artefact onto a float model.
---
--- A folder, a file or a config goes through one resolver; manifest, file, model and every tensor
--- are checked before the first layer changes.

local core = require "vise.core"
local config = require "vise.config"
local expect = require "vise.models.expect"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local suggest = require "vise.suggest"

local M = {}

local MANIFEST = "quant_config.json"
local FORMAT, FORMAT_VERSION = "vise_artefact", 1

local FLOATS = { smooth = true, down = true, up = true, act_scale = true, bias = true }

local ARRAY = getmetatable(core.array {})

local function is_array(v)
  return getmetatable(v) == ARRAY
end

local function is_string_list(v)
  if not is_array(v) then return false end
  for _, item in ipairs(v) do
    if type(item) ~= "string" then return false end
  end
  return true
end

--- Raises nothing: returns nil, message, id for whatever is wrong with a layer list.
local function check_layers(list, where)
  if not is_array(list) or #list == 0 then
    return fail.fail("E-AR-03", "%s: layers must be a list with at least one layer", where)
  end
  local seen = {}
  for i, l in ipairs(list) do
    local place = ("%s: layers[%d]"):format(where, i)
    if type(l) ~= "table" or type(l.name) ~= "string" then
      return fail.fail("E-AR-03", "%s has no name", place)
    elseif seen[l.name] then
      return fail.fail("E-AR-03", "%s: layer %s appears twice", place, l.name)
    elseif type(l.type) ~= "string" or not pcall(quant_types.parse, l.type) then
      return fail.fail("E-AR-03", "%s (%s): type %s is no quant type", place, l.name, tostring(l.type))
    elseif l.storage ~= "f16" and l.storage ~= "bf16" then
      return fail.fail("E-AR-03", "%s (%s): storage must be f16 or bf16, is %s", place, l.name, tostring(l.storage))
    elseif l.bias ~= nil and l.bias ~= "f16" and l.bias ~= "bf16" and l.bias ~= "f32" then
      return fail.fail("E-AR-03", "%s (%s): bias must be f16, bf16 or f32, is %s", place, l.name, tostring(l.bias))
    elseif type(l.shape) ~= "table" or #l.shape ~= 2 or math.type(l.shape[1]) ~= "integer"
      or math.type(l.shape[2]) ~= "integer" or l.shape[1] < 1 or l.shape[2] < 1 then
      return fail.fail("E-AR-03", "%s (%s): shape must be two positive integers", place, l.name)
    end
    seen[l.name] = true
  end
  return true
end

--- The head that manifest and metadata share.
local function check_head(t, where)
  if type(t) ~= "table" or is_array(t) then
    return fail.fail("E-AR-02", "%s must be an object", where)
  elseif t.format ~= FORMAT then
    return fail.fail("E-AR-02", "%s: format is %s, expected %s", where, tostring(t.format), FORMAT)
  elseif t.version ~= FORMAT_VERSION then
    return fail.fail("E-AR-02", "%s: written by format version %s, this program reads %d", where,
      tostring(t.version), FORMAT_VERSION)
  elseif type(t.quant_type) ~= "string" or not pcall(quant_types.parse, t.quant_type) then
    return fail.fail("E-AR-03", "%s: quant_type %s is no quant type", where, tostring(t.quant_type))
  end
  return check_layers(t.layers, where)
end

local function check_manifest(m, path)
  local ok, message, id = check_head(m, path)
  if not ok then return nil, message, id end
  local c = m.checkpoint
  if type(c) ~= "table" or type(c.file) ~= "string" or c.file == "" then
    return fail.fail("E-AR-03", "%s: checkpoint.file is missing", path)
  elseif c.file:find("/", 1, true) or c.file == ".." or c.file == "." then
    return fail.fail("E-AR-04", "%s: checkpoint.file \"%s\" is not a plain file name in this folder", path, c.file)
  elseif math.type(c.bytes) ~= "integer" then
    return fail.fail("E-AR-03", "%s: checkpoint.bytes must be an integer", path)
  elseif type(m.base) ~= "table" or type(m.base.identity) ~= "string" then
    return fail.fail("E-AR-03", "%s: base.identity is missing", path)
  elseif type(m.config) ~= "table" or not is_string_list(m.config.exclude) then
    return fail.fail("E-AR-03", "%s: config.exclude must be a list of strings", path)
  end
  for i, l in ipairs(m.layers) do
    if type(l.xxh3_128) ~= "table" then
      return fail.fail("E-AR-03", "%s: layers[%d] (%s) has no hashes", path, i, l.name)
    elseif l.weight_error ~= nil and type(l.weight_error) ~= "number" then
      return fail.fail("E-AR-03", "%s: layers[%d] (%s): weight_error must be a number", path, i, l.name)
    end
  end
  return m
end

--- Reads the manifest at `path`; `required` decides whether a missing one is a failure.
local function read_manifest(path, required)
  if core.disk.exists(path) ~= "file" then
    if not required then return false end
    return fail.fail("E-AR-01", "%s is missing: no artefact, or an incomplete save", path)
  end
  local f, why = io.open(path, "rb")
  if not f then return fail.fail("E-AR-01", "%s", why) end
  local text = f:read "a"
  f:close()
  local m, message = core.json_decode(text, path)
  if m == nil then return nil, message, "E-AR-02" end
  return check_manifest(m, path)
end

--- The one resolver: what a person gave -> the checkpoint's path and its manifest, if there is one.
---@param source string|vise.Config
---@return string? path
---@return table|false|string manifest_or_message
---@return string? id
function M.resolve(source)
  local folder, file, manifest, message, id
  if config.is_config(source) then
    if not source.save_to then
      fail.raise("E-AR-15", "load: the config has no save_to, so there is nothing to load from")
    end
    folder = source.save_to
  elseif type(source) == "string" then
    if core.disk.exists(source) == "folder" then folder = source else file = source end
  else
    fail.raise("E-AR-15", "load takes a folder, a .safetensors file or a vise.config, got %s", type(source))
  end
  if folder then
    folder = folder:gsub("(.)/+$", "%1")
    manifest, message, id = read_manifest(folder .. "/" .. MANIFEST, true)
    if not manifest then return nil, message, id end
    file = folder .. "/" .. manifest.checkpoint.file
  else
    manifest, message, id = read_manifest((file:match "^(.*/)[^/]*$" or "") .. MANIFEST, false)
    if manifest == nil then return nil, message, id end
    if manifest and manifest.checkpoint.file ~= file:match "[^/]*$" then
      return fail.fail("E-AR-04", "%s is not the file its manifest describes (%s)", file, manifest.checkpoint.file)
    end
  end
  if core.disk.exists(file) ~= "file" then return fail.fail("E-AR-05", "checkpoint %s is missing", file) end
  if manifest and core.disk.size(file) ~= manifest.checkpoint.bytes then
    return fail.fail("E-AR-05", "%s has %d bytes, its manifest says %d: truncated?", file, core.disk.size(file),
      manifest.checkpoint.bytes)
  end
  if config.is_config(source) and manifest.quant_type ~= source.quant_type then
    return fail.fail("E-AR-08", "%s holds %s, the config asks for %s", folder, manifest.quant_type,
      source.quant_type)
  end
  return file, manifest
end

--- The file's own metadata, checked, and checked against the manifest.
local function read_metadata(handle, path, manifest)
  local text = handle:metadata().vise
  if not text then
    return fail.fail("E-AR-06", "%s has no \"vise\" metadata key: not an artefact of vise", path)
  end
  local meta, message = core.json_decode(text, path .. ": metadata")
  if meta == nil then return nil, message, "E-AR-07" end
  local ok, why, id = check_head(meta, path .. ": metadata")
  if not ok then return nil, why, id end
  if not manifest then return meta end
  if meta.quant_type ~= manifest.quant_type then
    return fail.fail("E-AR-08", "%s holds %s, its manifest says %s", path, meta.quant_type, manifest.quant_type)
  end
  for i, l in ipairs(meta.layers) do
    local other = manifest.layers[i]
    if #meta.layers ~= #manifest.layers or l.name ~= other.name or l.type ~= other.type then
      return fail.fail("E-AR-08", "%s and its manifest list different layers (first: %s)", path, l.name)
    end
  end
  return meta
end

--- Checks one layer of the file against the model.
local function check_layer(model, entry, names)
  local linear = model:layer(entry.name)
  if not linear then
    local near = suggest.nearest(entry.name, names)
    return fail.fail("E-AR-09", "the model has no linear layer %s%s", entry.name,
      near and ("; nearest: " .. near) or "")
  elseif linear.quantized then
    return fail.fail("E-AR-09", "layer %s is already quantized (%s): open the model again", entry.name,
      linear.quantized.type.name)
  end
  local out, inp = linear.weight:shape()
  if out ~= entry.shape[1] or inp ~= entry.shape[2] then
    return fail.fail("E-AR-09", "layer %s is [%d, %d] in the model, [%d, %d] in the artefact", entry.name, out, inp,
      entry.shape[1], entry.shape[2])
  end
  local bias = linear.bias and linear.bias:dtype()
  if bias ~= entry.bias then
    return fail.fail("E-AR-09", "layer %s: bias is %s in the model, %s in the artefact", entry.name,
      tostring(bias or "absent"), tostring(entry.bias or "absent"))
  end
  return linear
end

--- The tensors of one layer, each checked for dtype, shape and hash.
local function read_tensors(handle, entry, hashes, claimed)
  local tensors, qtype = {}, quant_types.parse(entry.type)
  local known, layout = pcall(quantized_linear.layout, qtype, entry.shape, entry.storage, entry.bias)
  if not known then return nil, ("layer %s: %s"):format(entry.name, layout), "E-AR-10" end
  for _, want in ipairs(layout) do
    local name = entry.name .. "." .. want.param
    local info = handle:info(name)
    if not info then return fail.fail("E-AR-10", "tensor %s is missing", name) end
    local shape = table.concat(info.shape, ", ")
    if info.dtype ~= want.dtype or shape ~= table.concat(want.shape, ", ") then
      return fail.fail("E-AR-10", "tensor %s is %s [%s], expected %s [%s]", name, info.dtype, shape, want.dtype,
        table.concat(want.shape, ", "))
    end
    claimed[name] = true
    tensors[want.param] = handle:tensor(name)
    if hashes and hashes[want.param] ~= core.xxh3(tensors[want.param]) then
      return fail.fail("E-AR-11", "tensor %s is damaged: its hash is not the manifest's", name)
    end
  end
  return tensors
end

local function build_layer(entry, tensors)
  for param, t in pairs(tensors) do
    -- Codes and steps are judged by core.coded().
    local bad = FLOATS[param] and t:nonfinite()
    if bad then return fail.fail("E-AR-10", "tensor %s.%s: element %d is not finite", entry.name, param, bad) end
  end
  local q, message, id = quantized_linear.from_tensors(quant_types.parse(entry.type), entry.shape, entry.storage,
    tensors)
  if not q then return nil, ("layer %s: %s"):format(entry.name, message), id end
  return q
end

--- Builds every layer of the file; the model is as it was.
local function build_all(model, handle, meta, manifest)
  local names, made, claimed = {}, {}, {}
  for i, linear in ipairs(model:layers()) do names[i] = linear.name end
  for i, entry in ipairs(meta.layers) do
    local linear, message, id = check_layer(model, entry, names)
    if not linear then return nil, message, id end
    local tensors
    tensors, message, id = read_tensors(handle, entry, manifest and manifest.layers[i].xxh3_128, claimed)
    if not tensors then return nil, message, id end
    made[entry.name], message, id = build_layer(entry, tensors)
    if not made[entry.name] then return nil, message, id end
  end
  for _, name in ipairs(handle:names()) do
    if not claimed[name] then return fail.fail("E-AR-10", "tensor %s belongs to no listed layer", name) end
  end
  return made
end

--- Puts a saved artefact onto a float model: all of it, or on any failure nothing.
---@param model vise.Model
---@param source string|vise.Config  Folder, file, or a config with save_to.
---@return vise.Model?
---@return string? message
---@return string? id
function M.load(model, source)
  expect.model(model, "load", "layers")
  local path, manifest, id = M.resolve(source)
  if not path then return nil, manifest, id end
  if manifest and manifest.base.identity ~= model.checkpoint:identity() then
    return fail.fail("E-AR-12", "%s was made from another base model (%s, this one is %s)", path,
      manifest.base.identity, model.checkpoint:identity())
  end
  local handle, message
  handle, message, id = core.safetensors_open(path)
  if not handle then return nil, message, id end
  local meta, made
  meta, message, id = read_metadata(handle, path, manifest)
  if meta then made, message, id = build_all(model, handle, meta, manifest) end
  handle:close() -- the tensors keep the mapping alive
  if not made then return nil, message, id end

  local layers = {}
  for i, entry in ipairs(meta.layers) do
    layers[i] = { name = entry.name, type = entry.type, shape = entry.shape,
      weight_error = manifest and manifest.layers[i].weight_error or nil,
      output_error = manifest and manifest.layers[i].output_error or nil }
    model:layer(entry.name).quantized = made[entry.name] -- the commit: cannot fail
  end
  local plain = manifest and manifest.config or { regions = "blocks", exclude = {}, plan = {} }
  plain.quant_type = meta.quant_type
  model.quantization = { config = plain, layers = layers, made = made,
    calibration = manifest and manifest.calibration or nil }
  return model
end

return M
