--- Histograms of the worst layers of a quantized model: the weights before and after, and the error of each.
---
--- The engine reads the elements; the time is bounded by a count of them, so that the result does not depend on
--- how busy the machine is.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local DEFAULTS = { layers = 20, bins = 64, elements = 2 ^ 28 // 1 | 0 }
local MOST = { layers = 1000, bins = 256, elements = 2 ^ 40 // 1 | 0 }

local function checked(options)
  local out = {}
  for name, default in pairs(DEFAULTS) do out[name] = default end
  for name, value in pairs(options or {}) do
    if not DEFAULTS[name] then
      fail.raise("E-RP-03", "histograms: no option '%s'%s", tostring(name),
        require("vise.suggest").hint(tostring(name), { "layers", "bins", "elements" }))
    end
    if math.type(value) ~= "integer" or value < 1 or value > MOST[name] then
      fail.raise("E-RP-03", "histograms: %s is %s, expected an integer from 1 to %d", name, tostring(value), MOST[name])
    end
    out[name] = value
  end
  return out
end

-- An interval that holds what was counted, also when that is one value or nothing.
local function interval(s)
  local lo, hi = s.min, s.max
  if lo < hi then return lo, hi end
  local air = math.max(math.abs(lo) * 0.5, 1e-6)
  return lo - air, lo + air
end

-- The histogram of a tensor over [lo, hi]; infinities are all that can lie outside.
local function counted(t, s, lo, hi, bins)
  local counts = fail.try(t:histogram(lo, hi, bins))
  return { lo = lo, hi = hi, counts = counts, below = 0, above = s.infinities, nan = s.nans }
end

local function of_layer(linear, bins)
  local before <close> = fail.try(linear.weight:to "f32")
  local after <close> = fail.try(linear.quantized:dequantize())
  local a, b = fail.try(before:statistics()), fail.try(after:statistics())
  local lo, hi = interval { min = math.min(a.min, b.min), max = math.max(a.max, b.max) }
  local out = { before = counted(before, a, lo, hi, bins), after = counted(after, b, lo, hi, bins) }
  fail.try(after:sub(before, after))
  local e = fail.try(after:statistics())
  lo, hi = interval(e)
  out.error = counted(after, e, lo, hi, bins)
  return out
end

local function find(model, name)
  local ok, linear = pcall(model.layer, model, name)
  if not ok or not linear or not linear.quantized then
    fail.raise("E-RP-02", "histograms: the model has no quantized layer %s", core.escape(tostring(name)))
  end
  return linear
end

local function of_model(model, report, options)
  local out, left = {}, options.elements
  for i, layer in ipairs(report:worst()) do
    if i > options.layers then break end
    local count = layer.shape[1] * layer.shape[2]
    if count <= left then
      left = left - count
      out[layer.name] = of_layer(find(model, layer.name), options.bins)
    end
  end
  return out
end

local function of_all(model, report, options)
  if not report.components then return of_model(model, report, options) end
  local out = {}
  for name, own in pairs(report.components) do out[name] = of_model(model[name], own, options) end
  return out
end

--- The histograms of the layers with the largest output error, by layer; of a pipeline, by component and
--- then by layer.  Layers that would take more than `elements` elements in all are left out.
---@param model vise.Model|table<string, vise.Model>  Quantized and open.
---@param report vise.QuantizeReport
---@param options? { layers?: integer, bins?: integer, elements?: integer }  20, 64 and 2^28 if not given.
---@return table<string, table>?
---@return string? message
---@return string? id
function M.of(model, report, options)
  if type(model) ~= "table" or type(report) ~= "table" or not report.worst then
    fail.raise("E-RP-02", "histograms take a model and its report, got %s and %s", type(model), type(report))
  end
  return fail.catch(of_all, model, report, checked(options))
end

return M
