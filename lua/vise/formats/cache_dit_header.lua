--- What cache-dit's checkpoints say of themselves: the metadata of the file and quant_config.json.

local check = require "vise.formats.check"
local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {
  METADATA = "cache_dit_svdq_ptq", -- the key, and the format it names
  MANIFEST = "cache_dit_svdq_quant_config",
  VERSION = 2,
  GROUP = { int4 = 64, nvfp4 = 16 }, -- inputs that share a scale, by precision
}

-- Every key of their options with its default; they refuse others.
local OPTIONS = {
  streaming = true, calibrate_precision = "low", runtime_kernel = "v1", quantize_device = "auto",
  offload_quantized_layers_to_cpu = false, layerwise_offload = false, async_transfer = false,
  transfer_buckets = 1, prefetch_limit = false, max_copy_streams = core.null,
  max_inflight_prefetch_bytes = core.null, persistent_buckets = 0, persistent_bins = 1,
  defer_move_to_execution_device = false, activation_buffer_flush_sample_count = 1,
  activation_buffer_flush_cpu_bytes = core.null, smooth_strategy = "activation", few_shot_steps = 1,
  few_shot_relax_factor = 1.5, few_shot_relax_top_ratio = 0.25, few_shot_relax_strategy = "auto",
  few_shot_auto_compile = false, fused_mlp = false, svd_refine_iters = 0,
}

--- Takes a type's name apart.
---@param name any
---@return { precision: "int4"|"nvfp4", rank: integer, data_free: boolean }?
function M.parse_type(name)
  if type(name) ~= "string" then return nil end
  local precision, rank, suffix = name:match "^svdq_(%l+4)_r(%d+)(.*)$"
  rank = rank and #rank <= 6 and math.tointeger(tonumber(rank))
  if not M.GROUP[precision] or not rank or (suffix ~= "" and suffix ~= "_dq") then return nil end
  return { precision = precision, rank = rank, data_free = suffix == "_dq" }
end

-- The strategies that they know; what we have beyond is made from activations too.
local STRATEGIES = { activation = true, identity = true, weight = true, weight_inv = true, few_shot = true }

--- Their options as far as ours say something about them.
---@param svdq table         Of the config.
---@param smooth string      How the layers were smoothed.
---@return table
function M.options(svdq, smooth)
  local out = {}
  for key, default in pairs(OPTIONS) do out[key] = default end
  out.calibrate_precision = svdq.calibrate_precision or out.calibrate_precision
  out.svd_refine_iters = svdq.refine_iters or out.svd_refine_iters
  out.smooth_strategy = STRATEGIES[smooth] and smooth or "activation"
  return out
end

local function check_options(options, where)
  if options == nil then return true end
  if not check.is_object(options) then
    return fail.fail("E-AR-03", "%s: svdq_kwargs must be an object, is %s", where, check.show(options))
  end
  local names = {}
  for name in pairs(OPTIONS) do names[#names + 1] = name end
  for name, value in pairs(options) do
    local default = OPTIONS[name]
    if default == nil then
      return fail.fail("E-AR-03", "%s: svdq_kwargs has the unknown key \"%s\"%s", where, core.escape(name),
        suggest.hint(name, names))
    elseif value ~= core.null and default ~= core.null and type(value) ~= type(default) then
      return fail.fail("E-AR-03", "%s: svdq_kwargs.%s is %s, expected a %s", where, name, check.show(value),
        type(default))
    end
  end
  return true
end

--- What manifest and metadata share.
local function check_common(t, where, format)
  local ok, message, id = check.head(t, where, format, M.VERSION)
  if not ok then return nil, message, id end
  local kind = M.parse_type(t.quant_type)
  if not kind then
    return fail.fail("E-AR-03", "%s: quant_type is %s, expected svdq_int4_r<rank>[_dq] or svdq_nvfp4_r<rank>[_dq]",
      where, check.show(t.quant_type))
  elseif t.rank ~= kind.rank then
    return fail.fail("E-AR-03", "%s: rank is %s, the quant_type %s says %d", where, check.show(t.rank), t.quant_type,
      kind.rank)
  elseif t.precision ~= nil and t.precision ~= kind.precision then
    return fail.fail("E-AR-03", "%s: precision is %s, the quant_type %s says \"%s\"", where, check.show(t.precision),
      t.quant_type, kind.precision)
  elseif kind.rank % 16 ~= 0 then
    return fail.fail("E-AR-03", "%s: rank %d is no multiple of 16", where, kind.rank)
  end
  return check_options(t.svdq_kwargs, where)
end

local function boolean_or_absent(v)
  return v == nil or type(v) == "boolean"
end

function M.check_manifest(m, path)
  local ok, message, id = check_common(m, path, M.MANIFEST)
  if not ok then return nil, message, id end
  ok, message, id = check.file_name(m.checkpoint_path, path .. ": checkpoint_path")
  if not ok then return nil, message, id end
  local blocks = m.repeated_blocks
  if m.exclude_layers ~= nil and not check.is_string_list(m.exclude_layers) then
    return fail.fail("E-AR-03", "%s: exclude_layers must be a list of strings", path)
  elseif blocks ~= nil and blocks ~= core.null and not check.is_string_list(blocks) then
    return fail.fail("E-AR-03", "%s: repeated_blocks must be null or a list of strings", path)
  elseif not boolean_or_absent(m.regional_quantize) or not boolean_or_absent(m.verbose) then
    return fail.fail("E-AR-03", "%s: regional_quantize and verbose must be true or false", path)
  end
  return { file = m.checkpoint_path, quant_type = m.quant_type }
end

function M.read_metadata(text, where, manifest)
  local meta, message = core.json_decode(text, where)
  if meta == nil then return nil, message, "E-AR-07" end
  local ok, why, id = check_common(meta, where, M.METADATA)
  if not ok then return nil, why, id end
  local names, seen = meta.quantized_layer_names, {}
  if not check.is_string_list(names) or #names == 0 then
    return fail.fail("E-AR-03", "%s: quantized_layer_names must be a list with at least one name", where)
  end
  for _, name in ipairs(names) do
    if seen[name] then return fail.fail("E-AR-03", "%s: layer %s appears twice", where, core.escape(name)) end
    seen[name] = true
  end
  if manifest and manifest.quant_type ~= meta.quant_type then
    return fail.fail("E-AR-08", "%s says %s, the manifest says %s", where, meta.quant_type, manifest.quant_type)
  end
  return meta
end

return M
