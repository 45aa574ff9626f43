--- Reads cache-dit's checkpoints onto a model, whose layers say what the layout does not: the
--- logical sizes.

local check = require "vise.formats.check"
local core = require "vise.core"
local fail = require "vise.fail"
local header = require "vise.formats.cache_dit_header"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local suggest = require "vise.suggest"
local svdq_layout = require "vise.formats.svdq_layout"

local M = {}

--- The tensors of a layer, unpacked, under our names.
local function read_layer(handle, entry, claimed)
  local tensors = {}
  for _, t in ipairs(svdq_layout.tensors(entry)) do
    local name = entry.name .. "." .. t.name
    local packed, message, id = check.tensor(handle, name, t.dtype, t.shape)
    if not packed then return nil, message, id end
    claimed[name] = true
    tensors[t.param], message, id = svdq_layout.unpack(t, packed)
    if not tensors[t.param] then return nil, ("tensor %s: %s"):format(core.escape(name), message), id end
    local bad = t.dtype ~= "i8" and tensors[t.param]:nonfinite()
    if bad then return fail.fail("E-AR-10", "tensor %s: element %d is not finite", core.escape(name), bad) end
  end
  return tensors
end

--- The 16-bit type of a layer: that of its smoothing factors, as they do it.
local function storage_of(handle, name)
  local info = handle:info(name .. ".smooth_factor")
  if not info then
    return fail.fail("E-AR-10", "tensor %s.smooth_factor is missing", core.escape(name))
  elseif info.dtype ~= "f16" and info.dtype ~= "bf16" then
    return fail.fail("E-AR-10", "tensor %s.smooth_factor is %s, expected f16 or bf16", core.escape(name), info.dtype)
  end
  return info.dtype
end

--- Goes through the file without a model, so at the padded sizes: `found(id, message, tensor)` hears of
--- whatever is wrong.
function M.survey(handle, meta, _, found)
  local kind, claimed = header.parse_type(meta.quant_type), {}
  for _, name in ipairs(meta.quantized_layer_names) do
    local info = handle:info(name .. ".qweight")
    local storage, message, id = storage_of(handle, name)
    if not info or #info.shape ~= 2 then
      found("E-AR-10", ("tensor %s.qweight is missing or no matrix"):format(core.escape(name)), name .. ".qweight")
    elseif not storage then
      found(id, message, name .. ".smooth_factor")
    else
      local entry = { name = name, shape = { info.shape[1], info.shape[2] * 2 }, rank = kind.rank, storage = storage,
        bias = handle:info(name .. ".bias") ~= nil, precision = kind.precision }
      local tensors
      tensors, message, id = read_layer(handle, entry, claimed)
      if not tensors then found(id, message, message:match "^tensor (%S+)") end
    end
  end
  for _, name in ipairs(handle:names()) do
    local layer = name:match "^(.*)%."
    local listed = false
    for _, known in ipairs(meta.quantized_layer_names) do listed = listed or known == layer end
    if not listed then
      found("E-AR-10", ("tensor %s belongs to no listed layer"):format(core.escape(name)), name)
    end
  end
end

local function all_ones(tensor)
  for _, v in ipairs(tensor:totable()) do
    if v ~= 1 then return false end
  end
  return true
end

-- How their data-free strategies are called by us: the same.
local STRATEGIES = { weight = true, weight_inv = true, few_shot = true }

--- The type of the layers, with the smoothing that the metadata names.
local function type_of(meta, kind)
  local qtype, named = quant_types.parse(meta.quant_type), (meta.svdq_kwargs or {}).smooth_strategy
  if kind.data_free and STRATEGIES[named] then qtype.smooth = named end
  return qtype
end

local function build_layer(entry, qtype, tensors)
  if qtype.smooth == "identity" and not all_ones(tensors.smooth) then qtype.smooth = "weight" end
  if qtype.smooth == "identity" then tensors.smooth = nil end
  if qtype.smooth ~= "few_shot" then tensors.smooth_original = nil end
  if entry.rank == 0 then tensors.down, tensors.up = nil, nil end
  local q, message, id = quantized_linear.from_tensors(qtype, entry.shape, entry.storage, tensors)
  if not q then return nil, ("layer %s: %s"):format(core.escape(entry.name), message), id end
  return q
end

--- One layer of the file for the model's layer of that name, whose sizes say where padding begins.
local function read_for(model, handle, name, kind, names, claimed)
  local linear, shown = model:layer(name), core.escape(name)
  if not linear then
    local near = suggest.nearest(name, names)
    return fail.fail("E-AR-09", "the model has no linear layer %s%s", shown, near and ("; nearest: " .. near) or "")
  elseif linear.quantized then
    return fail.fail("E-AR-09", "layer %s is already quantized (%s): open the model again", shown,
      linear.quantized.type.name)
  end
  local out, inp = linear.outputs, linear.inputs
  if inp % header.GROUP[kind.precision] ~= 0 then
    return fail.fail("E-AR-09", "layer %s has %d inputs in the model, no multiple of %d", shown, inp,
      header.GROUP[kind.precision])
  end
  local storage, message, id = storage_of(handle, name)
  if not storage then return nil, message, id end
  local entry = { name = name, shape = { out, inp }, rank = kind.rank, storage = storage, bias = linear.bias ~= nil,
    precision = kind.precision }
  local tensors
  tensors, message, id = read_layer(handle, entry, claimed)
  if not tensors then return nil, message, id end
  return entry, tensors
end

local function build_all(model, handle, meta, made, layers)
  local names, claimed, kind = {}, {}, header.parse_type(meta.quant_type)
  for i, linear in ipairs(model:layers()) do names[i] = linear.name end
  for i, name in ipairs(meta.quantized_layer_names) do
    local entry, tensors, id = read_for(model, handle, name, kind, names, claimed)
    if not entry then return nil, tensors, id end
    local message
    made[name], message, id = build_layer(entry, type_of(meta, kind), tensors)
    if not made[name] then return nil, message, id end
    layers[i] = { name = name, type = meta.quant_type, shape = entry.shape, storage = entry.storage }
  end
  return check.nothing_left(handle, claimed)
end

function M.build(model, handle, meta, manifest)
  local made, layers = {}, {}
  local ok, message, id = build_all(model, handle, meta, made, layers)
  if not ok then
    for _, q in pairs(made) do q:close() end
    return nil, message, id
  end
  local options = meta.svdq_kwargs or {}
  local config = { quant_type = meta.quant_type, regions = manifest and manifest.regional_quantize == false and "all"
    or "blocks", exclude = core.array {}, plan = core.array {},
    svdq = { calibrate_precision = options.calibrate_precision or "low",
      refine_iters = options.svd_refine_iters } }
  return { config = config, layers = layers, made = made }
end

return M
