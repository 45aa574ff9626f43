--- Statistics captured elsewhere: a .safetensors file that stands in for calibration, for models that
--- this program has no forward for.
---
---   <layer>.span        f32 [in]         largest |x| of each input channel
---   <layer>.range       f32 [2]          smallest and largest value
---   <layer>.mean        f32 [in]         mean of |x|
---   <layer>.importance  f32 [in]         mean of x^2
---   <layer>.moments     f32 [in, in]     x'x / rows
---   <layer>.sample      f32 [rows, in]   some rows of input, if any: to measure the layer's output on

local core = require "vise.core"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

-- Each kind that a method may need, with the observer that finds it and its shape.
local kinds = {
  span = { observer = "channel_span", shape = function(n) return { n } end },
  range = { observer = "range", shape = function() return { 2 } end },
  mean = { observer = "mean", shape = function(n) return { n } end },
  importance = { observer = "importance", shape = function(n) return { n } end },
  moments = { observer = "moments", shape = function(n) return { n, n } end },
}

--- The kinds, in the order in which they are told.
M.KINDS = { "span", "range", "mean", "importance", "moments" }

--- The observer of each kind.
---@type table<string, vise.ObserverKind>
M.OBSERVERS = {}
for name, kind in pairs(kinds) do M.OBSERVERS[name] = kind.observer end

-- Whether the range of a static scale is chosen from a histogram.
local function is_chosen(kind, calibration)
  return kind == "range" and (calibration.range or "minmax") ~= "minmax"
end

--- The observer that finds a kind.
---@param kind string
---@param calibration table  Of a config: it may choose ranges from a histogram.
---@return vise.ObserverKind
function M.observer_of(kind, calibration)
  return is_chosen(kind, calibration) and "histogram" or M.OBSERVERS[kind]
end

--- What an observer found, as a method gets it: of a histogram the range that is chosen from it.
---@param observer vise.Observer
---@param kind string
---@param calibration table
---@return vise.Tensor?
---@return string? message
---@return string? id
function M.result(observer, kind, calibration)
  local result, message, id = observer:result()
  if not result or not is_chosen(kind, calibration) then return result, message, id end
  local counts <close> = result
  local width, options = observer:width(), nil
  if calibration.range == "percentile" then options = { percentile = calibration.percentile } end
  local most = fail.try(core.range_of(counts, width, calibration.range, options))
  if most == 0 then most = counts:count() * width end -- nearly all is 0: the whole range
  return core.tensor_of("f32", { 2 }, { -most, most })
end

--- What the statistic of an observer is called in a file; nil if no method reads it.
---@param observer vise.ObserverKind
---@return string?
function M.param_of(observer)
  for name, kind in pairs(kinds) do
    if kind.observer == observer then return name end
  end
end

---@class vise.Captured
---@field span? vise.Tensor        f32 [in]
---@field range? vise.Tensor       f32 [2]
---@field mean? vise.Tensor        f32 [in]
---@field importance? vise.Tensor  f32 [in]
---@field moments? vise.Tensor     f32 [in, in]
---@field sample? vise.Tensor      f32 [rows, in]
---@field shares? string      The layer given the same input tensor on every call, the first of them.
---@field rows? integer        Seen by the observer.

local function shape_of(info)
  return ("%s [%s]"):format(info.dtype, table.concat(info.shape, ", "))
end

--- A tensor of the file, checked; nil, nil when it may be absent and is.
local function take(file, path, name, shape)
  local info = file:info(name)
  local ok = info and info.dtype == "f32" and #info.shape == #shape
  for i, size in ipairs(shape) do ok = ok and (size == -1 or info.shape[i] == size) end
  if not ok then
    local wanted = table.concat(shape, ", "):gsub("%-1", "rows")
    return fail.fail("E-OB-13", "%s: tensor %s is %s, expected f32 [%s]", path, core.escape(name),
      shape_of(info), wanted)
  end
  local mapped <close>, message, id = file:tensor(name)
  if not mapped then return nil, message, id end
  local bad = mapped:nonfinite()
  if bad then return fail.fail("E-OB-11", "%s: tensor %s: element %d is not finite", path, core.escape(name), bad) end
  return mapped:copy()
end

-- The first element that has to be 0 or more and is not.
local function first_negative(kind, tensor)
  local rows, columns = tensor:shape()
  for i = 1, rows do
    -- Of moments the diagonal.
    local at = columns and (i - 1) * columns + i or i
    if kind ~= "range" and tensor:get(at) < 0 then return at end
  end
end

local MEANING = { span = "a span is a largest |x|", mean = "it is a mean of |x|", importance = "it is a mean of x^2",
  moments = "it is a mean of x^2" }

