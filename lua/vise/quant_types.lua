--- Quant types: the names a person uses, and what each stands for.
---
---   float8_per_tensor          8-bit floats (e4m3), one scale for the weight and one for the activations
---   float8_per_row             the same with a scale for each output row and each token
---   float8_per_block           the same with a scale for each 128 x 128 weights and each 128 inputs of a token
---   float8_weight_only         8-bit float weights, a scale for each row, float activations
---   int8_per_tensor            W8A8, one scale for the weight and one for the activations
---   int8_per_row               W8A8, a scale for each output row and each token
---   int8_weight_only           8-bit weights, float activations
---   int4_weight_only[_gN|_row] 4-bit weights in groups of N inputs (32), or a scale and zero point for each
---                              row; asymmetric, float activations
---   int3_weight_only[_gN|_row] 3-bit weights, the same way
---   int2_weight_only[_gN|_row] 2-bit weights, the same way
---   w4a8[_gN]                  4-bit weights in groups of N inputs (128), symmetric, 8-bit activations with a
---                              scale for each token
---   nvfp4                      4-bit floats (e2m1) in groups of 16, two levels of scales, both sides
---   nvfp4_weight_only          the same weights, float activations
---   svdq_int4_rR               SVDQuant: smoothing from calibration, a low-rank branch of rank R,
---                              W4A4 in groups of 64 (arXiv 2411.05007)
---   svdq_nvfp4_rR              SVDQuant with 4-bit floats in groups of 16
---   svdq_..._rR_dq             without calibration: no smoothing; r0_dq is plain W4A4
---   ..._static                 float8 and int8 per_tensor and per_row: one scale for the activations, found
---                              by calibration and saved
---
--- A type is a weight scheme, an activation scheme (none: the layer computes in float), a
--- smoothing and a rank.  Scales of 4-bit types are stored in the 16-bit type of the weights
--- (bf16 when they have none) where the format does not name their type.

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.QuantType
---@field name string
---@field weight table         Arguments of vise.scheme; the dtype "storage" stands for the 16-bit type.
---@field activation? table    Arguments of vise.scheme.
---@field product? "integer"|"float"  How codes of both sides are multiplied; nil for weight-only types.
---@field rank? integer        Of the low-rank branch; nil for types that have none.
---@field smooth? string       "activation" or "identity"; nil for types that have none.
---@field calibrated false|"span"|"range"  What it needs of the activations: each channel's span, or the
---                            range of the whole input.
---@field static boolean       The one scale of the activations is calibrated and saved.
---@field summary string

local GROUPS = { 16, 32, 64, 128, 256 } -- that a name may carry
local SVDQ_GROUP, NVFP4_GROUP, FP8_BLOCK = 64, 16, 128

local function int8(granularity)
  return { bits = 8, granularity = granularity, convention = "amax_half_step", scale_dtype = "f32" }
end

local function float8(granularity)
  return { element = "f8e4m3", granularity = granularity, convention = "amax", scale_dtype = "f32" }
end

local function float8_block(rows)
  local s = float8 "block"
  s.block = { rows, FP8_BLOCK }
  return s
end

local function nvfp4()
  return { element = "f4e2m1", granularity = "group", group = NVFP4_GROUP, convention = "nvfp4",
    scale_dtype = "f8e4m3" }
end

local fixed = {
  float8_per_tensor = function()
    return { weight = float8 "tensor", activation = float8 "tensor",
      summary = "8-bit float weights and activations, one scale each" }
  end,
  float8_per_row = function()
    return { weight = float8 "row", activation = float8 "token",
      summary = "8-bit float weights and activations, a scale for each row and token" }
  end,
  float8_per_block = function()
    return { weight = float8_block(FP8_BLOCK), activation = float8_block(1),
      summary = "8-bit float weights and activations, a scale for 128 x 128 weights and 128 inputs of a token" }
  end,
  float8_weight_only = function()
    return { weight = float8 "row", summary = "8-bit float weights, a scale for each row" }
  end,
  int8_per_tensor = function()
    return { weight = int8 "tensor", activation = int8 "tensor",
      summary = "8-bit weights and activations, one scale each" }
  end,
  int8_per_row = function()
    return { weight = int8 "row", activation = int8 "token",
      summary = "8-bit weights and activations, a scale for each row and token" }
  end,
  int8_weight_only = function()
    return { weight = int8 "row", summary = "8-bit weights, a scale for each row" }
  end,
  nvfp4 = function()
    return { weight = nvfp4(), activation = nvfp4(),
      summary = "4-bit float weights and activations, scales for each 16 inputs and the tensor" }
  end,
  nvfp4_weight_only = function()
    return { weight = nvfp4(), summary = "4-bit float weights, scales for each 16 inputs and the tensor" }
  end,
}

-- Types whose activations may have one scale that is known beforehand.
local static = { float8_per_tensor = float8, float8_per_row = float8, int8_per_tensor = int8, int8_per_row = int8 }

local function build_static(name)
  local t = fixed[name]()
  t.activation, t.static, t.calibrated = static[name] "tensor", true, "range"
  t.summary = t.summary:gsub(",.*", "") .. ", one calibrated scale for the activations"
  return t
end

-- `group` is false for one that is a whole row.
local function int_weight_only(bits)
  return function(group)
    return {
      weight = { bits = bits, granularity = group and "group" or "row", group = group or nil,
        convention = "minmax_float_zero", scale_dtype = "storage" },
      summary = ("%d-bit weights, a scale and a zero point for each %s"):format(bits,
        group and ("%d inputs"):format(group) or "row"),
    }
  end
end

