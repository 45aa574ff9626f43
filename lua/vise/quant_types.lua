--- Quant types: the names a person uses, and what each stands for.
---
---   int8_per_row               W8A8, a scale for each output row and each token
---   int8_weight_only           8-bit weights, float activations
---   int4_weight_only[_gN]      4-bit weights in groups of N inputs (32), asymmetric, float
---   svdq_int4_rR               SVDQuant: smoothing from calibration, a low-rank branch of rank R,
---                              W4A4 in groups of 64 (arXiv 2411.05007)
---   svdq_int4_rR_dq            the same without calibration: no smoothing; r0_dq is plain W4A4
---
--- A type is a weight scheme, an activation scheme (none: the layer computes in float), a
--- smoothing and a rank.  Scales of 4-bit types are stored in the 16-bit type of the weights
--- (bf16 when they have none).

local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.QuantType
---@field name string
---@field weight table         Arguments of vise.scheme; scale_dtype "storage" stands for the 16-bit type.
---@field activation? table    Arguments of vise.scheme.
---@field rank? integer        Of the low-rank branch; nil for types that have none.
---@field smooth? string       "activation" or "identity"; nil for types that have none.
---@field calibrated boolean   Needs spans of activations.
---@field summary string

local GROUPS = { 16, 32, 64, 128, 256 } -- that a name may carry
local SVDQ_GROUP = 64

local function int8_rows()
  return { bits = 8, granularity = "row", symmetric = true, convention = "amax_half_step", scale_dtype = "f32" }
end

local fixed = {
  int8_per_row = function()
    local activation = int8_rows()
    activation.granularity = "token"
    return { weight = int8_rows(), activation = activation, calibrated = false,
      summary = "8-bit weights and activations, a scale for each row and token" }
  end,
  int8_weight_only = function()
    return { weight = int8_rows(), calibrated = false, summary = "8-bit weights, a scale for each row" }
  end,
}

local function int4_weight_only(group)
  return {
    weight = { bits = 4, granularity = "group", group = group, symmetric = false, zero = "float",
      convention = "minmax_float_zero", scale_dtype = "storage" },
    calibrated = false,
    summary = ("4-bit weights, a scale and a zero point for each %d inputs"):format(group),
  }
end

local function svdq_int4(rank, data_free)
  return {
    weight = { bits = 4, granularity = "group", group = SVDQ_GROUP, symmetric = true, convention = "amax",
      scale_dtype = "storage" },
    activation = { bits = 4, granularity = "group", group = SVDQ_GROUP, symmetric = true,
      convention = "amax_reciprocal", scale_dtype = "f32" },
    rank = rank,
    smooth = data_free and "identity" or "activation",
    calibrated = not data_free,
    summary = ("SVDQuant, 4-bit weights and activations, rank %d%s"):format(rank,
      data_free and ", no calibration" or ""),
  }
end

--- The forms a name may take, for messages and completion.
M.forms = { "int8_per_row", "int8_weight_only", "int4_weight_only", "int4_weight_only_g64",
  "int4_weight_only_g128", "svdq_int4_r32", "svdq_int4_r32_dq" }

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
  if name == "int4_weight_only" then return int4_weight_only(32) end
  local group = math.tointeger(tonumber(name:match "^int4_weight_only_g(%d%d?%d?)$"))
  if group and is_group(group) then return int4_weight_only(group) end
  local rank, suffix = name:match "^svdq_int4_r(%d%d?%d?%d?%d?)(.*)$"
  if rank and (suffix == "" or suffix == "_dq") then return svdq_int4(math.tointeger(tonumber(rank)), suffix ~= "") end
  return nil
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
    local near = suggest.nearest(name, M.forms)
    fail.raise("E-CF-04", "%s: no quant type \"%s\"%s; the forms are int8_per_row, int8_weight_only, "
      .. "int4_weight_only[_g16|_g32|_g64|_g128|_g256], svdq_int4_r<rank>[_dq]", where, name,
      near and (", did you mean " .. near .. "?") or "")
  end
  t.name = name
  return t
end

--- The arguments of a scheme with its stored 16-bit type filled in.
---@param args table       QuantType.weight or .activation
---@param storage string   "f16" or "bf16"
---@return table
function M.scheme_args(args, storage)
  local filled = {}
  for k, v in pairs(args) do filled[k] = v end
  if filled.scale_dtype == "storage" then filled.scale_dtype = storage end
  return filled
end

--- The 16-bit type that belongs to a weight's dtype.
---@param dtype string
---@return "f16"|"bf16"
function M.storage(dtype)
  return dtype == "f16" and "f16" or "bf16"
end

return M