local function check_values(path, name, kind, tensor)
  if kind == "range" and tensor:get(1) > tensor:get(2) then
    return fail.fail("E-OB-13", "%s: tensor %s.range: the smallest value %g is above the largest %g", path, name,
      tensor:get(1), tensor:get(2))
  end
  local bad = first_negative(kind, tensor)
  if bad then
    return fail.fail("E-OB-13", "%s: tensor %s.%s: element %d is negative, %s", path, name, kind, bad, MEANING[kind])
  end
  return true
end

local function read_statistic(file, path, name, kind, channels, known)
  local full = name .. "." .. kind
  if not known[full] then
    local names = {}
    for other in pairs(known) do names[#names + 1] = other end
    return fail.fail("E-OB-15", "%s has no tensor %s: nothing was captured for the layer%s", path, core.escape(full),
      suggest.hint(full, names))
  end
  local statistic, message, id = take(file, path, full, kinds[kind].shape(channels))
  if not statistic then return nil, message, id end
  local ok
  ok, message, id = check_values(path, name, kind, statistic)
  if not ok then return nil, message, id end
  return statistic
end

local function read_layer(file, path, need, channels, known, calibration)
  local name, found = need.name, {}
  local message, id
  for _, kind in ipairs(need.kinds) do
    if is_chosen(kind, calibration) then
      return fail.fail("E-OB-15", "%s has no histogram to choose the range of %s from", path, core.escape(name))
    end
    found[kind], message, id = read_statistic(file, path, name, kind, channels, known)
    if not found[kind] then return nil, message, id end
  end
  if known[name .. ".sample"] then
    found.sample, message, id = take(file, path, name .. ".sample", { -1, channels })
    if not found.sample then return nil, message, id end
  end
  return found
end

-- One statistic of a layer, finite and in f32.
local function folded(all, path, name, kind, calibration)
  local observer <close> = all:observer(name, is_chosen(kind, calibration) and "histogram" or kind)
  local result = fail.try(M.result(observer, kind, calibration))
  local bad = result:nonfinite()
  if not bad then return result end
  result:close()
  fail.try(nil, ("%s: layer %s: %s: element %d does not fit f32"):format(path, core.escape(name), kind, bad), "E-OB-11")
end

-- What a plan needs, from statistics that say what they belong to.
local function read_statistics(path, model, needs, calibration, found)
  local all <close> = fail.try(require("vise.statistics").open(path))
  fail.try(require("vise.statistics.identity").check(all, path, model))
  for _, need in ipairs(needs) do
    local name, layer = need.name, all:layer(need.name)
    local _, channels = model:layer(name).weight:shape()
    if not layer then
      fail.try(nil, ("%s has nothing of layer %s"):format(path, core.escape(name)), "E-OB-15")
    elseif layer.channels ~= channels then
      fail.try(nil, ("%s: layer %s has %d inputs, expected %d"):format(path, core.escape(name), layer.channels,
        channels), "E-OB-13")
    end
    found[name] = { rows = all:rows(name), shares = all.shares[name] or name }
    for _, kind in ipairs(need.kinds) do
      local held = is_chosen(kind, calibration) and "histogram" or kind
      if not all:has(held) then
        fail.try(nil, ("%s has no %s, which %s needs; it has %s"):format(path, held, core.escape(name),
          table.concat(all.kinds, ", ")), "E-OB-15")
      end
      found[name][kind] = folded(all, path, name, kind, calibration)
    end
  end
  return found
end

--- Reads what a plan needs from a file.
---@param path string
---@param model vise.Model
---@param needs vise.Need[]
---@param calibration? table  Of a config.
---@return table<string, vise.Captured>?
---@return string? message
---@return string? id
function M.read(path, model, needs, calibration)
  calibration = calibration or {}
  local file, message, id = core.safetensors_open(path)
  if not file then return nil, message, id end
  if require("vise.statistics.file").about(file) then
    file:close()
    local found = {}
    local made, problem, why = fail.catch(read_statistics, path, model, needs, calibration, found)
    if not made then M.close(found) end
    return made, problem, why
  end
  local known, all = {}, {}
  for _, name in ipairs(file:names()) do known[name] = true end
  for _, need in ipairs(needs) do
    local inp = model:layer(need.name).inputs
    local found, problem, why = read_layer(file, path, need, inp, known, calibration)
    if not found then
      file:close()
      M.close(all)
      return nil, problem, why
    end
    all[need.name] = found
  end
  file:close()
  return all
end

--- Frees captured statistics.
---@param all table<string, vise.Captured>
function M.close(all)
  for _, found in pairs(all) do
    for _, kind in ipairs(M.KINDS) do
      if found[kind] then found[kind]:close() end
    end
    if found.sample then found.sample:close() end
  end
end

return M