local function w4a8(group)
  return {
    weight = { bits = 4, granularity = "group", group = group, convention = "amax_half_step",
      scale_dtype = "storage" },
    activation = int8 "token",
    summary = ("4-bit weights in groups of %d inputs, 8-bit activations, a scale for each token"):format(group),
  }
end

-- Families whose names may carry a group: the builder, the group of a name without one, and whether
-- the group may be a row.
local grouped = {
  int2_weight_only = { int_weight_only(2), 32, rows = true },
  int3_weight_only = { int_weight_only(3), 32, rows = true },
  int4_weight_only = { int_weight_only(4), 32, rows = true },
  w4a8 = { w4a8, 128 },
}

local svdq = { -- precision -> weight, activation
  int4 = function()
    return { bits = 4, granularity = "group", group = SVDQ_GROUP, convention = "amax", scale_dtype = "storage" },
      { bits = 4, granularity = "group", group = SVDQ_GROUP, convention = "amax_reciprocal", scale_dtype = "f32" }
  end,
  nvfp4 = function()
    return { element = "f4e2m1", granularity = "group", group = NVFP4_GROUP, convention = "svdq_nvfp4_stored",
      scale_dtype = "f8e4m3", second_dtype = "storage" },
      { element = "f4e2m1", granularity = "group", group = NVFP4_GROUP, convention = "amax_reciprocal",
        scale_dtype = "f8e4m3" }
  end,
}

local function build_svdq(precision, rank, data_free)
  local weight, activation = svdq[precision]()
  return {
    weight = weight, activation = activation, rank = rank,
    smooth = data_free and "identity" or "activation",
    calibrated = not data_free and "span",
    summary = ("SVDQuant, 4-bit %sweights and activations, rank %d%s"):format(precision == "nvfp4" and "float " or "",
      rank, data_free and ", no calibration" or ""),
  }
end

--- The forms a name may take, for messages and completion.
M.forms = { "float8_per_tensor", "float8_per_row", "float8_per_block", "float8_weight_only",
  "float8_per_tensor_static", "float8_per_row_static", "int8_per_tensor", "int8_per_row", "int8_weight_only",
  "int8_per_tensor_static", "int8_per_row_static", "int4_weight_only", "int4_weight_only_g64",
  "int4_weight_only_g128", "int4_weight_only_row", "int3_weight_only", "int3_weight_only_g64",
  "int3_weight_only_g128", "int3_weight_only_row", "int2_weight_only", "int2_weight_only_g64", "int2_weight_only_g128",
  "int2_weight_only_row", "w4a8", "w4a8_g32", "w4a8_g64", "nvfp4", "nvfp4_weight_only", "svdq_int4_r32",
  "svdq_int4_r32_dq", "svdq_nvfp4_r32", "svdq_nvfp4_r32_dq" }

local function is_group(n)
  for _, g in ipairs(GROUPS) do
    if g == n then return true end
  end
  return false
end

---@param name string
---@return vise.QuantType?
local function build(name)
  if fixed[name] then return fixed[name]() end
  local base = name:match "^(.*)_static$"
  if base and static[base] then return build_static(base) end
  local family, digits = name:match "^(.-)_g(%d%d?%d?)$"
  local by_row = grouped[name:match "^(.*)_row$"]
  if by_row and by_row.rows then return by_row[1](false) end
  local entry, group = grouped[family or name], math.tointeger(tonumber(digits))
  if entry and (not digits or is_group(group)) then return entry[1](group or entry[2]) end
  local precision, rank, suffix = name:match "^svdq_(%a+%d)_r(%d%d?%d?%d?%d?)(.*)$"
  if svdq[precision] and (suffix == "" or suffix == "_dq") then
    return build_svdq(precision, math.tointeger(tonumber(rank)), suffix ~= "")
  end
  return nil
end

-- The form nearest to what was written: with the rank and group of `name` in place of the forms' own.
local function nearest(name)
  local rank, group = name:match "_r(%d%d?%d?%d?%d?)", name:match "_g(%d+)"
  local candidates = {}
  for i, form in ipairs(M.forms) do
    candidates[i] = rank and form:gsub("_r32", "_r" .. rank) or form
    if group and is_group(math.tointeger(tonumber(group))) then
      candidates[i] = candidates[i]:gsub("_g%d+", "_g" .. group)
    end
  end
  return suggest.nearest(name, candidates)
end

--- Reads a name.  Raises E-CF-04 for one that is none, with the nearest form.
---@param name string
---@param where? string  Names the field, for messages.
---@return vise.QuantType
function M.parse(name, where)
  where = where or "quant_type"
  if type(name) ~= "string" then fail.raise("E-CF-03", "%s must be a string, got %s", where, type(name)) end
  local t = build(name)
  if not t then
    local near = nearest(name)
    fail.raise("E-CF-04", "%s: no quant type \"%s\"%s; `vise explain E-CF-04` has the forms", where, name,
      near and (", did you mean " .. near .. "?") or "")
  end
  t.name = name
  t.calibrated, t.static = t.calibrated or false, t.static or false
  t.product = t.activation and (t.activation.element == "f8e4m3" and "float" or "integer")
  return t
end

--- The arguments of a scheme with its stored 16-bit type filled in.
---@param args table       QuantType.weight or .activation
---@param storage string   "f16" or "bf16"
---@return table
function M.scheme_args(args, storage)
  local filled = {}
  for k, v in pairs(args) do filled[k] = v end
  for _, field in ipairs { "scale_dtype", "second_dtype" } do
    if filled[field] == "storage" then filled[field] = storage end
  end
  return filled
end

--- The 16-bit type that belongs to a weight's dtype.
---@param dtype string
---@return "f16"|"bf16"
function M.storage(dtype)
  return dtype == "f16" and "f16" or "bf16"
end

return M
