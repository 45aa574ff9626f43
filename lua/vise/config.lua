--- The configuration of a quantization: one validated table.
---
--- Everything that can be checked without a model is checked here; patterns meet the layers of a
--- model in vise.plan.

local fail = require "vise.fail"
local pattern = require "vise.pattern"
local quant_types = require "vise.quant_types"
local suggest = require "vise.suggest"

local M = {}

---@class vise.PlanRule
---@field pattern vise.Pattern
---@field type vise.QuantType

---@class vise.Config
---@field quant_type string
---@field type vise.QuantType       What the name stands for.
---@field regions "blocks"|"all"|vise.Pattern[]
---@field exclude vise.Pattern[]
---@field plan vise.PlanRule[]      Overrides; the first that matches a layer wins.
---@field calibrate? fun(model: table)
---@field save_to? string
---@field svdq { calibrate_precision: string, seed: integer }
local Config = {}
Config.__index = Config

local function expect(value, kind, where)
  if type(value) ~= kind then fail.raise("E-CF-03", "%s must be a %s, got %s", where, kind, type(value)) end
  return value
end

local function list(value, where)
  if type(value) ~= "table" then fail.raise("E-CF-03", "%s must be a list, got %s", where, type(value)) end
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      fail.raise("E-CF-03", "%s must be a list, has the key '%s'", where, tostring(key))
    end
    count = count + 1
  end
  -- A hole would hide what stands behind it.
  if count < #value then fail.raise("E-CF-03", "%s must be a list, has a nil among its %d items", where, #value) end
  return value
end

local function patterns(value, where)
  local out = {}
  for i, v in ipairs(list(value, where)) do out[i] = pattern.of(v, ("%s[%d]"):format(where, i)) end
  return out
end

--- Raises E-CF-02 for keys that are not in `known`.
local function check_keys(t, known, where)
  for key in pairs(t) do
    if known[key] == nil then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      local near = type(key) == "string" and suggest.nearest(key, names)
      fail.raise("E-CF-02", "%sunknown field '%s'%s; the fields are %s", where, tostring(key),
        near and (", did you mean '" .. near .. "'?") or "", table.concat(names, ", "))
    end
  end
end

local svdq_fields = {
  calibrate_precision = function(v, where)
    expect(v, "string", where)
    if v ~= "low" and v ~= "medium" and v ~= "high" then
      fail.raise("E-CF-05", "%s must be low, medium or high, got \"%s\"", where, v)
    end
    return v
  end,
  seed = function(v, where)
    if math.type(v) ~= "integer" or v < 0 or v > 0xffffffff then
      fail.raise("E-CF-05", "%s must be an integer from 0 to 4294967295, got %s", where, tostring(v))
    end
    return v
  end,
}

local function svdq(value)
  expect(value, "table", "svdq")
  check_keys(value, svdq_fields, "svdq: ")
  local out = { calibrate_precision = "low", seed = 0 }
  for key, v in pairs(value) do out[key] = svdq_fields[key](v, "svdq." .. key) end
  return out
end

local fields = {
  quant_type = function(v) return expect(v, "string", "quant_type") end,
  regions = function(v)
    if v == "blocks" or v == "all" then return v end
    if type(v) == "string" then
      fail.raise("E-CF-05", "regions must be \"blocks\", \"all\" or a list of patterns, got \"%s\"", v)
    end
    return patterns(v, "regions")
  end,
  exclude = function(v) return patterns(v, "exclude") end,
  plan = function(v)
    local out = {}
    for i, rule in ipairs(list(v, "plan")) do
      local where = ("plan[%d]"):format(i)
      if #list(rule, where) ~= 2 then
        fail.raise("E-CF-03", "%s must be { pattern, quant type }, has %d fields", where, #rule)
      end
      out[i] = { pattern = pattern.of(rule[1], where .. "[1]"), type = quant_types.parse(rule[2], where .. "[2]") }
    end
    return out
  end,
  calibrate = function(v) return expect(v, "function", "calibrate") end,
  save_to = function(v)
    if expect(v, "string", "save_to") == "" then fail.raise("E-CF-05", "save_to is empty, expected a folder") end
    return v
  end,
  svdq = svdq,
}

--- The first type that needs spans of activations.
---@return string? name
local function calibrated_type(cfg)
  if cfg.type.calibrated then return cfg.type.name end
  for _, rule in ipairs(cfg.plan) do
    if rule.type.calibrated then return rule.type.name end
  end
  return nil
end

local function uses_svdq(cfg)
  if cfg.type.rank then return true end
  for _, rule in ipairs(cfg.plan) do
    if rule.type.rank then return true end
  end
  return false
end

--- Checks a table of fields and completes it with the defaults.
---@param t table
---@return vise.Config
function M.config(t)
  expect(t, "table", "config")
  if getmetatable(t) == Config then return t end
  check_keys(t, fields, "config: ")
  if t.quant_type == nil then
    fail.raise("E-CF-01", "config: quant_type is missing; for example \"int8_per_row\" or \"svdq_int4_r32\"")
  end
  local cfg = { regions = "blocks", exclude = {}, plan = {}, svdq = svdq {} }
  for key, value in pairs(t) do cfg[key] = fields[key](value) end
  cfg.type = quant_types.parse(cfg.quant_type)
  local calibrated = calibrated_type(cfg)
  if calibrated and not cfg.calibrate then
    fail.raise("E-CF-06", "%s needs calibration: give calibrate = function(model) ... end, or use the _dq type",
      calibrated)
  end
  if cfg.calibrate and not calibrated then
    fail.raise("E-CF-06", "calibrate is given, but no type in this config uses calibration")
  end
  if t.svdq and not uses_svdq(cfg) then
    fail.raise("E-CF-06", "svdq = { ... } is given, but no type in this config is an svdq type")
  end
  return setmetatable(cfg, Config)
end

---@param value any
---@return boolean
function M.is_config(value)
  return getmetatable(value) == Config
end

--- The fields as plain data, for the manifest: patterns as their text, no functions.
---@param cfg vise.Config
---@return table
function M.plain(cfg)
  local function texts(ps)
    local out = {}
    for i, p in ipairs(ps) do out[i] = p.text end
    return out
  end
  local rules = {}
  for i, rule in ipairs(cfg.plan) do rules[i] = { rule.pattern.text, rule.type.name } end
  return {
    quant_type = cfg.quant_type,
    regions = type(cfg.regions) == "string" and cfg.regions or texts(cfg.regions),
    exclude = texts(cfg.exclude),
    plan = rules,
    svdq = uses_svdq(cfg) and { calibrate_precision = cfg.svdq.calibrate_precision, seed = cfg.svdq.seed } or nil,
  }
end

return M
