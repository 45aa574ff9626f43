--- Writes a quantized model as cache-dit lays it out.
---
--- The layout holds one type of 4 bits with a low-rank branch for all layers and 16-bit numbers only.
--- What it cannot hold is refused by the layer's name.

local core = require "vise.core"
local fail = require "vise.fail"
local folder = require "vise.folder"
local header = require "vise.formats.cache_dit_header"
local svdq_layout = require "vise.formats.svdq_layout"

local M = {}

local function refuse(name, text, ...)
  return fail.fail("E-AR-16", "layer %s: " .. text, core.escape(name), ...)
end

--- The bias in the storage type, if that loses nothing.
local function exact_bias(name, bias, storage)
  local short = bias:to(storage)
  local back <close> = short:to(bias:dtype())
  if back:tobytes() == bias:tobytes() then return short end
  return refuse(name, "its bias is %s and has numbers that %s cannot hold, and the layout stores %s", bias:dtype(),
    storage, storage)
end

local function ones(dtype, n)
  local values = {}
  for i = 1, n do values[i] = 1 end
  return core.tensor_of(dtype, { n }, values)
end

--- One layer, ready to be packed: its type, sizes and tensors by our names.
local function describe_layer(name, q)
  local kind = header.parse_type(q.type.name)
  if not kind then
    return refuse(name, "%s is not a type of this layout, which holds svdq_int4_r<rank>[_dq] and "
      .. "svdq_nvfp4_r<rank>[_dq]", q.type.name)
  end
  if q.rotate then
    return refuse(name, "its input is turned by a Hadamard matrix of %d, which the layout cannot say", q.rotate)
  end
  local group = header.GROUP[kind.precision]
  if q.shape[2] % group ~= 0 then
    return refuse(name, "%d inputs are no multiple of %d: the layout has no shorter last group", q.shape[2], group)
  end
  local by_param = {}
  for _, t in ipairs(q:tensors()) do by_param[t.param] = t.tensor end
  local sixteen = by_param.second or by_param.scale
  local layer = { name = name, kind = kind, rank = svdq_layout.padded_rank(kind.rank), tensors = by_param,
    storage = sixteen:dtype(), shape = q.shape, precision = kind.precision, bias = by_param.bias ~= nil,
    own_rank = kind.rank }
  if layer.storage ~= "f16" and layer.storage ~= "bf16" then
    return refuse(name, "its scales are %s, the layout stores f16 or bf16", layer.storage)
  end
  by_param.smooth = by_param.smooth or ones(layer.storage, q.shape[2])
  by_param.smooth_original = by_param.smooth_original or by_param.smooth
  if layer.bias then
    local bias, message, id = exact_bias(name, by_param.bias, layer.storage)
    if not bias then return nil, message, id end
    by_param.bias = bias
  end
  return layer
end

--- All layers, which must agree in what the layout says once for all.
local function describe_layers(quantization)
  local list = {}
  for i, entry in ipairs(quantization.layers) do
    local layer, message, id = describe_layer(entry.name, quantization.made[entry.name])
    if not layer then return nil, message, id end
    local first = list[1] or layer
    if layer.precision ~= first.precision or layer.rank ~= first.rank then
      return refuse(entry.name, "%s beside %s of layer %s: the layout holds one precision and one rank",
        quantization.made[entry.name].type.name, quantization.made[first.name].type.name, first.name)
    end
    list[i] = layer
  end
  return list
end

-- The order in which their library lays tensors out: wide types first, then by name.
local WIDTH = { bf16 = 4, f16 = 3, f8e4m3 = 2, i8 = 1 }

local function by_width_and_name(a, b)
  local wa, wb = WIDTH[a[2]:dtype()], WIDTH[b[2]:dtype()]
  if wa ~= wb then return wa > wb end
  return a[1] < b[1]
end

local function pack_layers(layers)
  local entries = {}
  for _, layer in ipairs(layers) do
    for _, t in ipairs(svdq_layout.tensors { shape = layer.shape, rank = layer.own_rank, storage = layer.storage,
      bias = layer.bias, precision = layer.precision }) do
      local packed, message, id = svdq_layout.pack(t, layer.tensors[t.param])
      if not packed then return nil, ("layer %s: %s"):format(core.escape(layer.name), message), id end
      entries[#entries + 1] = { layer.name .. "." .. t.name, packed }
    end
  end
  table.sort(entries, by_width_and_name)
  return entries
end

--- Writes a quantized model's layers as cache-dit lays them out.
---@param _ vise.Model
---@param quantization table
---@param dir string
---@return { file: string, bytes: integer }?
---@return string? message
---@return string? id
function M.save(model, quantization, dir)
  if model.transforms then
    return fail.fail("E-AR-16", "transform %s: the layout has no place for what it changed beside the layers",
      core.escape(model.transforms[1].name))
  end
  dir = dir:gsub("(.)/+$", "%1")
  local layers, message, id = describe_layers(quantization)
  if not layers then return nil, message, id end
  local entries
  entries, message, id = pack_layers(layers)
  if not entries then return nil, message, id end

  local data_free, names = true, core.array {}
  for i, layer in ipairs(layers) do
    names[i], data_free = layer.name, data_free and layer.kind.data_free
  end
  local precision, rank = layers[1].precision, layers[1].rank
  local quant_type = ("svdq_%s_r%d%s"):format(precision, rank, data_free and "_dq" or "")
  local file, cfg = quant_type .. ".safetensors", quantization.config
  local options = header.options(cfg.svdq or {}, quantization.made[names[1]].type.smooth)
  local metadata = { [header.METADATA] = assert(core.json_encode { format = header.METADATA,
    version = header.VERSION, quant_type = quant_type, rank = rank, precision = precision,
    quantized_layer_names = names, svdq_kwargs = options }) }
  local manifest = { format = header.MANIFEST, version = header.VERSION, backend = "CACHE_DIT", quant_type = quant_type,
    rank = rank, checkpoint_path = file, exclude_layers = core.array {}, regional_quantize = cfg.regions == "blocks",
    repeated_blocks = core.null, verbose = false, svdq_kwargs = options }
  local bytes = core.safetensors_size(entries, metadata)
  local ok
  ok, message, id = folder.write(dir, file, entries, metadata, function()
    return assert(core.json_encode(manifest, 2)) .. "\n"
  end)
  for _, entry in ipairs(entries) do entry[2]:close() end
  if not ok then return nil, message, id end
  return { file = dir .. "/" .. file, bytes = bytes }
end

return M
