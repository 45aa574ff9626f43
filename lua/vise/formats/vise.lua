--- Our own layout, read: docs/artefact.md.  lua/vise/artefact.lua writes it.

local artefact = require "vise.artefact"
local check = require "vise.formats.check"
local core = require "vise.core"
local fail = require "vise.fail"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local suggest = require "vise.suggest"
local svdquant_options = require "vise.algorithms.svdquant_options"
local transformed = require "vise.formats.transformed"

local M = { name = "vise", manifest = artefact.FORMAT, metadata = "vise", save = artefact.write }

local SMOOTHING = { method = true } -- how factors were found; "method": as the layer's method does
for _, strategy in ipairs(svdquant_options.strategies) do SMOOTHING[strategy] = true end
local MOST_RANK = 99999
local FLOATS = { f16 = true, bf16 = true, f32 = true }

local function is_type(name)
  return type(name) == "string" and pcall(quant_types.parse, name)
end

-- Is there a Hadamard matrix of this order, and does it go into the inputs?
local function turns(order, inputs)
  return math.type(order) == "integer" and order >= 1 and inputs % order == 0 and core.hadamard_size(order) == order
end

local function check_layer_entry(l, place, seen)
  if not check.is_object(l) or type(l.name) ~= "string" then
    return fail.fail("E-AR-03", "%s has no name", place)
  end
  place = ("%s (%s)"):format(place, core.escape(l.name))
  if seen[l.name] then
    return fail.fail("E-AR-03", "%s: the layer appears twice", place)
  elseif not is_type(l.type) then
    return fail.fail("E-AR-03", "%s: type %s is no quant type", place, check.show(l.type))
  elseif l.smooth ~= nil and not SMOOTHING[l.smooth] then
    return fail.fail("E-AR-03", "%s: smooth is %s, expected a smoothing strategy", place, check.show(l.smooth))
  elseif l.rank ~= nil and (math.type(l.rank) ~= "integer" or l.rank < 1 or l.rank > MOST_RANK) then
    return fail.fail("E-AR-03", "%s: rank is %s, expected an integer from 1 to %d", place, check.show(l.rank),
      MOST_RANK)
  elseif l.storage ~= "f16" and l.storage ~= "bf16" then
    return fail.fail("E-AR-03", "%s: storage is %s, expected \"f16\" or \"bf16\"", place, check.show(l.storage))
  elseif l.bias ~= nil and not FLOATS[l.bias] then
    return fail.fail("E-AR-03", "%s: bias is %s, expected \"f16\", \"bf16\" or \"f32\"", place, check.show(l.bias))
  elseif l.own_bias ~= nil and (l.own_bias ~= true or l.bias ~= "f32") then
    return fail.fail("E-AR-03", "%s: own_bias is %s with a bias of %s, expected true with \"f32\"", place,
      check.show(l.own_bias), check.show(l.bias))
  elseif not check.is_array(l.shape) or #l.shape ~= 2 or math.type(l.shape[1]) ~= "integer"
    or math.type(l.shape[2]) ~= "integer" or l.shape[1] < 1 or l.shape[2] < 1 then
    return fail.fail("E-AR-03", "%s: shape must be two positive integers", place)
  elseif l.rotate ~= nil and not turns(l.rotate, l.shape[2]) then
    return fail.fail("E-AR-03", "%s: rotate is %s, expected the order of a Hadamard matrix that divides %d inputs",
      place, check.show(l.rotate), l.shape[2])
  end
  return true
end

--- What manifest and metadata share.
local function check_common(t, where)
  local ok, message, id = check.head(t, where, artefact.FORMAT, artefact.VERSION)
  if not ok then return nil, message, id end
  if not is_type(t.quant_type) then
    return fail.fail("E-AR-03", "%s: quant_type %s is no quant type", where, check.show(t.quant_type))
  elseif not check.is_array(t.layers) or #t.layers == 0 then
    return fail.fail("E-AR-03", "%s: layers must be a list with at least one layer", where)
  end
  local seen = {}
  for i, l in ipairs(t.layers) do
    ok, message, id = check_layer_entry(l, ("%s: layers[%d]"):format(where, i), seen)
    if not ok then return nil, message, id end
    seen[l.name] = true
  end
  return transformed.check(t, where)
end

local function is_hash(v, digits)
  return type(v) == "string" and #v == digits and not v:find "[^%da-f]"
end

local function check_config(c, path)
  if not check.is_object(c) then return fail.fail("E-AR-03", "%s: config must be an object", path) end
  if not check.is_string_list(c.exclude) then
    return fail.fail("E-AR-03", "%s: config.exclude must be a list of strings", path)
  elseif type(c.regions) ~= "string" and not check.is_string_list(c.regions) then
    return fail.fail("E-AR-03", "%s: config.regions must be a string or a list of strings", path)
  elseif not check.is_array(c.plan) then
    return fail.fail("E-AR-03", "%s: config.plan must be a list", path)
  elseif c.svdq ~= nil and not check.is_object(c.svdq) then
    return fail.fail("E-AR-03", "%s: config.svdq must be an object", path)
  end
  return true
