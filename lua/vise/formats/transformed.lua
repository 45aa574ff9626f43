--- What an artefact of a transformed model has beside its layers: the transforms as plain data, and the
--- tensors that they changed, `base.<tensor>`, but for the weights that the layers' codes stand for.
---
---   transforms   [ { name, options, settings }, ... ]  in the order in which they were made
---   changed      [ { name, dtype, shape }, ... ]       with xxh3_128 in the manifest

local builder = require "vise.models.build"
local check = require "vise.formats.check"
local core = require "vise.core"
local fail = require "vise.fail"

local M = { PREFIX = "base." }

local FLOATS = { f16 = true, bf16 = true, f32 = true }
local MOST_RANK = 8

--- The tensors to save beside the layers of an artefact, by name.
---@param model table
---@param layers { name: string }[]  That are quantized.
---@return { name: string, dtype: string, shape: integer[], tensor: vise.Tensor }[]
function M.tensors(model, layers)
  local list, coded = {}, {}
  for _, layer in ipairs(layers) do
    coded[layer.name .. ".weight"], coded[layer.name .. ".bias"] = true, true
  end
  for name, tensor in pairs(model.transforms and model.weights.overlay or {}) do
    if not coded[name] then
      list[#list + 1] = { name = name, dtype = tensor:dtype(), shape = core.array { tensor:shape() }, tensor = tensor }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Bytes of those tensors.
---@param model table
---@param layers vise.PlannedLayer[]
---@return integer
function M.bytes(model, layers)
  local quantized, bytes = {}, 0
  for _, layer in ipairs(layers) do
    if layer.type then quantized[#quantized + 1] = layer end
  end
  for _, t in ipairs(M.tensors(model, quantized)) do bytes = bytes + t.tensor:bytes() end
  return bytes
end

--- What metadata, or with hashes a manifest, says of them: two fields, nil for a model as it was opened.
---@param model table
---@param tensors { name: string, dtype: string, shape: integer[], tensor: vise.Tensor }[]
---@param hashed boolean
---@return table? transforms
---@return table? changed
function M.fields(model, tensors, hashed)
  if not model.transforms then return nil end
  local changed = core.array {}
  for i, t in ipairs(tensors) do
    changed[i] = { name = t.name, dtype = t.dtype, shape = t.shape, xxh3_128 = hashed and core.xxh3(t.tensor) or nil }
  end
  return model.transforms, changed
end

local function check_transform(t, place)
  if not check.is_object(t) or type(t.name) ~= "string" then
    return fail.fail("E-AR-03", "%s has no name", place)
  elseif not check.is_object(t.options) or not check.is_object(t.settings) then
    return fail.fail("E-AR-03", "%s (%s): options and settings must be objects", place, core.escape(t.name))
  end
  return true
end

local function is_shape(shape)
  if not check.is_array(shape) or #shape == 0 or #shape > MOST_RANK then return false end
  for _, size in ipairs(shape) do
    if math.type(size) ~= "integer" or size < 1 then return false end
  end
  return true
end

local function check_changed(t, place, seen)
  if not check.is_object(t) or type(t.name) ~= "string" then return fail.fail("E-AR-03", "%s has no name", place) end
  place = ("%s (%s)"):format(place, core.escape(t.name))
  if seen[t.name] then
    return fail.fail("E-AR-03", "%s: the tensor appears twice", place)
  elseif not FLOATS[t.dtype] then
    return fail.fail("E-AR-03", "%s: dtype is %s, expected \"f16\", \"bf16\" or \"f32\"", place, check.show(t.dtype))
  elseif not is_shape(t.shape) then
    return fail.fail("E-AR-03", "%s: shape must be a list of positive integers", place)
  end
  seen[t.name] = true
  return true
end

local function each(list, where, field, f)
  if not check.is_array(list) then return fail.fail("E-AR-03", "%s: %s must be a list", where, field) end
  local seen = {}
  for i, item in ipairs(list) do
    local ok, message, id = f(item, ("%s: %s[%d]"):format(where, field, i), seen)
    if not ok then return nil, message, id end
  end
  return true
end

--- What manifest and metadata share.
---@param t table
---@param where string
---@return true?
---@return string? message
---@return string? id
function M.check(t, where)
  if t.transforms == nil and t.changed == nil then return true end
  local ok, message, id = each(t.transforms, where, "transforms", check_transform)
  if not ok then return nil, message, id end
  return each(t.changed, where, "changed", check_changed)
end

-- The two fields as text, hashes left out.
local function text_of(t)
  local changed = core.array {}
  for i, c in ipairs(t.changed or {}) do changed[i] = { name = c.name, dtype = c.dtype, shape = c.shape } end
  return assert(core.json_encode { transforms = t.transforms, changed = changed })
end

--- Metadata and manifest must say the same.
---@param meta table
---@param manifest table
---@param where string
---@return true?
---@return string? message
---@return string? id
function M.agree(meta, manifest, where)
  if text_of(meta) == text_of(manifest) then return true end
  return fail.fail("E-AR-08", "%s and the manifest list different transforms, or other tensors that they changed",
    where)
end

local function read_tensor(handle, entry, hash)
  local name = M.PREFIX .. entry.name
  local tensor, message, id = check.tensor(handle, name, entry.dtype, entry.shape)
  if not tensor then return nil, message, id end
  local bad = tensor:nonfinite()
  if bad then return fail.fail("E-AR-10", "tensor %s: element %d is not finite", core.escape(name), bad) end
  if hash and hash ~= core.xxh3(tensor) then
    return fail.fail("E-AR-11", "tensor %s is damaged: its hash is not the manifest's", core.escape(name))
  end
  return tensor
end

--- Goes through the changed tensors: `found(id, message, tensor)` hears of whatever is wrong.
---@param handle vise.SafetensorsFile
---@param meta table
---@param manifest? table
---@param claimed table<string, true>
---@param found fun(id: string, message: string, tensor?: string)
function M.survey(handle, meta, manifest, claimed, found)
  for i, entry in ipairs(meta.changed or {}) do
    local name = M.PREFIX .. entry.name
    claimed[name] = true
    local tensor <close>, message, id = read_tensor(handle, entry, manifest and manifest.changed[i].xxh3_128)
    if not tensor then found(id, message, name) end
  end
end

-- Whether a model can take the transforms of an artefact now.
local function check_model(model, meta)
  if meta.transforms and not model.stream then
    return fail.fail("E-TR-02", "made from a transformed model (%s), and family %s cannot be transformed",
      core.escape(meta.transforms[1] and meta.transforms[1].name or "nothing"), tostring(model.family))
  end
  for _, layer in ipairs(meta.transforms and model:layers() or {}) do
    if layer.quantized then
      return fail.fail("E-AR-09", "layer %s is already quantized (%s): open the model again", layer.name,
        layer.quantized.type.name)
    elseif #layer.hooks > 0 then
      return fail.fail("E-TR-03", "layer %s has a hook, which the artefact's transforms would lose", layer.name)
    end
  end
  return true
end

--- Builds the model as the artefact's transforms left it; the model itself is not touched.
---@param model table
---@param handle vise.SafetensorsFile
---@param meta table
---@param manifest? table
---@param claimed table<string, true>  Gets the names of the tensors.
---@return table|false|nil built  false: the artefact has no transforms.
---@return string? message
---@return string? id
function M.build(model, handle, meta, manifest, claimed)
  local ok, message, id = check_model(model, meta)
  if not ok then return nil, message, id end
  if not meta.transforms then return false end
  local overlay, built = {}, nil
  for i, entry in ipairs(meta.changed) do
    local hash = manifest and manifest.changed[i].xxh3_128
    overlay[entry.name], message, id = read_tensor(handle, entry, hash)
    if not overlay[entry.name] then break end
    claimed[M.PREFIX .. entry.name] = true
  end
  if not message then built, message, id = builder.rebuild(model, meta.transforms, overlay) end
  for _, tensor in pairs(overlay) do tensor:close() end
  if not built then return nil, message, id end
  built.weights.partial = true
  return built
end

return M
