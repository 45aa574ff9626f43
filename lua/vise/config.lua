--- The configuration of a quantization: one validated table that cannot be changed afterwards.
---
--- Everything that can be checked without a model is checked here; patterns meet the layers of a
--- model in vise.plan.
---
---   vise.config { quant_type = "int8_per_row", exclude = { "*.to_out.0" } }
---   vise.config { from = "config.json", calibrate = function(model) ... end }
---   vise.config { quant_type = "int8_per_row", components = { unet = {}, text = { regions = "all" } } }

local config_fields = require "vise.config_fields"
local core = require "vise.core"
local fail = require "vise.fail"
local frozen = require "vise.frozen"
local methods = require "vise.algorithms.methods"
local quant_types = require "vise.quant_types"

local M = {}

---@class vise.PlanRule
---@field pattern vise.Pattern
---@field type vise.QuantType
---@field method? vise.Method

---@class vise.CalibrationOptions
---@field flush_count? integer
---@field flush_bytes? integer
---@field buffered boolean
---@field mode? "whole"|"sequential"|"true_sequential"  nil: as the methods want it.
---@field work? string  The folder of the journal of a calibration block by block.

---@class vise.Config
---@field quant_type string
---@field type vise.QuantType       What the name stands for.
---@field method? vise.Method       How layers of this type are made; nil: as the type's own.
---@field regions "blocks"|"all"|vise.Pattern[]
---@field exclude vise.Pattern[]
---@field filter? fun(layer: vise.nn.Linear, name: string): boolean  false leaves a layer float.
---@field plan vise.PlanRule[]      Overrides; the first that matches a layer wins.
---@field fallback string           "skip", or the type of default layers that cannot take theirs.
---@field on_nan "error"|"zero"|"skip"  What becomes of layers with weights that are not finite.
---@field calibrate? fun(model: table, about: table)
---@field calibration vise.CalibrationOptions
---@field statistics? string        A file of captured statistics, in place of calibrate.
---@field save_to? string
---@field svdq vise.SvdqOptions
---@field verbose boolean
---@field components? table<string, vise.Config>  Of a pipeline: the configuration of each model.
local Config = {}

local configs = setmetatable({}, { __mode = "k" }) -- every config -> the fields it was made from

local expect, check_keys = config_fields.expect, config_fields.check_keys

---@param value any
---@return boolean
function M.is_config(value)
  return configs[value] ~= nil
end