end

function M.check_manifest(m, path)
  local ok, message, id = check_common(m, path)
  if not ok then return nil, message, id end
  local c = m.checkpoint
  ok, message, id = check.file_name(check.is_object(c) and c.file or nil, path .. ": checkpoint.file")
  if not ok then return nil, message, id end
  if math.type(c.bytes) ~= "integer" then
    return fail.fail("E-AR-03", "%s: checkpoint.bytes is %s, expected an integer", path, check.show(c.bytes))
  elseif not is_hash(c.sha256, 64) then
    return fail.fail("E-AR-03", "%s: checkpoint.sha256 is no SHA-256", path)
  elseif not check.is_object(m.base) or not is_hash(m.base.identity, 32) then
    return fail.fail("E-AR-03", "%s: base.identity is missing or no hash", path)
  end
  ok, message, id = check_config(m.config, path)
  if not ok then return nil, message, id end
  local r = m.recipe
  if r ~= nil and not (check.is_object(r) and type(r.name) == "string" and is_hash(r.lock_sha256, 64)) then
    return fail.fail("E-AR-03", "%s: recipe must have a name and lock_sha256", path)
  end
  if not is_hash(m.manifest_xxh3_128, 32) then
    return fail.fail("E-AR-03", "%s: manifest_xxh3_128 is missing or no hash", path)
  end
  for i, l in ipairs(m.layers) do
    if not check.is_object(l.xxh3_128) then
      return fail.fail("E-AR-03", "%s: layers[%d] (%s) has no hashes", path, i, core.escape(l.name))
    end
    if l.method ~= nil and type(l.method) ~= "string" then
      return fail.fail("E-AR-03", "%s: layers[%d] (%s): method is %s, expected a name", path, i, core.escape(l.name),
        check.show(l.method))
    end
    for _, name in ipairs { "weight_error", "output_error" } do
      if l[name] ~= nil and type(l[name]) ~= "number" then
        return fail.fail("E-AR-03", "%s: layers[%d] (%s): %s is %s, expected a number", path, i, core.escape(l.name),
          name, check.show(l[name]))
      end
    end
  end
  return { file = c.file, bytes = c.bytes, sha256 = c.sha256, quant_type = m.quant_type }
end

