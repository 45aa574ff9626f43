--- Quantize: plan, calibrate, make every layer, and only then change the model.

local artefact = require "vise.artefact"
local core = require "vise.core"
local config = require "vise.config"
local fail = require "vise.fail"
local observe = require "vise.observe"
local plan = require "vise.plan"
local progress = require "vise.progress"
local quantized_linear = require "vise.nn.quantized_linear"
local quant_types = require "vise.quant_types"
local svdquant = require "vise.algorithms.svdquant"

local M = {}

---@class vise.LayerReport
---@field name string
---@field type string
---@field shape integer[]
---@field weight_error number   rel-L2 of the weight that the codes and factors stand for
---@field disk_bytes integer
---@field memory_bytes integer

---@class vise.QuantizeReport
---@field quant_type string
---@field plan vise.Plan
---@field layers vise.LayerReport[]
---@field quantized integer
---@field skipped integer
---@field observed integer
---@field disk_bytes integer
---@field memory_bytes integer
---@field bits_per_weight number
---@field seconds number
---@field peak_bytes integer      The most counted memory during the call, beyond what it began with.

--- Runs the config's calibration with observers on the layers that need spans.  They are removed
--- on every way out.
---@return vise.Watch? watch
---@return string? message
---@return string? id
local function calibrate(model, cfg, names)
  local watch, message, id = observe.attach(model, names, "channel_span")
  if not watch then return nil, message, id end
  local ok, result, why, failed = pcall(fail.catch, cfg.calibrate, model)
  watch:detach()
  local unseen = watch:unseen()
  -- What it returns is its own affair, unless it is nil and a message, as a failure is returned.
  local problem = result == nil and why ~= nil and tostring(why)
  if ok and not problem and #unseen == 0 then return watch end
  watch:close()
  if not ok then error(result, 0) end -- the script's own mistake
  if problem then return nil, problem, type(failed) == "string" and failed or "E-OB-12" end
  return fail.fail("E-OB-10", "calibration reached %d of %d layers; nothing flowed into %s%s", #names - #unseen,
    #names, table.concat(unseen, ", ", 1, math.min(3, #unseen)), #unseen > 3 and ", ..." or "")
end

--- Makes the quantized form of one layer.  The model is not touched.
---@param linear vise.Linear
---@param layer vise.PlannedLayer
---@param cfg vise.Config
---@param span? vise.Tensor  f32 [in], for calibrated types
---@return vise.QuantizedLinear?
---@return string|number message_or_error  The weight's rel-L2 error on success.
---@return string? id
local function make_layer(linear, layer, cfg, span)
  local weight <close> = linear.weight:to "f32"
  local scheme = core.scheme(quant_types.scheme_args(layer.type.weight, layer.storage))
  local parts, message, id
  if layer.type.rank then
    local smooth
    if layer.type.smooth == "activation" then
      local weight_span <close> = svdquant.weight_span(weight)
      smooth = svdquant.smooth_factors(span, weight_span, layer.storage)
    end
    parts, message, id = svdquant.decompose(weight, { rank = layer.type.rank, storage = layer.storage,
      scheme = scheme, precision = cfg.svdq.calibrate_precision, seed = cfg.svdq.seed, smooth = smooth })
  else
    local coded
    coded, message, id = core.encode(scheme, weight)
    parts = coded and { weight = coded }
  end
  if not parts then return nil, ("layer %s: %s"):format(layer.name, message), id end
  parts.type, parts.bias = layer.type, linear.bias
  local q
  q, message, id = quantized_linear.new(parts)
  if not q then return nil, ("layer %s: %s"):format(layer.name, message), id end
  local stands_for <close> = q:dequantize()
  return q, core.compare(stands_for, weight).rel_l2
end

--- Spans that are not finite would make factors that are not: named here, before any layer.
local function check_spans(watch, names)
  for _, name in ipairs(names) do
    local span <close> = watch:observer(name):result()
    local bad = span:nonfinite()
    if bad then
      return fail.fail("E-OB-11", "layer %s: input channel %d is not finite during calibration", name, bad)
    end
  end
  return true
end

local function make_all(model, cfg, the_plan, watch, bar)
  local made, errors = {}, {}
  for _, layer in ipairs(the_plan.layers) do
    if layer.type then
      local span <close> = layer.type.calibrated and watch:observer(layer.name):result() or nil
      local q, result, id = make_layer(model:layer(layer.name), layer, cfg, span)
      if not q then
        for _, other in pairs(made) do other:close() end
        return nil, result, id
      end
      made[layer.name], errors[layer.name] = q, result
      bar:step(layer.shape[1] * layer.shape[2])
    end
  end
  return made, errors
end

local function report_of(cfg, the_plan, errors, watch)
  local layers = {}
  for _, layer in ipairs(the_plan.layers) do
    if layer.type then
      layers[#layers + 1] = { name = layer.name, type = layer.type.name, shape = layer.shape,
        weight_error = errors[layer.name], disk_bytes = layer.disk_bytes, memory_bytes = layer.memory_bytes }
    end
  end
  return { quant_type = cfg.quant_type, plan = the_plan, layers = layers, quantized = the_plan.quantized,
    skipped = the_plan.skipped, observed = watch and #watch.names or 0, disk_bytes = the_plan.disk_bytes,
    memory_bytes = the_plan.memory_bytes, bits_per_weight = the_plan.bits_per_weight }
end

--- Calibrates and makes every layer; the model is as it was.
---@return table<string, vise.QuantizedLinear>? made
---@return table|string report_or_message
---@return string? id
local function prepare(model, cfg, the_plan)
  local names, watch = the_plan:calibrated(), nil
  if #names > 0 then
    local message, id
    watch, message, id = calibrate(model, cfg, names)
    if not watch then return nil, message, id end
  end
  local spans <close> = watch -- frees the observers on every way out
  if spans then
    local ok, message, id = check_spans(spans, names)
    if not ok then return nil, message, id end
  end
  local work = 0
  for _, layer in ipairs(the_plan.layers) do
    if layer.type then work = work + layer.shape[1] * layer.shape[2] end
  end
  local bar <close> = progress.new("quantize", work, "weights")
  local made, errors, id = make_all(model, cfg, the_plan, spans, bar)
  if not made then return nil, errors, id end
  return made, report_of(cfg, the_plan, errors, spans)
end

--- Quantizes a model in place: the whole of it, or on any failure nothing.  With `save_to` the
--- artefact is written as well.
---@param model vise.Model
---@param cfg vise.Config|table
---@return vise.QuantizeReport?
---@return string? message
---@return string? id
function M.quantize(model, cfg)
  cfg = config.config(cfg)
  local the_plan = plan.make(model, cfg)
  local started, held = core.clock(), core.memory().bytes
  core.reset_peak()
  local made, report, id = prepare(model, cfg, the_plan)
  if not made then return nil, report, id end

  local quantization = { config = config.plain(cfg), layers = report.layers, made = made }
  if cfg.save_to then
    local ok, message, why = artefact.write(model, quantization, cfg.save_to)
    if not ok then return nil, message, why end
  end
  for name, q in pairs(made) do model:layer(name).quantized = q end -- the commit: cannot fail
  model.quantization = quantization
  report.seconds = core.clock() - started
  report.peak_bytes = core.memory().peak - held
  return report
end

return M