--- Every type that a configuration can give a layer.
local function types_of(cfg)
  local types = { cfg.type }
  for _, rule in ipairs(cfg.plan) do types[#types + 1] = rule.type end
  if cfg.fallback ~= "skip" then types[#types + 1] = methods.resolve(quant_types.parse(cfg.fallback), nil, cfg) end
  return types
end

local function is_calibrated(t) return #t.needs > 0 end

local function is_svdquant(t) return t.method.name == "svdquant" end

--- The first type that uses something.
---@param uses fun(t: vise.QuantType): boolean
---@return vise.QuantType?
local function any(cfg, uses)
  for _, t in ipairs(types_of(cfg)) do
    if uses(t) then return t end
  end
  return nil
end

-- What needs calibration, for a message.
local function needing(t)
  if is_svdquant(t) or #(t.method.needs or {}) == 0 then return t.name end
  return ("method %s of %s"):format(t.method.name, t.name)
end

-- Fields that say nothing unless a type uses them: what makes a type use each.
local users = {
  calibrate = is_calibrated, calibration = is_calibrated, statistics = is_calibrated, svdq = is_svdquant,
}
local unused = {
  calibrate = "calibrate is given, but no type in this config uses calibration",
  calibration = "calibration = { ... } is given, but no type in this config uses calibration",
  statistics = "statistics is given, but no type in this config uses calibration",
  svdq = "svdq = { ... } is given, but no type in this config is an svdq type",
}

-- How the range of static scales is chosen means something, and only for them.
local function check_range(cfg)
  local range, percentile = cfg.calibration.range, cfg.calibration.percentile
  if percentile and range ~= "percentile" then
    fail.raise("E-CF-06", "calibration.percentile counts only with calibration.range = \"percentile\"")
  end
  if range and not any(cfg, function(t) return t.static end) then
    fail.raise("E-CF-06", "calibration.range is given, but no type in this config has static scales")
  end
  local float = any(cfg, function(t) return t.static and t.name:find "^float8" ~= nil end)
  if float and (range == "mse" or range == "entropy") then
    fail.raise("E-CF-06", "calibration.range = \"%s\" rounds to integers, and %s has none: minmax or percentile", range,
      float.name)
  end
end

local function check_together(cfg, given)
  local calibrated = any(cfg, is_calibrated)
  if calibrated and not cfg.calibrate and not cfg.statistics then
    fail.raise("E-CF-06", "%s needs calibration: give calibrate = function(model) ... end, statistics = a file%s",
      needing(calibrated), is_svdquant(calibrated) and ", or use the _dq type" or "")
  end
  if cfg.calibrate and cfg.statistics then
    fail.raise("E-CF-06", "calibrate and statistics are both given: spans come from one or the other")
  end
  for field, message in pairs(unused) do
    if given[field] ~= nil and not any(cfg, users[field]) then fail.raise("E-CF-06", message) end
  end
  check_range(cfg)
end

-- The types of the fields as their methods make them.
local function resolve(cfg, where)
  cfg.type = methods.resolve(quant_types.parse(cfg.quant_type, where), cfg.method, cfg)
  for _, rule in ipairs(cfg.plan) do rule.type = methods.resolve(rule.type, rule.method, cfg) end
end

--- A configuration for one model.
local function single(given)
  check_keys(given, config_fields.checks, "config: ")
  if given.quant_type == nil then
    fail.raise("E-CF-01", "config: quant_type is missing; for example \"int8_per_row\" or \"svdq_int4_r32\"")
  end
  local cfg = config_fields.defaults()
  for key, value in pairs(given) do cfg[key] = config_fields.checks[key](value) end
  resolve(cfg)
  check_together(cfg, given)
  return frozen.freeze(cfg, "a config", Config)
end

-- Names and their overrides, from a list of names or a map.
local function overrides_of(components)
  expect(components, "table", "components")
  if #components == 0 then return components end
  local map = {}
  for i, name in ipairs(config_fields.list(components, "components")) do
    map[expect(name, "string", ("components[%d]"):format(i))] = {}
  end
  return map
end

-- What the fields say of types, whatever they say of calibration and svdq.
local function types_only(given, where)
  local probe = config_fields.defaults()
  for _, key in ipairs { "quant_type", "method", "plan", "fallback" } do
    if given[key] ~= nil then probe[key] = config_fields.checks[key](given[key]) end
  end
  resolve(probe, where)
  return probe
end

--- Whether a configuration of these fields needs calibration, or statistics.
---@param given table
---@return boolean
function M.is_calibrated(given)
  return any(types_only(given), is_calibrated) ~= nil
end

--- The fields of one component: those of the whole with its own on top.  What the whole says of
--- calibration and svdq counts only where a type of the component uses it.
local function merge(base, own, name)
  local where = ("components.%s"):format(name)
  expect(own, "table", where)
  check_keys(own, config_fields.checks, where .. ": ")
  local merged = {}
  for key, value in pairs(base) do merged[key] = value end
  for key, value in pairs(own) do merged[key] = value end
  if own.statistics and not own.calibrate then merged.calibrate = nil end
  if own.calibrate and not own.statistics then merged.statistics = nil end
  if base.save_to and not own.save_to then merged.save_to = base.save_to .. "/" .. name end
  if not merged.quant_type then fail.raise("E-CF-01", "%s: quant_type is missing", where) end
  local probe = types_only(merged, where .. ".quant_type")
  for field in pairs(unused) do
    if own[field] == nil and not any(probe, users[field]) then merged[field] = nil end
  end
  return merged
end

--- A configuration for several models.
local function pipeline(given)
  local base, cfg, used = {}, { components = {}, save_to = given.save_to, calibrate = given.calibrate,
    quant_type = given.quant_type, verbose = given.verbose or false }, {}
  for key, value in pairs(given) do
    if key ~= "components" then base[key] = value end
  end
  check_keys(base, config_fields.checks, "config: ")
  for key, value in pairs(base) do config_fields.checks[key](value) end
  for name, own in pairs(overrides_of(given.components)) do
    if type(name) ~= "string" or not name:find "^[%w_][%w_.-]*$" then
      fail.raise("E-CF-05", "components: '%s' is no name of a component: letters, digits, '.', '_' and '-'",
        tostring(name))
    end
    local fields = merge(base, own, name)
    local made = single(fields)
    for field in pairs(unused) do used[field] = used[field] or fields[field] ~= nil end
    configs[made] = fields
    cfg.components[name] = made
  end
  if next(cfg.components) == nil then fail.raise("E-CF-01", "components is empty: name the models") end
  for field, message in pairs(unused) do
    if base[field] ~= nil and not used[field] then fail.raise("E-CF-06", message) end
  end
  return frozen.freeze(cfg, "a config", Config)
end

-- A copy whose tables are its own, JSON's nulls left out.  Frozen values are shared.
local function copy(t)
  local out = { table.unpack(t, 1, math.min(#t, 200)) } -- as long as `t`, if that has holes
  for key, value in pairs(t) do
    local meta = type(value) == "table" and getmetatable(value)
    if type(value) == "table" and not (meta and meta.__newindex) then value = copy(value) end
    if value ~= core.null then out[key] = value end
  end
  return out
end

--- The fields that `from` stands for: another config, a table, JSON text or the path of a JSON file.
local function fields_from(from)
  if M.is_config(from) then return configs[from] end
  if type(from) == "table" then return from end
  expect(from, "string", "from")
  local text, what = from, "from"
  if not from:find "^%s*{" then
    local read, message, id = core.disk.read(from)
    if not read then return nil, message, id end
    text, what = read, from
  end
  local fields, message, id = core.json_decode(text, what)
  if fields == nil then return nil, message, id end
  if type(fields) ~= "table" or #fields > 0 then
    fail.raise("E-CF-03", "%s must be an object of fields, as vise.config takes them", what)
  end
  return fields
end

--- Checks a table of fields and completes it with the defaults.  `from` brings fields in from
--- elsewhere; the others stand above them.
---@param t table
---@return vise.Config? config
---@return string? message  Of a file that cannot be read.
---@return string? id
function M.config(t)
  expect(t, "table", "config")
  if M.is_config(t) then
    local key = frozen.broken(t)
    if key then fail.raise("E-CF-07", "a config was changed by force (field '%s'): make another one", key) end
    return t
  end
  local given = copy(t)
  if t.from ~= nil then
    local fields, message, id = fields_from(t.from)
    if not fields then return nil, message, id end
    given.from = nil
    for key, value in pairs(copy(fields)) do
      if given[key] == nil then given[key] = value end
    end
  end
  local cfg = given.components ~= nil and pipeline(given) or single(given)
  configs[cfg] = given
  return cfg
end

local function texts(ps)
  local out = core.array {}
  for i, p in ipairs(ps) do out[i] = p.plain end
  return out
end

local function thaw(t)
  local out = {}
  for key, value in pairs(t) do out[key] = type(value) == "table" and thaw(value) or value end
  return out
end

--- The fields as plain data, for the manifest and for JSON: patterns as one string each, functions
--- left out.  `vise.config { from = plain }` makes an equal config of it.
---@param cfg vise.Config
---@return table
function M.plain(cfg)
  if cfg.components then
    local components = {}
    for name, own in pairs(cfg.components) do components[name] = M.plain(own) end
    return { components = components }
  end
  local rules = core.array {}
  for i, rule in ipairs(cfg.plan) do
    rules[i] = core.array { rule.pattern.plain, rule.type.name, rule.method and methods.plain(rule.method) }
  end
  return {
    quant_type = cfg.quant_type,
    method = cfg.method and methods.plain(cfg.method),
    regions = type(cfg.regions) == "string" and cfg.regions or texts(cfg.regions),
    exclude = texts(cfg.exclude),
    plan = rules,
    fallback = cfg.fallback,
    calibration = any(cfg, is_calibrated) and thaw(cfg.calibration) or nil,
    on_nan = cfg.on_nan ~= "error" and cfg.on_nan or nil,
    statistics = cfg.statistics,
    save_to = cfg.save_to,
    svdq = any(cfg, is_svdquant) and thaw(cfg.svdq) or nil,
    verbose = cfg.verbose or nil,
  }
end

--- The fields as plain data: see vise.config.plain.
---@return table
function Config:plain()
  return M.plain(self)
end

--- The fields as JSON text, which `vise.config { from = text }` reads.
---@return string
function Config:json()
  return assert(core.json_encode(self:plain(), 2)) .. "\n"
end

return M