function M.read_metadata(text, where, manifest)
  local meta, message = core.json_decode(text, where)
  if meta == nil then return nil, message, "E-AR-07" end
  local ok, why, id = check_common(meta, where)
  if not ok then return nil, why, id end
  if not manifest then return meta end
  if meta.quant_type ~= manifest.quant_type then
    return fail.fail("E-AR-08", "%s says %s, the manifest says %s", where, meta.quant_type, manifest.quant_type)
  end
  for i = 1, math.max(#meta.layers, #manifest.layers) do
    local mine, other = meta.layers[i], manifest.layers[i]
    if not mine or not other or mine.name ~= other.name or mine.type ~= other.type then
      return fail.fail("E-AR-08", "%s and the manifest list different layers: layers[%d] is %s here, %s there",
        where, i, mine and core.escape(mine.name) or "missing", other and core.escape(other.name) or "missing")
    end
  end
  ok, why, id = transformed.agree(meta, manifest, where)
  if not ok then return nil, why, id end
  return meta
end

--- The type of a layer, with the smoothing that it was made with and the branch that its method
--- brought.
local function type_of(entry)
  local qtype = quant_types.parse(entry.type)
  if qtype.smooth or entry.smooth == "method" then qtype.smooth = entry.smooth or qtype.smooth end
  qtype.rank, qtype.own_bias = qtype.rank or entry.rank, entry.own_bias
  return qtype
end

--- The tensors a layer of the file must have.
local function layout_of(entry)
  local known, layout = pcall(quantized_linear.layout, type_of(entry), entry.shape, entry.storage, entry.bias)
  if known then return layout end
  return fail.fail("E-AR-10", "layer %s: %s", core.escape(entry.name), layout)
end

local function check_hash(tensor, name, hashes, param)
  if not hashes or hashes[param] == core.xxh3(tensor) then return true end
  return fail.fail("E-AR-11", "tensor %s is damaged: its hash is not the manifest's", core.escape(name))
end

local function build_layer(entry, tensors)
  local shown = core.escape(entry.name)
  -- Codes and steps are judged where they are put together.
  for _, param in ipairs { "smooth", "smooth_original", "down", "up", "act_scale", "bias" } do
    local bad = tensors[param] and tensors[param]:nonfinite()
    if bad then return fail.fail("E-AR-10", "tensor %s.%s: element %d is not finite", shown, param, bad) end
  end
  local q, message, id = quantized_linear.from_tensors(type_of(entry), entry.shape, entry.storage, tensors,
    entry.rotate)
  if not q then return nil, ("layer %s: %s"):format(shown, message), id end
  return q
end

--- Goes through the file without a model: `found(id, message, tensor)` hears of whatever is wrong.
function M.survey(handle, meta, manifest, found)
  local claimed = {}
  for i, entry in ipairs(meta.layers) do
    local layout, message, id = layout_of(entry)
    if not layout then found(id, message) end
    local hashes, tensors, whole = manifest and manifest.layers[i].xxh3_128, {}, layout ~= nil
    for _, want in ipairs(layout or {}) do
      local name = entry.name .. "." .. want.param
      claimed[name] = true
      local tensor
      tensor, message, id = check.tensor(handle, name, want.dtype, want.shape)
      tensors[want.param] = tensor
      if tensor then
        local ok
        ok, message, id = check_hash(tensor, name, hashes, want.param)
        if not ok then tensor = nil end
      end
      if not tensor then
        whole = false
        found(id, message, name)
      end
    end
    if whole then -- codes and scales that no encoder writes
      local q
      q, message, id = build_layer(entry, tensors)
      if not q then found(id, message) else q:close() end
    end
  end
  transformed.survey(handle, meta, manifest, claimed, found)
  for _, name in ipairs(handle:names()) do
    if not claimed[name] then
      found("E-AR-10", ("tensor %s belongs to no listed layer"):format(core.escape(name)), name)
    end
  end
end

--- Checks one layer of the file against the model.
local function check_layer(model, entry, names)
  local name = core.escape(entry.name)
  local linear = model:layer(entry.name)
  if not linear then
    local near = suggest.nearest(entry.name, names)
    return fail.fail("E-AR-09", "the model has no linear layer %s%s", name, near and ("; nearest: " .. near) or "")
  elseif linear.quantized then
    return fail.fail("E-AR-09", "layer %s is already quantized (%s): open the model again", name,
      linear.quantized.type.name)
  end
  local out, inp = linear.outputs, linear.inputs
  if out ~= entry.shape[1] or inp ~= entry.shape[2] then
    return fail.fail("E-AR-09", "layer %s is [%d, %d] in the model, [%d, %d] in the artefact", name, out, inp,
      entry.shape[1], entry.shape[2])
  elseif (linear.bias ~= nil) ~= (entry.bias ~= nil) and not entry.own_bias then
    return fail.fail("E-AR-09", "layer %s: bias is %s in the model, %s in the artefact", name,
      linear.bias and linear.bias:dtype() or "absent", entry.bias or "absent")
  end
  return linear
end

--- Puts one listed layer together from the file.
---@param handle vise.SafetensorsFile
---@param entry table              Of the metadata.
---@param hashes? table<string, string>  By parameter.
---@param claimed table<string, true>  Gets the names of the layer's tensors.
---@return vise.QuantizedLinear?
---@return string? message
---@return string? id
function M.read_layer(handle, entry, hashes, claimed)
  local layout, message, id = layout_of(entry)
  if not layout then return nil, message, id end
  local tensors = {}
  for _, want in ipairs(layout) do
    local name = entry.name .. "." .. want.param
    local tensor, ok
    tensor, message, id = check.tensor(handle, name, want.dtype, want.shape)
    if not tensor then return nil, message, id end
    ok, message, id = check_hash(tensor, name, hashes, want.param)
    if not ok then return nil, message, id end
    claimed[name], tensors[want.param] = true, tensor
  end
  return build_layer(entry, tensors)
end

local function build_all(model, handle, meta, manifest, made, claimed)
  local names = {}
  for i, linear in ipairs(model:layers()) do names[i] = linear.name end
  for i, entry in ipairs(meta.layers) do
    local linear, message, id = check_layer(model, entry, names)
    if not linear then return nil, message, id end
    local hashes = manifest and manifest.layers[i].xxh3_128
    made[entry.name], message, id = M.read_layer(handle, entry, hashes, claimed)
    if not made[entry.name] then return nil, message, id end
  end
  return check.nothing_left(handle, claimed)
end

function M.build(model, handle, meta, manifest)
  if manifest and manifest.base.identity ~= model.checkpoint:identity() then
    return fail.fail("E-AR-12", "made from another base model: %s, this one is %s", manifest.base.identity,
      model.checkpoint:identity())
  end
  local made, layers, claimed = {}, {}, {}
  local built, message, id = transformed.build(model, handle, meta, manifest, claimed)
  if built == nil then return nil, message, id end
  local ok
  ok, message, id = build_all(built or model, handle, meta, manifest, made, claimed)
  if not ok then
    for _, q in pairs(made) do q:close() end
    if built then built:release() end
    return nil, message, id
  end
  for i, entry in ipairs(meta.layers) do
    local noted = manifest and manifest.layers[i] or {}
    layers[i] = { name = entry.name, type = entry.type, shape = entry.shape, storage = entry.storage,
      method = noted.method, weight_error = noted.weight_error, output_error = noted.output_error }
  end
  local config = manifest and manifest.config
    or { regions = "blocks", exclude = core.array {}, plan = core.array {} }
  config.quant_type = meta.quant_type
  return { config = config, layers = layers, made = made, calibration = manifest and manifest.calibration },
    built or nil
end

return M
