--- The fields of a configuration: what each may be, one check a field.  A check raises E-CF-03 (wrong
--- type) or E-CF-05 (wrong value) and gives what the configuration keeps.

local fail = require "vise.fail"
local methods = require "vise.algorithms.methods"
local pattern = require "vise.pattern"
local quant_types = require "vise.quant_types"
local sequential = require "vise.sequential.mode"
local suggest = require "vise.suggest"
local svdquant_options = require "vise.algorithms.svdquant_options"

local M = {}

--- Raises E-CF-03 for a value of another type.
function M.expect(value, kind, where)
  if type(value) ~= kind then fail.raise("E-CF-03", "%s must be a %s, got %s", where, kind, type(value)) end
  return value
end
local expect = M.expect

--- Raises E-CF-02 for keys that are not in `known`.
---@param t table
---@param known table<string, any>
---@param where string  Stands before the message.
function M.check_keys(t, known, where)
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

--- Raises E-CF-03 for what is no list.
function M.list(value, where)
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
local list = M.list

local function patterns(value, where)
  local out = {}
  for i, v in ipairs(list(value, where)) do out[i] = pattern.of(v, ("%s[%d]"):format(where, i)) end
  return out
end

local function place(value, where, what)
  if expect(value, "string", where) == "" then
    fail.raise("E-CF-05", "%s is empty, expected %s", where, what)
  end
  return value
end

local function count(value, where)
  if math.type(value) ~= "integer" or value < 1 then
    fail.raise("E-CF-05", "%s must be an integer from 1, got %s", where, tostring(value))
  end
  return value
end

-- How the range of a static scale is chosen.
local RANGES = { "minmax", "percentile", "mse", "entropy" }

local function one_of(words, value, where)
  for _, known in ipairs(words) do
    if value == known then return value end
  end
  fail.raise("E-CF-05", "%s must be one of %s, got %s", where, table.concat(words, ", "), tostring(value))
end

local calibration_fields = {
  flush_count = count,
  flush_bytes = count,
  buffered = function(v, where) return expect(v, "boolean", where) end,
  mode = function(v, where) return one_of(sequential.MODES, v, where) end,
  range = function(v, where) return one_of(RANGES, v, where) end,
  percentile = function(v, where)
    if type(v) ~= "number" or not (v > 0 and v <= 100) then
      fail.raise("E-CF-05", "%s must be a number above 0 to 100, got %s", where, tostring(v))
    end
    return v
  end,
  work = function(v, where) return place(v, where, "a folder") end,
}

local function calibration(value)
  expect(value, "table", "calibration")
  M.check_keys(value, calibration_fields, "calibration: ")
  local out = { buffered = false }
  for key, v in pairs(value) do out[key] = calibration_fields[key](v, "calibration." .. key) end
  return out
end

local function plan_rules(value)
  local out = {}
  for i, rule in ipairs(list(value, "plan")) do
    local where = ("plan[%d]"):format(i)
    if #list(rule, where) ~= 2 and #rule ~= 3 then
      fail.raise("E-CF-03", "%s must be { pattern, quant type } or { pattern, quant type, method }, has %d fields",
        where, #rule)
    end
    out[i] = { pattern = pattern.of(rule[1], where .. "[1]"), type = quant_types.parse(rule[2], where .. "[2]"),
      method = rule[3] and methods.of(rule[3], where .. "[3]") }
  end
  return out
end

local ON_NAN = { error = true, zero = true, skip = true }

--- The check of each field.
M.checks = {
  quant_type = function(v) return expect(v, "string", "quant_type") end,
  regions = function(v)
    if v == "blocks" or v == "all" then return v end
    if type(v) == "string" then
      fail.raise("E-CF-05", "regions must be \"blocks\", \"all\" or a list of patterns, got \"%s\"", v)
    end
    return patterns(v, "regions")
  end,
  exclude = function(v) return patterns(v, "exclude") end,
  filter = function(v) return expect(v, "function", "filter") end,
  method = function(v) return methods.of(v, "method") end,
  plan = plan_rules,
  fallback = function(v)
    if v ~= "skip" then quant_types.parse(v, "fallback") end
    return v
  end,
  calibrate = function(v) return expect(v, "function", "calibrate") end,
  calibration = calibration,
  statistics = function(v) return place(v, "statistics", "a .safetensors file") end,
  save_to = function(v) return place(v, "save_to", "a folder") end,
  on_nan = function(v)
    if ON_NAN[v] then return v end
    fail.raise("E-CF-05", "on_nan must be \"error\", \"zero\" or \"skip\", got %s", tostring(v))
  end,
  svdq = svdquant_options.check,
  verbose = function(v) return expect(v, "boolean", "verbose") end,
}

--- What the fields are that nobody gave.
function M.defaults()
  return { regions = "blocks", exclude = {}, plan = {}, fallback = "skip", on_nan = "error",
    calibration = { buffered = false }, svdq = svdquant_options.check {}, verbose = false }
end

return M
